// A classifier of textclf in JavaScript. ONNX Runtime is passed in: `onnxruntime-web` in a browser.

import { inflated, makeNgrams, unpackNumbers } from "./ngrams.js";
import { makePretrained } from "./pretrained.js";
import { makeTables } from "./text.js";
import { makeTokenizer } from "./tokenizers.js";

const UNKNOWN_ID = 1;

/** Load the classifier in a folder, given by its URL. `ort` is the module onnxruntime-web or onnxruntime-node. */
export async function loadClassifier(folder, ort, options = {}) {
  const read = async (name) => readFile(new URL(name, withSlash(folder)));
  const decision = parse(await read("decision.json"));
  const [model, tokenizer, unicode] = await Promise.all([
    read("model.onnx"),
    read(decision.tokenizer).then(gunzipped).then(parse),
    read("unicode.json").then(parse),
  ]);
  const session = await ort.InferenceSession.create(model, options);
  return new Classifier(await makeEncoder(tokenizer, unicode), decision, session, ort);
}

/** Return a function from a text to the arrays of numbers that the network reads, by name. */
export async function makeEncoder(tokenizer, unicode) {
  const { options, state, ngrams: packed } = tokenizer;
  const names = tokenizer.names ?? ["token_ids"];
  const tables = makeTables(unicode);
  const tokenize = names.includes("token_ids") ? await tokenizerOf(options, state, tables, unicode.pretrained) : null;
  const ngrams = names.includes("ngram_ids") ? makeNgrams(ngramOptions(options), await unpack(packed), tables) : null;
  return (text) => {
    const arrays = {};
    if (tokenize) arrays.token_ids = tokenize(text);
    if (ngrams) {
      const { ids, weights } = ngrams(text);
      arrays.ngram_ids = ids;
      arrays.ngram_weights = weights;
    }
    return Object.fromEntries(names.map((name) => [name, arrays[name]]));
  };
}

async function tokenizerOf(options, state, tables, pretrained) {
  if (options.tokenizer === "pretrained") {
    return makePretrained(options, state, pretrained, await import("@huggingface/tokenizers"));
  }
  const tokenize = makeTokenizer(options, state, tables);
  return (text) => truncated(tokenize(text), options);
}

export class Classifier {
  constructor(encode, decision, session, ort) {
    this.encode = encode;
    this.labels = decision.labels;
    this.decision = decision;
    this.session = session;
    this.ort = ort;
  }

  /** Return for each text { labels, probabilities }: an object of all labels with their probability. */
  async predict(texts) {
    const rows = await this.predictProba(texts);
    return rows.map((row) => ({
      labels: decide(row, this.decision),
      probabilities: Object.fromEntries(row.map((value, place) => [this.labels[place], value])),
    }));
  }

  /** Return for each text its probabilities in the order of `labels`. */
  async predictProba(texts) {
    if (typeof texts === "string") throw new TypeError("expected a list of texts, got one text: put it in a list.");
    const rows = [];
    for (const text of texts) {
      if (typeof text !== "string") throw new TypeError(`expected texts, got ${text} at position ${rows.length}.`);
      const arrays = this.encode(text);
      const feeds = {};
      for (const [name, values] of Object.entries(arrays)) {
        const [type, array] = name === "ngram_weights" ? ["float32", Float32Array] : ["int32", Int32Array];
        feeds[name] = new this.ort.Tensor(type, array.from(values), [1, values.length]);
      }
      const { probabilities } = await this.session.run(feeds);
      const outputs = Array.from(probabilities.data);
      rows.push(this.decision.type === "binary" ? [1 - outputs[0], outputs[0]] : outputs);
    }
    return rows;
  }
}

/** Return the labels that the classifier answers; none where it abstains. */
function decide(row, { labels, type, thresholds, costs, abstain_below: least }) {
  if (type === "multilabel") {
    return labels.filter((_, place) => row[place] >= (thresholds ? thresholds[thresholds.length > 1 ? place : 0] : 0.5));
  }
  if (row.reduce((a, b) => Math.max(a, b)) < (least ?? 0)) return [];
  if (thresholds) return [labels[row[1] >= thresholds[0] ? 1 : 0]];
  const scores = costs ? labels.map((_, place) => -row.reduce((sum, value, of) => sum + value * costs[of][place], 0)) : row;
  return [labels[scores.indexOf(Math.max(...scores))]];
}

function truncated(ids, options) {
  const cut = options.truncating === "left" ? ids.slice(-options.sequence_length) : ids.slice(0, options.sequence_length);
  return cut.length ? cut : [UNKNOWN_ID];
}

/** N-grams are counted in normalized texts also where the tokenizer does not normalize. */
function ngramOptions(options) {
  const defaults = { normalization: "nfc", lowercase: true, remove_invisible: false };
  return { ...defaults, ...options };
}

async function unpack({ texts, gaps, frequencies }) {
  let bucket = 0;
  const buckets = (await unpackNumbers(gaps)).map((gap) => (bucket += gap));
  return { texts, buckets, frequencies: await unpackNumbers(frequencies) };
}

/** Unpack a gzip file. Some servers declare a .gz file as compressed, and the browser has then unpacked it already. */
function gunzipped(content) {
  return content[0] === 0x1f && content[1] === 0x8b ? inflated(content, "gzip") : content;
}

function parse(content) {
  return JSON.parse(new TextDecoder().decode(content));
}

function withSlash(folder) {
  const base = typeof document === "undefined" ? undefined : document.baseURI;
  const url = new URL(folder, base);
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}

async function readFile(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: expected a file of the classifier, got status ${answer.status}.`);
  return new Uint8Array(await answer.arrayBuffer());
}
