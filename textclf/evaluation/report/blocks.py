"""What a page is made of: plain data that `assets/page.js` draws. One function for each kind of block."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_TEXT = 500  # characters of a text that are shown
DIGITS = 4  # behind the point


def section(title: str, *blocks: dict | None, note: str = "") -> dict:
    """A part of the page with its heading; blocks that are `None` are left out."""
    return {"title": title, "note": note, "blocks": [block for block in blocks if block]}


def cards(*figures: tuple[str, str, str]) -> dict:
    """Large figures: a name, the value, and what it is compared with."""
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
    """A table that can be searched and sorted.

    Args:
        rows: text, numbers, `None`, or `link(…)`.
        id: by which a link of another block finds it.
        tags: what the links that lead to each row are called.
    """
    cells = [list(row) for row in rows]
    # JSON knows no difference between 1 and 1.0, which is shown as 1.0000.
    digits = [DIGITS if any(isinstance(cell, float) for cell in column) else 0 for column in zip(*cells, strict=True)]
    named = {"kind": "table", "title": title, "note": note, "id": id, "columns": list(columns)}
    made = {**named, "rows": cells, "digits": digits}
    return made if tags is None else {**made, "tags": list(tags)}


def link(shown: Any, tag: str) -> dict:
    """A cell that shows the rows with this tag, in whichever table has them."""
    return {"shown": shown, "tag": tag}


def lines(
    title: str,
    series: dict[str, list],
    x: str,
    y: str,
    *,
    note: str = "",
    shares: bool = True,
    diagonal: bool = False,
    dots: bool = False,
) -> dict:
    """Curves by name, each a list of [x, y], or [x, y, number of texts]: a larger point for more.

    Args:
        shares: both axes go from 0 to 1.
        diagonal: with a line from corner to corner.
        dots: mark each point.
    """
    axes = {"x": x, "y": y, "shares": shares, "diagonal": diagonal, "dots": dots}
    return {"kind": "lines", "title": title, "note": note, "series": series, **axes}


def bars(title: str, names: Sequence[str], values: Sequence[float], counts: Sequence[int], y: str) -> dict:
    """A bar for each name, with the number of texts behind it."""
    return {"kind": "bars", "title": title, "names": names, "values": values, "counts": counts, "y": y}


def choice(title: str, options: Mapping[str, Sequence[dict]]) -> dict:
    """Blocks to choose from by name."""
    return {"kind": "choice", "title": title, "options": [[name, list(blocks)] for name, blocks in options.items()]}


def slider(hits: Sequence[int], alarms: Sequence[int], positives: int, negatives: int, chosen: float) -> dict:
    """What every threshold would give; thresholds from 0 to 1 at equal distances, `chosen` is the one in use."""
    counts = {"hits": hits, "alarms": alarms, "positives": positives, "negatives": negatives}
    return {"kind": "slider", **counts, "chosen": chosen}


def matrix(labels: Sequence[str], cells: Sequence[Sequence[int]]) -> dict:
    """A confusion matrix; a cell leads to the rows with the tag `true>answer`, class indices both."""
    return {"kind": "matrix", "labels": list(labels), "cells": cells}


def coloured(texts: Iterable[dict]) -> dict:
    """Texts whose words have a colour: `{"head", "parts": [[text, effect from -1 to 1], …]}`."""
    return {"kind": "coloured", "texts": list(texts)}


def code(title: str, text: str) -> dict:
    """Text as it stands, folded away."""
    return {"kind": "code", "title": title, "text": text}


def shortened(text: str, most: int = LONGEST_TEXT) -> str:
    """A text for a table."""
    return text if len(text) <= most else f"{text[:most]}…"


def figure(value: float | None, digits: int = DIGITS) -> str:
    """A figure as the screen shows it."""
    return "–" if value is None else f"{value:.{digits}f}"
