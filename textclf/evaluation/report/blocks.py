"""The blocks of a page: plain data that `assets/page.js` draws. One function for each kind of block."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_TEXT = 500  # characters shown of a text
DECIMALS = 4


def section(title: str, *blocks: dict | None, note: str = "") -> dict:
    """Return a section of the page; blocks that are `None` are left out."""
    return {"title": title, "note": note, "blocks": [block for block in blocks if block]}


def cards(*figures: tuple[str, str, str]) -> dict:
    """Return large figures, each as name, value and note."""
    return {"kind": "cards", "cards": [{"name": name, "value": value, "note": note} for name, value, note in figures]}


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    note: str = "",
    id: str = "",
    tags: Iterable[Sequence[str]] | None = None,
) -> dict:
    """Return a table that can be searched and sorted.

    Args:
        rows: cells are text, numbers, `None`, or a `link`.
        id: name of the element; a table with an id is a target of links.
        tags: of each row, the tags of the links that lead to it.
    """
    cells = [list(row) for row in rows]
    # JSON does not distinguish 1 from 1.0, which is shown as 1.0000.
    digits = [DECIMALS if any(isinstance(cell, float) for cell in column) else 0 for column in zip(*cells, strict=True)]
    head = {"kind": "table", "title": title, "note": note, "id": id, "columns": list(columns)}
    block = {**head, "rows": cells, "digits": digits}
    return block if tags is None else {**block, "tags": list(tags)}


def link(shown: Any, tag: str) -> dict:
    """Return a cell that leads to the rows with this tag, in any table that has them."""
    return {"shown": shown, "tag": tag}


def lines(title: str, series: dict[str, list], x: str, y: str, *, note: str = "", shares: bool = True) -> dict:
    """Return a plot of curves.

    Args:
        series: name of the curve -> its points [x, y], or [x, y, number of texts]: more texts, a larger dot.
        x, y: titles of the axes.
        shares: whether both axes go from 0 to 1.
    """
    return {"kind": "lines", "title": title, "note": note, "series": series, "x": x, "y": y, "shares": shares}


def dotted(plot: dict) -> dict:
    """Return a plot of `lines` in which each point has a dot."""
    return {**plot, "dots": True}


def with_diagonal(plot: dict) -> dict:
    """Return a plot of `lines` with a line from corner to corner."""
    return {**plot, "diagonal": True}


def unjoined(plot: dict, *names: str) -> dict:
    """Return a plot of `lines` in which the points of some curves are not joined."""
    return {**plot, "points": names}


def bars(title: str, names: Sequence[str], values: Sequence[float], counts: Sequence[int], y: str) -> dict:
    """Return a bar chart: a value and a number of texts for each name."""
    return {"kind": "bars", "title": title, "names": names, "values": values, "counts": counts, "y": y}


def horizontal_bars(title: str, names: Sequence[str], values: Sequence[float], x: str) -> dict:
    """Return a bar chart of long names, over the whole width: a value for each name."""
    return {**bars(title, names, values, [], x), "horizontal": True, "wide": True}


def parallel(
    title: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[float], bool]], *, note: str = ""
) -> dict:
    """Return parallel coordinates: one line a row, through its place from 0 to 1 on the axis of every name.

    Args:
        rows: what the line is, its places, and whether it is one of the best.
    """
    return {"kind": "parallel", "title": title, "names": list(names), "rows": list(rows), "note": note, "wide": True}


def choice(title: str, options: Mapping[str, Sequence[dict]]) -> dict:
    """Return groups of blocks of which the reader selects one by name."""
    return {"kind": "choice", "title": title, "options": [[name, list(blocks)] for name, blocks in options.items()]}


def slider(hits: Sequence[int], alarms: Sequence[int], positives: int, negatives: int, chosen: float) -> dict:
    """Return a slider that shows the metrics at any threshold.

    Args:
        hits, alarms: counts at thresholds from 0 to 1 at equal distances.
        positives, negatives: number of texts with and without the label.
        chosen: the threshold in use.
    """
    counts = {"hits": hits, "alarms": alarms, "positives": positives, "negatives": negatives}
    return {"kind": "slider", **counts, "chosen": chosen}


def matrix(labels: Sequence[str], cells: Sequence[Sequence[int]]) -> dict:
    """Return a confusion matrix; a cell leads to the rows with the tag `true>predicted` (class indices)."""
    return {"kind": "matrix", "labels": list(labels), "cells": cells}


def coloured(texts: Iterable[dict]) -> dict:
    """Return texts with coloured words, each `{"head", "note", "parts": [[text, effect from -1 to 1], …]}`."""
    return {"kind": "coloured", "texts": list(texts)}


def code(title: str, text: str) -> dict:
    """Return preformatted text that the reader can unfold."""
    return {"kind": "code", "title": title, "text": text}


def shortened(text: str, most: int = LONGEST_TEXT) -> str:
    """Return the beginning of a text, short enough for a table."""
    return text if len(text) <= most else f"{text[:most]}…"
