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
const lengthOf = (text) => [...text].length;
