"""What a check finds, and the words that all checks share."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from textclf.config.problems import show
from textclf.data.dataset import Dataset

MOST_SHOWN = 5
SHARE_TO_WARN = 0.01  # of the rows of a split


class Finding(NamedTuple):
    """One thing to know before training. An error means that training would fail."""

    severity: Literal["error", "warning", "note"]
    subject: str
    found: str  # one sentence, with numbers and the first rows
    advice: str  # what to do about it; empty if nothing


def shown_rows(rows: Sequence[int] | np.ndarray) -> str:
    """`row 3`, or `rows 1, 2, 3, 4, 5 …`: the first of them, as numbered in the file."""
    first = ", ".join(str(row) for row in rows[:MOST_SHOWN])
    return f"row{'s' if len(rows) > 1 else ''} {first}{' …' if len(rows) > MOST_SHOWN else ''}"


def rows_by_split(splits: dict[str, Dataset], marked: dict[str, np.ndarray]) -> tuple[str, float]:
    """`train 3 of 1000 rows (0.3 %; rows 5, 6, 9)` for every split with marked rows, and the largest share."""
    shares = {split: float(rows.mean()) for split, rows in marked.items() if rows.any()}
    described = [
        f"{split} {marked[split].sum()} of {counted(len(marked[split]), 'row')} "
        f"({percent(share)}; {shown_rows(splits[split].rows[marked[split]])})"
        for split, share in shares.items()
    ]
    return ", ".join(described), max(shares.values(), default=0.0)


def severity_of(share: float) -> Literal["warning", "note"]:
    """A warning where so many rows of a split are concerned that its figures can move by a point."""
    return "warning" if share >= SHARE_TO_WARN else "note"


def first_shown(items: Iterable[str]) -> str:
    """The first few of a list, and how many more there are."""
    items = list(items)
    more = f" and {len(items) - MOST_SHOWN} more" if len(items) > MOST_SHOWN else ""
    return ", ".join(items[:MOST_SHOWN]) + more


def quoted(label: str) -> str:
    """A label or a token in quotes, on one line and not too long."""
    return show(label)


def percent(share: float) -> str:
    """`7.8 %`; what is more than nothing is never shown as nothing."""
    return "below 0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
