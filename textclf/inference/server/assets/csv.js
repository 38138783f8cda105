// CSV as RFC 4180 and as it is: other delimiters, quotes in the middle of a cell, any line ending.
const LOOKED_AT = 1000; // bytes, of which a file that is no text, such as .xlsx, has a zero
const decoded = (buffer) => {
  const bytes = new Uint8Array(buffer);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return null;
  for (const encoding of ["utf-8", "gb18030"]) {
    try { return new TextDecoder(encoding, { fatal: true }).decode(bytes); } catch { /* another encoding */ }
  }
  return new TextDecoder("windows-1252").decode(bytes);
};

const delimiterOf = (text) => {
  const counts = { ",": 0, ";": 0, "\t": 0, "|": 0 };
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === "\n" || letter === "\r")) break;
    else if (!quoted && letter in counts) counts[letter] += 1;
  }
  return Object.keys(counts).reduce((best, one) => (counts[one] > counts[best] ? one : best));
};

const parseCSV = (text, delimiter) => {
  const rows = [];
  let row = [], cell = "", quoted = false, at = 0;
  const endCell = () => { row.push(cell); cell = ""; };
  const endRow = () => { endCell(); if (row.length > 1 || row[0] !== "") rows.push(row); row = []; };
  while (at < text.length) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; } else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === delimiter) endCell();
    else if (letter === "\n" || letter === "\r") { if (letter === "\r" && text[at + 1] === "\n") at += 1; endRow(); } else cell += letter;
    at += 1;
  }
  if (cell !== "" || row.length) endRow();
  return rows;
};

const writeCSV = (rows, delimiter) => {
  const special = new RegExp(`["\\r\\n${delimiter === "|" ? "\\|" : delimiter}]`);
  const cell = (value) => (special.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return rows.map((row) => row.map(cell).join(delimiter) + "\r\n").join("");
};
