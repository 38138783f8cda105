// The tokenizers of textclf: a text -> token ids. Each has the name that it has in tokenizer.json.

import { normalize, partsBetweenSpaces, wordsIn } from "./text.js";

const UNKNOWN_ID = 1;
const FIRST_ID = 2;
const LONGEST_WORD = /([^\t\n\f\r ]{50})/gu;
const UNKNOWN_PENALTY = 10; // of the unigram model, as in Hugging Face's tokenizers

/** Return a function from a text to its token ids, not cut and not padded. */
export function makeTokenizer(options, state, tables) {
  const make = TOKENIZERS[options.tokenizer];
  if (!make) throw new Error(`tokenizer: expected one of ${Object.keys(TOKENIZERS).join(", ")}, got ${options.tokenizer}`);
  return make(options, state, tables);
}

const TOKENIZERS = {
  word: (options, state, tables) => {
    const ids = idsOf(state.vocabulary);
    return (text) => wordsIn(normalize(text, options, tables), tables).map((word) => ids.get(word) ?? UNKNOWN_ID);
  },
  character: (options, state, tables) => {
    const ids = idsOf(state.vocabulary);
    return (text) => {
      const joined = partsBetweenSpaces(normalize(text, options, tables), tables).join(" ");
      return Array.from(joined, (character) => ids.get(character) ?? UNKNOWN_ID);
    };
  },
  byte_pair: (options, state, tables) => {
    const ids = idsOf(state.vocabulary);
    const ranks = new Map(state.merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    return ofPieces(options, tables, (word) => mergePairs(word, ids, ranks));
  },
  unigram: (options, state, tables) => {
    const ids = idsOf(state.vocabulary);
    const longest = state.vocabulary.reduce((most, piece) => Math.max(most, Array.from(piece).length), 1);
    const worst = state.scores.reduce((least, score) => Math.min(least, score), 0) - UNKNOWN_PENALTY;
    return ofPieces(options, tables, (word) => bestPieces(word, ids, state.scores, longest, worst));
  },
};

function idsOf(vocabulary) {
  return new Map(vocabulary.map((token, place) => [token, place + FIRST_ID]));
}

/** Return a tokenizer that cuts each word into pieces; `cut` returns the ids of the pieces of one word. */
function ofPieces(options, tables, cut) {
  return (text) => {
    const separated = normalize(text, options, tables).replace(tables.separated, (_, character) => ` ${character ?? ""} `);
    return partsBetweenSpaces(separated.replace(LONGEST_WORD, "$1 "), tables).flatMap(cut);
  };
}

/** Byte-pair encoding: merge the pair that was learned first, the leftmost of equal ones, until none is left. */
function mergePairs(word, ids, ranks) {
  const pieces = Array.from(word, (character) => (ids.has(character) ? character : null)); // null: unknown
  for (;;) {
    let best = -1;
    let lowest = Infinity;
    for (let place = 0; place + 1 < pieces.length; place++) {
      if (pieces[place] === null || pieces[place + 1] === null) continue;
      const rank = ranks.get(`${pieces[place]} ${pieces[place + 1]}`) ?? Infinity;
      if (rank < lowest) [best, lowest] = [place, rank];
    }
    if (best < 0) return pieces.map((piece) => ids.get(piece) ?? UNKNOWN_ID);
    pieces.splice(best, 2, pieces[best] + pieces[best + 1]);
  }
}

/** Unigram: the pieces whose scores have the largest sum (Viterbi). Neighbouring unknown characters are one piece. */
function bestPieces(word, ids, scores, longest, worst) {
  const characters = Array.from(word);
  const best = [{ score: 0, start: -1, known: true }];
  for (let start = 0; start < characters.length; start++) {
    const before = best[start].score;
    let piece = "";
    let single = false;
    const offer = (end, score, known) => {
      if (!best[end] || score > best[end].score) best[end] = { score, start, known };
    };
    for (let end = start + 1; end <= Math.min(characters.length, start + longest); end++) {
      piece += characters[end - 1];
      const id = ids.get(piece);
      if (id === undefined) continue;
      single ||= end === start + 1;
      offer(end, scores[id - FIRST_ID] + before, true);
    }
    if (!single) offer(start + 1, worst + before, false);
  }
  const found = [];
  let unknown = "";
  for (let end = characters.length; end > 0; end = best[end].start) {
    const piece = characters.slice(best[end].start, end).join("");
    if (!best[end].known) {
      unknown = piece + unknown;
      continue;
    }
    if (unknown) found.push(unknown);
    unknown = "";
    found.push(piece);
  }
  if (unknown) found.push(unknown);
  return found.reverse().map((piece) => ids.get(piece) ?? UNKNOWN_ID);
}
