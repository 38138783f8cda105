"""The findings of a check, and the wording that all checks share."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from textclf.core.formatting import MOST_SHOWN, counted, percent
from textclf.data.dataset import Dataset

SHARE_TO_WARN = 0.01  # of the rows of a split


class Finding(NamedTuple):
    """One thing to know before training. With an error, training would fail."""

    severity: Literal["error", "warning", "note"]
    subject: str
    found: str  # one sentence, with numbers and the first rows
    advice: str  # what to do about it; empty if nothing


def shown_rows(rows: Sequence[int] | np.ndarray) -> str:
    """Return the first row numbers of a file: `row 3`, or `rows 1, 2, 3, 4, 5 …`."""
    first = ", ".join(str(row) for row in rows[:MOST_SHOWN])
    return f"row{'s' if len(rows) > 1 else ''} {first}{' …' if len(rows) > MOST_SHOWN else ''}"


def rows_by_split(splits: dict[str, Dataset], marked: dict[str, np.ndarray]) -> tuple[str, float]:
    """Return `train 3 of 1000 rows (0.3 %; rows 5, 6, 9)` for each split with marked rows, and the largest share."""
    shares = {split: float(rows.mean()) for split, rows in marked.items() if rows.any()}
    described = [
        f"{split} {marked[split].sum()} of {counted(len(marked[split]), 'row')} "
        f"({percent(share)}; {shown_rows(splits[split].rows[marked[split]])})"
        for split, share in shares.items()
    ]
    return ", ".join(described), max(shares.values(), default=0.0)


def severity_of(share: float) -> Literal["warning", "note"]:
    """Return "warning" where the rows are enough to change a metric of the split by a point, else "note"."""
    return "warning" if share >= SHARE_TO_WARN else "note"
