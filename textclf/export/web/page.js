// The page: types, and answers at each letter.

import { loadClassifier } from "./index.js";

const MOST_SHOWN = 10;
const text = document.getElementById("text");
const state = document.getElementById("state");
const answer = document.getElementById("answer");

function show(row, milliseconds) {
  const shown = Object.entries(row.probabilities).sort((a, b) => b[1] - a[1]).slice(0, MOST_SHOWN);
  answer.replaceChildren(...shown.map(([label, value]) => line(label, value, row.labels.includes(label))));
  state.className = ""; // an answer after a failed one
  state.textContent = `${row.labels.join(", ") || "no label"} (${milliseconds.toFixed(1)} ms)`;
}

function line(label, value, chosen) {
  const item = document.createElement("li");
  item.className = chosen ? "chosen" : "";
  for (const [name, content] of [["label", label], ["value", `${(100 * value).toFixed(1)} %`]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = content;
    item.append(part);
  }
  const meter = document.createElement("meter");
  meter.value = value;
  item.append(meter);
  return item;
}

let classifier;
let wanted = null; // the newest text that waits
async function answerNewest() {
  while (wanted !== null) {
    const started = performance.now();
    const current = wanted;
    wanted = null;
    const [row] = await classifier.predict([current]);
    show(row, performance.now() - started);
  }
}

let running = Promise.resolve();
function ask() {
  const idle = wanted === null;
  wanted = text.value;
  if (idle && classifier) running = running.then(answerNewest).catch(fail);
}

function fail(error) {
  state.className = "problem";
  state.textContent = `The classifier cannot be used: ${error.message}`;
}

// Loaded here, because the page says nothing at all if an import at its beginning fails.
async function loadRuntime() {
  const ort = await import("./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs").catch(() => {
    throw new Error("ONNX Runtime Web is not in its folder. Run: npm install");
  });
  ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
  ort.env.wasm.wasmPaths = new URL("./node_modules/onnxruntime-web/dist/", import.meta.url).href;
  return ort;
}

try {
  classifier = await loadClassifier("./", await loadRuntime());
  const about = await (await fetch("package.json")).json();
  document.title = about.description;
  document.getElementById("name").textContent = about.description;
  state.textContent = `Ready. ${classifier.labels.length} labels.`;
  text.addEventListener("input", ask);
  if (text.value) ask();
} catch (error) {
  fail(error);
}

// Keep every file that was loaded, so that the page opens without a network from now on.
async function keepFiles() {
  await navigator.serviceWorker.register("offline.js");
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const own = [location.href, ...loaded].filter((url) => url.startsWith(location.origin));
  await (await caches.open("textclf")).addAll([...new Set(own)]);
  await navigator.serviceWorker.ready;
  document.documentElement.dataset.offline = "ready";
}

if ("serviceWorker" in navigator) keepFiles().catch(() => {}); // not on plain http
