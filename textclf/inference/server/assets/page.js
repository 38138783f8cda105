const MOST_BARS = 6, MOST_WORDS = 8, CSV_TEXTS = 500, CSV_CHARACTERS = 300_000, MOST_LINES = 200, MOST_SPOKEN = 5, LEAST_EFFECT = 0.005, MOST_NAMED = 6;
const $ = (id) => document.getElementById(id);
const make = (tag, options = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
};
const percent = (value) => `${(value * 100).toFixed(1)} %`;
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

let models = [], limits = {}, csv = null, threshold = null, busy = false, again = false;
const model = () => models[$("model").selectedIndex] || models[0];

const fail = (words) => { $("message").textContent = words; $("message").hidden = !words; };

class Refused extends Error {
  constructor(words, status) { super(words); this.status = status; }
}

const ask = async (path, body) => {
  const token = $("token").value;
  const headers = { ...(body && { "content-type": "application/json" }), ...(token && { authorization: `Bearer ${token}` }) };
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  } catch { throw new Refused(say.unreachable); }
  const content = await response.json().catch(() => ({}));
  if (response.ok) return content;
  if (response.status === 401) $("token-form").hidden = false;
  const words = response.status !== 401 ? content.detail || response.statusText : token ? say.wrongToken : say.noToken;
  throw new Refused(words, response.status);
};

const chosen = () => ({ model: model().name, ...(threshold !== null && { threshold }) });
const answersTo = async (texts, explain, how = chosen()) => (await ask("v1/predict", { texts, ...how, ...(explain && { explain }) })).answers;

// What can be explained is: only so many texts, and no long ones.
const classified = async (texts) => {
  const short = texts.filter((text) => lengthOf(text) <= limits.explained_characters).slice(0, limits.explained_texts);
  const explained = new Map();
  if (short.length) (await answersTo(short, true)).forEach((answer, index) => explained.set(short[index], answer));
  const others = texts.filter((text) => !explained.has(text));
  if (others.length) (await answersTo(others, false)).forEach((answer, index) => explained.set(others[index], answer));
  return texts.map((text) => explained.get(text));
};

const predictedBy = (answer) => answer.labels || (answer.label === null ? [] : [answer.label]);

const colouredText = (answer) => {
  const words = Object.values(answer.explanation || {})[0] || [];
  const largest = Math.max(...words.map((word) => Math.abs(word.effect)), 1e-6);
  const strength = Number(getComputedStyle(document.documentElement).getPropertyValue("--strength"));
  const parts = piecesOf(answer.text, words).map((piece) => {
    const share = Math.abs(piece.effect || 0) / largest;
    if (share < 0.08) return piece.text;
    const mark = make("mark", { className: piece.effect > 0 ? "for" : "against", textContent: piece.text, title: signed(piece.effect) });
    mark.style.backgroundColor = `rgba(var(${piece.effect > 0 ? "--for" : "--against"}), ${(share * strength).toFixed(3)})`;
    return mark;
  });
  return make("p", { className: "text" }, ...parts);
};

const strongest = (answer) => {
  const [label, words] = Object.entries(answer.explanation || {})[0] || [];
  const chosen = (words || []).filter((word) => Math.abs(word.effect) >= LEAST_EFFECT).sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, MOST_WORDS);
  if (!chosen.length) return [];
  const listed = chosen.map((word) => `${isolated(word.word)} ${signed(word.effect)}`).join(say.comma);
  return [make("p", { className: "hint words", textContent: `${say.strongest(isolated(label))}${listed}` })];
};

const bars = (answer) => {
  const predicted = new Set(predictedBy(answer));
  const sorted = Object.entries(answer.probabilities).sort((a, b) => predicted.has(b[0]) - predicted.has(a[0]) || b[1] - a[1]);
  const rows = sorted.slice(0, Math.max(MOST_BARS, predicted.size)).map(([label, value]) => {
    const fill = make("span", { className: predicted.has(label) ? "fill" : "fill other" });
    fill.style.width = `${value * 100}%`;
    const track = make("span", { className: "track" }, fill);
    track.setAttribute("aria-hidden", "true");
    const name = make("span", { className: predicted.has(label) ? "name predicted" : "name", textContent: label, title: label });
    return make("li", {}, name, track, make("span", { className: "number", textContent: percent(value) }));
  });
  const more = sorted.length - rows.length;
  return [make("ul", { className: "bars" }, ...rows), ...(more ? [make("p", { className: "hint", textContent: say.others(more) })] : [])];
};

