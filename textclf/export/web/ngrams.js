// N-grams of words and characters, known by 23 bits of a hash, with tf-idf weights. Numbers of 64 bits are kept as two of
// 32 in arrays: BigInt is ten times as slow.

import { normalize, SPACE, WORD, ALONE } from "./text.js";

const BUCKETS = 1 << 24;
const CHARACTERS = BUCKETS / 2; // n-grams of words have the buckets below, those of characters these and above
const GAMMA = [0x9e3779b9, 0x7f4a7c15]; // high and low half, as every number here
const FIRST_MIX = [0xbf58476d, 0x1ce4e5b9];
const SECOND_MIX = [0x94d049bb, 0x133111eb];
const UNKNOWN_ID = 1;
const FIRST_ID = 2;

/** Return a function from a text to { ids, weights } of its n-grams, by ascending id. */
export function makeNgrams(options, learned, tables) {
  const ids = new Int32Array(BUCKETS);
  const inverse = new Float64Array(FIRST_ID + learned.buckets.length).fill(1);
  learned.buckets.forEach((bucket, place) => {
    ids[bucket] = place + FIRST_ID;
    inverse[place + FIRST_ID] = Math.log((1 + learned.texts) / (1 + learned.frequencies[place])) + 1;
  });
  return (text) => weighted(countBuckets(normalize(text, options, tables), options.ngrams, tables), ids, inverse, options);
}

/** Unpack the numbers that tokenizer.json has in base 64: compressed, seven bits a byte, the lowest first. */
export async function unpackNumbers(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const content = await inflated(packed, "deflate");
  const numbers = [];
  let value = 0;
  let factor = 1;
  for (const byte of content) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      factor = 1;
    }
  }
  return numbers;
}

/** Decompress bytes in the format "gzip" or "deflate". */
export async function inflated(packed, format) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return how often each bucket occurs, in a Map. */
function countBuckets(text, options, tables) {
  const counts = new Map();
  const count = (hashes, shortest, longest, first) => {
    for (let length = shortest; length <= longest; length++) {
      for (let start = 0; start + length <= hashes.length; start++) {
        let joined = hashes[start];
        for (let place = 1; place < length; place++) joined = add(multiply(joined, GAMMA), hashes[start + place]);
        const bucket = (mix(joined)[0] >>> 9) + first; // the highest 23 of 64 bits
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
    }
  };
  const characters = Array.from(text, (character) => character.codePointAt(0));
  const classes = characters.map((point) => tables.classes[point]);
  const mixed = characters.map((point) => mix([0, point]));
  if (options.longest_words) count(hashWords(classes, mixed), 1, options.longest_words, 0);
  count(hashCharacters(classes, mixed), options.shortest_characters, options.longest_characters, CHARACTERS);
  return counts;
}

/** Return a hash for each word. */
function hashWords(classes, mixed) {
  const hashes = [];
  let sum = [0, 0];
  let power = GAMMA;
  let inside = false;
  const end = () => {
    if (inside) hashes.push(mix(sum));
    [sum, power, inside] = [[0, 0], GAMMA, false];
  };
  classes.forEach((kind, place) => {
    if (kind !== WORD) end();
    if (kind !== WORD && kind !== ALONE) return;
    sum = add(sum, multiply(mixed[place], power));
    power = multiply(power, GAMMA);
    inside = true;
    if (kind === ALONE) end();
  });
  end();
  return hashes;
}

/** Return a hash for each character, with one space before, between and after words. */
function hashCharacters(classes, mixed) {
  const space = mix([0, 32]);
  const hashes = [space];
  classes.forEach((kind, place) => {
    if (kind !== SPACE) hashes.push(mixed[place]);
    else if (hashes[hashes.length - 1] !== space) hashes.push(space);
  });
  if (hashes[hashes.length - 1] !== space || hashes.length === 1) hashes.push(space);
  return hashes;
}

function weighted(counts, ids, inverse, options) {
  let entries = [...counts]
    .filter(([bucket]) => ids[bucket])
    .sort((first, second) => first[0] - second[0])
    .map(([bucket, times]) => ({
      id: ids[bucket],
      kind: bucket >= CHARACTERS ? 1 : 0,
      weight: (1 + Math.log(times)) * inverse[ids[bucket]],
    }));
  if (!entries.length) return { ids: [UNKNOWN_ID], weights: [1] };
  const squares = [0, 0]; // n-grams of words and of characters by themselves
  for (const { kind, weight } of entries) squares[kind] += weight ** 2;
  for (const entry of entries) entry.weight /= Math.sqrt(squares[entry.kind]);
  entries = heaviest(entries, options.ngrams.most_per_text);
  const total = Math.sqrt(entries.reduce((sum, { weight }) => sum + weight ** 2, 0));
  return { ids: entries.map(({ id }) => id), weights: entries.map(({ weight }) => weight / total) };
}

/** Keep the entries with the largest weights, of equal ones the first. */
function heaviest(entries, most) {
  if (entries.length <= most) return entries;
  const order = entries.map((_, place) => place);
  order.sort((a, b) => Math.fround(entries[b].weight) - Math.fround(entries[a].weight) || a - b);
  return order.slice(0, most).sort((a, b) => a - b).map((place) => entries[place]);
}

function add(a, b) {
  const low = (a[1] >>> 0) + (b[1] >>> 0);
  return [(a[0] + b[0] + (low > 0xffffffff ? 1 : 0)) >>> 0, low >>> 0];
}

function multiply(a, b) {
  const low = Math.imul(a[1], b[1]) >>> 0;
  const high = (highHalf(a[1], b[1]) + Math.imul(a[0], b[1]) + Math.imul(a[1], b[0])) >>> 0;
  return [high, low];
}

/** The upper 32 bits of the product of two numbers of 32 bits. */
function highHalf(a, b) {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = a1 * b0 + ((a0 * b0) >>> 16); // below 2 ** 33
  return a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(((middle % 0x10000) + a0 * b1) / 0x10000);
}

/** The finalizer of SplitMix64. */
function mix(a) {
  a = multiply(xorShifted(a, 30), FIRST_MIX);
  a = multiply(xorShifted(a, 27), SECOND_MIX);
  return xorShifted(a, 31);
}

function xorShifted([high, low], bits) {
  return [(high ^ (high >>> bits)) >>> 0, (low ^ ((low >>> bits) | (high << (32 - bits)))) >>> 0];
}
