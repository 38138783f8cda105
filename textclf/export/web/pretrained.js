// The tokenizer of a pretrained encoder. The library of Hugging Face cuts words into tokens. Normalization and words come
// from tables of the Python package (unicode.json), whose version of Unicode and rules are others than the library's.

import { ALONE, SPACE, WORD, rangesIn, wellFormed, wordsIn } from "./text.js";

const CODE_POINTS = 0x110000;
const HEAD = 0.25; // share of a long text's tokens that is taken from its beginning
const [KEPT, REMOVED, APART] = [0, 1, 2];

/** Return a function from a text to its token ids, cut to the sequence length. `library` is @huggingface/tokenizers. */
export function makePretrained(options, state, tables, library) {
  const settings = JSON.parse(state.tokenizer);
  // "[SEP]" in a text of a stranger is text, so there are no added tokens.
  const parts = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const tokenizer = new library.Tokenizer({ ...settings, ...parts }, {});
  tokenizer.normalizer = tables.removed ? makeNormalizer(tables) : null;
  tokenizer.pre_tokenizer = tables.alone ? makeWords(tables) : makeByteWords(tables, settings.pre_tokenizer);
  return (text) => cut(tokenizer.encode(wellFormed(text)).ids.map((id) => exchanged(id, state)), options, state);
}

/** Each character by itself: removed, with spaces around it, or as the table says. */
function makeNormalizer({ removed, apart, hangul, changed }) {
  const kinds = kindsOf([[removed, REMOVED], [apart, APART]]);
  const table = new Map(Object.entries(changed));
  const isSyllable = (point) => hangul && point >= 0xac00 && point <= 0xd7a3;
  return (text) => {
    let made = "";
    for (const character of text) {
      const point = character.codePointAt(0);
      if (kinds[point] === APART) made += ` ${character} `;
      else if (isSyllable(point)) made += character.normalize("NFD");
      else if (kinds[point] === KEPT) made += table.get(character) ?? character;
    }
    return made;
  };
}

/** Words between spaces, and every character that stands alone. */
function makeWords({ spaces, alone }) {
  const classes = kindsOf([[spaces, SPACE], [alone, ALONE]], WORD);
  return (text) => wordsIn(text, { classes });
}

/** Words of GPT-2's pattern, each byte as a character. */
function makeByteWords(tables, { add_prefix_space: withSpace }) {
  const [letter, number, blank] = [tables.letters, tables.numbers, tables.blanks].map(rangesIn);
  const words = [`${letter}]+`, `${number}]+`, `^${blank}${letter}${number}]+`].map((set) => ` ?[${set}`).join("|");
  const pattern = new RegExp(`'s|'t|'re|'ve|'m|'ll|'d|${words}|[${blank}]+(?![^${blank}])|[${blank}]+`, "gu");
  const encoder = new TextEncoder();
  return (text) => {
    const whole = withSpace && !text.startsWith(" ") ? ` ${text}` : text;
    return (whole.match(pattern) ?? []).map((word) => Array.from(encoder.encode(word), (byte) => BYTES[byte]).join(""));
  };
}

/** Printable bytes stand for themselves; the others for the characters from U+0100 on, in their order. */
const BYTES = (() => {
  const printable = (byte) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : 256 + others++));
})();

function kindsOf(kinds, rest = KEPT) {
  const found = new Uint8Array(CODE_POINTS).fill(rest);
  for (const [ranges, kind] of kinds) for (const [start, end] of ranges) found.fill(kind, start, end);
  return found;
}

/** Padding has the id 0 in textclf; a text has no padding. */
function exchanged(id, { padding, num_ids: count, unknown }) {
  if (id === padding || id >= count) return unknown;
  return id === 0 ? padding : id;
}

/** Return at most `sequence_length` ids, the special tokens included. */
function cut(ids, { sequence_length: length, long_texts: part }, { before, after, unknown }) {
  const room = length - before.length - after.length;
  const head = { head: room, tail: 0, head_tail: Math.floor(HEAD * room) }[part];
  const kept = ids.length > room ? [...ids.slice(0, head), ...ids.slice(ids.length - (room - head))] : ids;
  const whole = [...before, ...kept, ...after];
  return whole.length ? whole : [unknown];
}