const card = (answer) => {
  const predicted = predictedBy(answer);
  const tags = predicted.map((label) => make("span", { className: "tag", textContent: label }));
  if (!tags.length) tags.push(make("span", { className: "tag none", textContent: answer.labels ? say.none : say.unsure }));
  return make("article", { className: "card" }, colouredText(answer), make("p", { className: "answer" }, ...tags), ...bars(answer), ...strongest(answer));
};

// What a screen reader says: the answers, not every bar.
const spoken = (answer) => `${predictedBy(answer).join(", ") || (answer.labels ? say.none : say.unsure)} ${answer.labels ? "" : percent(answer.probability)}`;

const show = (answers) => {
  $("spoken").textContent = answers.slice(0, MOST_SPOKEN).map(spoken).join("; ");
  $("results").replaceChildren(...answers.map(card));
  $("legend").hidden = !answers.some((answer) => answer.explanation);
};

const textsTyped = () => ($("whole").checked ? [$("texts").value] : $("texts").value.split(/\r?\n/)).filter((text) => text.trim());

// One request at a time; what changes meanwhile is asked when it is answered.
const classify = async () => {
  if (busy) { again = true; return; }
  const texts = textsTyped();
  if (!texts.length) { fail(say.empty); $("texts").focus(); return; }
  if (texts.length > MOST_LINES) { fail(say.tooMany(MOST_LINES)); return; }
  busy = true;
  $("results").setAttribute("aria-busy", "true");
  try {
    if (await started()) {
      show(await classified(texts));
      fail("");
    }
  } catch (error) { fail(error.message); }
  busy = false;
  $("results").setAttribute("aria-busy", "false");
  if (again) { again = false; await classify(); }
};

const setThreshold = (value) => {
  forgetAnswers();
  threshold = value;
  const held = value === null ? model().thresholds || [0.5] : [value], ends = [Math.min(...held), Math.max(...held)];
  const shown = [...new Set(ends.map((end) => end.toFixed(2)))].join("–");
  $("threshold").value = (ends[0] + ends[1]) / 2;
  $("threshold").setAttribute("aria-valuetext", shown);
  $("threshold-value").textContent = shown;
  $("reset").disabled = value === null;
};

const fact = (name, value) => (value === null || value === undefined ? [] : [make("dt", { textContent: name }), make("dd", { textContent: value })]);
const date = (value) => (value && !Number.isNaN(Date.parse(value)) ? new Date(value).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }) : value);
const scoresOf = ({ part, rows, ...scores }) => {
  const listed = Object.entries(scores).map(([name, value]) => `${say[name] || name} ${value.toFixed(4)}`);
  return `${listed.join(" · ")} (${say[part]}${rows ? `, ${say.rows(rows)}` : ""})`;
};

const describe = () => {
  const one = model();
  document.title = `${one.name} · textclf`;
  $("lead").textContent = say.lead(one);
  $("threshold-row").hidden = !one.takes_threshold;
  $("threshold-label").textContent = one.takes_threshold ? say.thresholdOf(one) : "";
  setThreshold(null);
  $("facts").replaceChildren(
    ...fact(say.labels, one.labels.join(" · ")), ...fact(say.type, say[one.type]), ...fact(say.scores, one.scores && scoresOf(one.scores)),
    ...fact(say.trained, date(one.trained)), ...fact(say.thresholds, one.thresholds && one.thresholds.join(" · ")),
    ...fact(say.abstains, one.abstain_below), ...fact(say.run, one.run), ...fact(say.version, one.version),
  );
};

const start = async (isAsked) => {
  try {
    ({ models, limits } = await ask("v1/models"));
  } catch (error) { if (isAsked || error.status !== 401) fail(error.message); return; }
  fail("");
  $("token-form").hidden = true;
  $("model").replaceChildren(...models.map((one) => make("option", { textContent: one.name })));
  $("choose").hidden = models.length < 2;
  describe();
};

// Without a classifier nothing can be done: the token is missing, or the server did not answer when the page was opened.
const started = async () => {
  if (!models.length) await start(true);
  if (!models.length && !$("token-form").hidden) $("token").focus();
  return models.length > 0;
};

// The answers for a file are those of one column, one classifier and one threshold.
let asked = 0; // runs over a file; only the newest has a place on the page
const forgetAnswers = () => {
  asked += 1;
  $("download").hidden = $("progress").hidden = true;
  $("csv-status").textContent = "";
};

