// Text preparation as in Python: Unicode form, case folding, placeholders, and the classes of characters.
// The tables come from the Python that exported the classifier (unicode.json), so both have one version of Unicode.

const CODE_POINTS = 0x110000;
const PLACEHOLDERS = { url: "\ufdd0", user: "\ufdd1", number: "\ufdd2" };

export const SPACE = 0;
export const WORD = 1;
export const ALONE = 2;
export const SELECTOR = 3;

/** Return what the other functions need: tables by code point, and regular expressions. */
export function makeTables(unicode) {
  const classes = new Uint8Array(CODE_POINTS).fill(ALONE);
  for (const [start, end] of unicode.words) classes.fill(WORD, start, end);
  for (const point of unicode.spaces) classes[point] = SPACE;
  for (const point of unicode.selectors) classes[point] = SELECTOR;
  const letters = rangesIn(unicode.letters);
  const spaces = rangesIn(unicode.spaces.map((point) => [point, point + 1]));
  return {
    classes,
    folded: new Map(Object.entries(unicode.casefold)),
    // Characters that Python's version of Unicode does not know stay as they are.
    unassigned: new RegExp(`([${rangesIn(unicode.unassigned)}]+)`, "u"),
    space: new RegExp(`[${spaces}]+`, "gu"),
    invisible: new RegExp(unicode.invisible, "gu"),
    placeholder: new RegExp(`[${Object.values(PLACEHOLDERS).join("")}]`, "gu"),
    urls: new RegExp(unicode.urls, "giu"),
    users: new RegExp(`(^|[^0-9A-Za-z_%+\\-])@[${letters}_]+`, "gu"),
    numbers: new RegExp(`[${rangesIn(unicode.digits)}]+(?:[.,][${rangesIn(unicode.digits)}]+)*`, "gu"),
    separated: new RegExp(`([^${letters}_\\u200c\\u200d\\t\\n\\f\\r ])|[\\ufe0e\\ufe0f]`, "gu"),
  };
}

/** Return ranges of code points as a regular expression has them between brackets. */
export function rangesIn(ranges) {
  return ranges.map(([start, end]) => `\\u{${start.toString(16)}}-\\u{${(end - 1).toString(16)}}`).join("");
}

/** Return a text in one Unicode form and case, with placeholders, as the options say. */
export function normalize(text, options, tables) {
  text = wellFormed(text);
  if (options.remove_invisible) text = text.replace(tables.invisible, "");
  text = inForm(text, options, tables);
  text = withPlaceholders(text, options, tables);
  if (!options.lowercase) return text;
  if (options.turkish_i) text = text.replaceAll("I\u0307", "i").replaceAll("\u0130", "i").replaceAll("I", "\u0131");
  let folded = "";
  for (const character of text) folded += tables.folded.get(character) ?? character;
  return inForm(folded, options, tables);
}

/** Replace each half of a surrogate pair without its other half by U+FFFD. */
export function wellFormed(text) {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

function inForm(text, options, tables) {
  if (options.normalization === "none" || /^[\0-\x7f]*$/.test(text)) return text;
  const form = options.normalization.toUpperCase();
  return text
    .split(tables.unassigned)
    .map((part, place) => (place % 2 ? part : part.normalize(form)))
    .join("");
}

function withPlaceholders(text, options, tables) {
  if (!options.replace_urls && !options.replace_users && !options.replace_numbers) return text;
  text = text.replace(tables.placeholder, "\ufffd");
  if (options.replace_urls) text = text.replace(tables.urls, PLACEHOLDERS.url);
  if (options.replace_users) text = text.replace(tables.users, `$1${PLACEHOLDERS.user}`);
  if (options.replace_numbers) text = text.replace(tables.numbers, PLACEHOLDERS.number);
  return text;
}

/** Return the words of a normalized text: runs of letters, marks and digits, and every other character by itself. */
export function wordsIn(text, tables) {
  const words = [];
  let word = "";
  for (const character of text) {
    const kind = tables.classes[character.codePointAt(0)];
    if (kind === WORD) {
      word += character;
      continue;
    }
    if (word) words.push(word);
    word = "";
    if (kind === ALONE) words.push(character);
  }
  if (word) words.push(word);
  return words;
}

/** Return the parts of a text between spaces of any kind. */
export function partsBetweenSpaces(text, tables) {
  return text.split(tables.space).filter((part) => part);
}
