// Tables that can be searched and sorted. Data is only ever inserted as text.
"use strict";

const ROWS_AT_ONCE = 50;
const SEARCHABLE_FROM = 8;
const LONG_TEXT = 60, LONG_NAME = 16;
const tables = {};  // by id: targets of links

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function valueOf(cell) {
  return cell !== null && typeof cell === "object" ? cell.shown : cell;
}

function shownAs(value, digits) {
  if (value === null || value === undefined) return "–";
  return digits ? value.toFixed(digits) : String(value);
}

function compared(one, other) {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

function follow(tag, name) {
  for (const table of Object.values(tables)) table.show(tag, name);
}

// A long name may be wrapped between its parts: card_not_working, joy|pride, training.early_stopping.
function breakable(name) {
  const parts = name.split(/(?<=[_|./\-])(?=[^_|./\-])/);
  return element("span", "", ...parts.flatMap((part, number) => (number ? [document.createElement("wbr"), part] : [part])));
}

function linkTo(shown, tag, name) {
  const made = element("button", "", shownAs(shown));
  made.type = "button";
  made.addEventListener("click", () => follow(tag, name));
  return made;
}

function drawTable(block) {
  const rows = block.rows.map((cells, number) => ({ cells, tags: block.tags ? block.tags[number] : [] }));
  const numeric = block.columns.map((_, column) => rows.every(({ cells }) => [null, "number"].includes(
    valueOf(cells[column]) === null ? null : typeof valueOf(cells[column]))) && rows.length > 0);
  const digits = block.columns.map((_, column) => (numeric[column] ? block.digits[column] : 0));
  const state = { words: "", tag: null, column: null, down: false, most: ROWS_AT_ONCE };
  const body = element("tbody");
  const search = element("input");
  search.type = "search";
  search.placeholder = "Search";
  search.setAttribute("aria-label", `Search ${block.title || "table"}`);
  const count = element("span", "note");
  const clear = element("button", "", "Show all");
  clear.type = "button";
  clear.hidden = true;
  const more = element("button", "more", "Show more");
  more.type = "button";

  function chosen() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter(({ cells, tags }) => (state.tag === null || tags.includes(state.tag)) && words.every(
      (word) => cells.some((cell) => String(valueOf(cell)).toLowerCase().includes(word))));
    if (state.column !== null) {
      const sign = state.down ? -1 : 1;
      found.sort((one, other) => sign * compared(valueOf(one.cells[state.column]), valueOf(other.cells[state.column])));
    }
    return found;
  }

  function drawRow({ cells }) {
    return element("tr", "", ...cells.map((cell, column) => {
      const value = valueOf(cell);
      const length = typeof value === "string" ? value.length : 0;
      const kind = length > LONG_TEXT ? "long" : length > LONG_NAME ? "name" : "short";
      const name = `${valueOf(cells[0])}: ${block.columns[column]}`;
      const content = cell !== null && typeof cell === "object" && value ? linkTo(value, cell.tag, name)
        : kind === "name" ? breakable(value) : shownAs(value, digits[column]);
      return element("td", numeric[column] ? "number" : kind, content);
    }));
  }

  function draw() {
    const found = chosen();
    body.replaceChildren(...found.slice(0, state.most).map(drawRow));
    if (!found.length) {
      const cell = element("td", "empty", "Nothing found.");
      cell.colSpan = block.columns.length;
      body.append(element("tr", "", cell));
    }
    more.hidden = found.length <= state.most;
    count.textContent = found.length === rows.length ? `${rows.length} rows` : `${found.length} of ${rows.length} rows`;
  }

  const heads = block.columns.map((name, column) => {
    const head = element("th", `sortable${numeric[column] ? " number" : ""}`, name);
    head.tabIndex = 0;
    const sort = () => {
      state.down = state.column === column ? !state.down : numeric[column];
      state.column = column;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      draw();
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    return head;
  });
  search.addEventListener("input", () => { state.words = search.value; draw(); });
  more.addEventListener("click", () => { state.most += 10 * ROWS_AT_ONCE; draw(); });
  clear.addEventListener("click", () => show(null));

  const note = element("p", "note", block.note);
  function show(tag, name) {
    state.tag = tag;
    state.most = ROWS_AT_ONCE;
    clear.hidden = tag === null;
    note.textContent = tag === null ? block.note : name;
    draw();
    if (tag !== null) made.scrollIntoView({ block: "start" });
  }

  const tools = rows.length >= SEARCHABLE_FROM ? element("div", "tools", search, count, clear) : null;
  const titled = block.columns.some(Boolean);
  const whole = element("table", "", titled ? element("thead", "", element("tr", "", ...heads)) : null, body);
  const made = element("div", "block wide", block.title ? element("h3", "", block.title) : null,
    block.note || block.id ? note : null, tools, element("div", "scroll", whole), more);
  if (block.id) {
    made.id = block.id;
    tables[block.id] = { show };
  }
  draw();
  return made;
}

function drawMatrix(block) {
  const labels = block.labels, cells = block.cells;
  const totals = cells.map((row) => row.reduce((sum, cell) => sum + cell, 0));
  const wrong = cells.map((row, index) => totals[index] - row[index]);
  const orders = {
    "by name": labels.map((_, index) => index),
    "most errors first": labels.map((_, index) => index).sort((one, other) => wrong[other] - wrong[one]),
    "lowest recall first": labels.map((_, index) => index).sort(
      (one, other) => cells[one][one] / (totals[one] || 1) - cells[other][other] / (totals[other] || 1)),
    "most texts first": labels.map((_, index) => index).sort((one, other) => totals[other] - totals[one]),
  };
  const choose = element("select", "", ...Object.keys(orders).map((name) => element("option", "", name)));
  choose.setAttribute("aria-label", "Order of the labels");
  const scroll = element("div", "scroll");

  function drawCell(row, column) {
    const count = cells[row][column], share = count / (totals[row] || 1);
    if (!count) return element("td");
    const button = linkTo(count, `${row}>${column}`, `true label “${labels[row]}”, predicted “${labels[column]}”`);
    button.title = `true label “${labels[row]}”, predicted “${labels[column]}”: ${count} of ${totals[row]} (${(100 * share).toFixed(1)} %)`;
    const colour = row === column ? "var(--for)" : "var(--against)";
    const strength = row === column ? 0.12 + 0.68 * share : Math.min(0.95, 0.15 + 1.4 * share);
    button.style.background = `rgba(${colour}, ${strength.toFixed(2)})`;
    if (strength > 0.6) button.classList.add("strong");
    return element("td", "", button);
  }

  function draw() {
    const order = orders[choose.value];
    const side = (text) => { const head = element("th", "side", text); head.title = text; return head; };
    const top = order.map((column) => { const head = element("th", "", element("span", "", labels[column])); head.title = labels[column]; return head; });
    const rows = order.map((row) => element("tr", "", side(labels[row]), ...order.map((column) => drawCell(row, column))));
    scroll.replaceChildren(element("table", "matrix", element("thead", "", element("tr", "", side("true \\ predicted"), ...top)), element("tbody", "", ...rows)));
  }

  choose.addEventListener("change", draw);
  draw();
  // A printed page cannot be scrolled: the matrix shrinks to fit.
  const paper = window.matchMedia("print");
  paper.addEventListener("change", () => {
    const table = scroll.firstChild;
    table.style.zoom = 1;
    if (paper.matches) table.style.zoom = Math.min(1, 0.9 * scroll.clientWidth / table.offsetWidth);
  });
  return element("div", "block wide", element("h3", "", "Confusion matrix"), element("div", "tools", "Labels", choose), scroll);
}