// A CSV file: its rows come back with the columns that `textclf predict --format csv` writes.
const chooseFile = async (file) => {
  fail("");
  if (!await started()) return;
  const text = decoded(await file.arrayBuffer());
  if (text === null) { fail(say.notText(file.name)); return; }
  const delimiter = delimiterOf(text), rows = parseCSV(text, delimiter);
  if (rows.length < 2) { fail(say.noRows); return; }
  csv = { name: file.name, rows, delimiter };
  $("csv-title").textContent = `${file.name} · ${say.rows(rows.length - 1)}`;
  $("column").replaceChildren(...rows[0].map((name) => make("option", { textContent: name })));
  const known = rows[0].indexOf(model().text_column);
  const size = (column) => rows.slice(1, 100).reduce((sum, row) => sum + (row[column] || "").length, 0);
  $("column").selectedIndex = known >= 0 ? known : rows[0].reduce((best, _, column) => (size(column) > size(best) ? column : best), 0);
  $("csv-section").hidden = false;
  forgetAnswers();
  $("csv-go").focus();
};

const patiently = async (texts, how) => {
  for (let wait = 1; ; wait += 1) {
    try { return await answersTo(texts, false, how); } catch (error) {
      if (error.status !== 503 || wait > 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
};

// `null`: something else has been chosen meanwhile.
const answersToAll = async (texts) => {
  const answers = [], how = chosen(), number = asked;
  while (answers.length < texts.length) {
    const first = answers.length;
    let end = first, characters = 0;
    while (end < texts.length && end - first < CSV_TEXTS && (end === first || characters + texts[end].length <= CSV_CHARACTERS)) characters += texts[end++].length;
    answers.push(...await patiently(texts.slice(first, end), how));
    if (number !== asked) return null;
    $("progress").value = answers.length / texts.length;
    $("csv-status").textContent = say.working(answers.length, texts.length);
  }
  return answers;
};

const columnsOf = (answer, { labels, separator }) => [
  predictedBy(answer).join(separator), ...(answer.labels ? [] : [answer.probability.toFixed(6)]),
  ...labels.map((label) => answer.probabilities[label].toFixed(6)),
];

const classifyFile = async () => {
  const { name, rows, delimiter } = csv, column = $("column").selectedIndex, one = model();
  const texts = rows.slice(1).map((row) => row[column] || "");
  const long = texts.findIndex((text) => lengthOf(text) > limits.characters);
  if (long >= 0) { fail(say.tooLong(long + 2, limits.characters)); return; }
  fail("");
  forgetAnswers();
  $("csv-go").disabled = true;
  $("progress").hidden = false;
  try {
    const answers = await answersToAll(texts);
    if (!answers) return;
    const head = [...(one.type === "multilabel" ? ["labels"] : ["label", "probability"]), ...one.labels.map((label) => `probability_${label}`)];
    const named = head.map((one) => (rows[0].includes(one) ? `predicted_${one}` : one));
    const padded = (row) => [...row, ...Array(Math.max(0, rows[0].length - row.length)).fill("")];
    const table = [[...rows[0], ...named], ...answers.map((answer, index) => [...padded(rows[index + 1]), ...columnsOf(answer, one)])];
    const link = $("download");
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob(["\ufeff", writeCSV(table, delimiter)], { type: "text/csv" }));
    link.download = name.replace(/(\.[^.]*)?$/, ".predicted.csv");
    link.textContent = say.download;
    link.hidden = false;
    $("csv-status").textContent = say.done(answers.length);
    link.focus();
  } catch (error) { fail(error.message); } finally { $("csv-go").disabled = false; }
};

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-t]")) element.textContent = say[element.dataset.t];
$("texts").placeholder = say.example;
$("form").addEventListener("submit", (event) => { event.preventDefault(); classify(); });
$("texts").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); classify(); } });
$("threshold").addEventListener("input", () => { setThreshold(Number($("threshold").value)); if (textsTyped().length) classify(); });
$("reset").addEventListener("click", () => { setThreshold(null); $("threshold").focus(); if (textsTyped().length) classify(); });
$("whole").addEventListener("change", () => { if (textsTyped().length) classify(); });
$("model").addEventListener("change", () => { describe(); if (textsTyped().length) classify(); });
$("token-form").addEventListener("submit", (event) => { event.preventDefault(); start(true); });
$("file").addEventListener("change", () => { if ($("file").files.length) chooseFile($("file").files[0]); $("file").value = ""; });
$("column").addEventListener("change", forgetAnswers);
$("csv-go").addEventListener("click", classifyFile);
start();
