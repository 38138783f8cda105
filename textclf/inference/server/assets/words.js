"use strict";
// Spans count code points; strings of JavaScript count UTF-16 units, two for an emoji.
const piecesOf = (text, words) => {
  const points = [...text], pieces = [];
  let at = 0;
  for (const word of words) {
    if (word.start > at) pieces.push({ text: points.slice(at, word.start).join("") });
    pieces.push({ text: points.slice(word.start, word.end).join(""), effect: word.effect });
    at = word.end;
  }
  if (at < points.length) pieces.push({ text: points.slice(at).join("") });
  return pieces;
};
// Beside a word of a right-to-left script, its number stays where it is (Unicode's FSI and PDI).
const isolated = (text) => `\u2068${text}\u2069`;
const lengthOf = (text) => [...text].length;
