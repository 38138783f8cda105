// The page from its data: one function for each kind of block.
"use strict";

function drawCards(block) {
  const made = block.cards.map(({ name, value, note }) => element("div", "card", element("span", "", name), element("b", "", value), element("small", "", note)));
  return element("div", "cards wide", ...made);
}

function drawChoice(block) {
  const inner = element("div", "grid");
  const draw = (number) => inner.replaceChildren(...block.options[number][1].map(drawBlock));
  if (block.options.length) draw(0);
  if (block.options.length < 2) return element("div", "wide", inner);
  const choose = element("select", "", ...block.options.map(([name]) => element("option", "", name)));
  choose.setAttribute("aria-label", block.title);
  choose.addEventListener("change", () => draw(choose.selectedIndex));
  return element("div", "wide", element("div", "tools", block.title, choose), inner);
}

function drawColoured(block) {
  const texts = block.texts.map(({ head, note, parts }) => {
    const words = parts.map(([text, effect]) => {
      if (Math.abs(effect) < 0.1) return text;
      const mark = element("mark", "", text);
      mark.style.background = `rgba(var(${effect > 0 ? "--for" : "--against"}), ${(0.6 * Math.abs(effect)).toFixed(2)})`;
      mark.title = `${effect > 0 ? "+" : ""}${effect.toFixed(2)} of the largest effect`;
      return mark;
    });
    return element("div", "text", element("b", "", head), element("span", "note", ` ${note}`), element("p", "", ...words));
  });
  return element("div", "block wide", ...texts);
}

function drawCode(block) {
  return element("details", "block wide", element("summary", "", block.title), element("pre", "", block.text));
}

const KINDS = {
  cards: drawCards,
  table: drawTable,
  lines: drawLines,
  bars: drawBars,
  parallel: drawParallel,
  choice: drawChoice,
  slider: drawSlider,
  matrix: drawMatrix,
  coloured: drawColoured,
  code: drawCode,
};

function drawBlock(block) {
  return KINDS[block.kind](block);
}

function drawPage() {
  const { sections } = JSON.parse(document.getElementById("data").textContent);
  const main = document.querySelector("main"), nav = document.querySelector("nav");
  sections.forEach((section, number) => {
    const made = element("section", "", element("h2", "", section.title), section.note ? element("p", "note", section.note) : null,
      element("div", "grid", ...section.blocks.map(drawBlock)));
    made.id = `section-${number}`;
    const link = element("a", "", section.title);
    link.href = `#${made.id}`;
    nav.append(link);
    main.append(made);
  });
  main.append(element("footer", "", "Written by textclf. This file contains everything it shows and makes no network requests."));
}

drawPage();
