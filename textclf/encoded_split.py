"""A split of the data as a network sees it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from textclf.preprocessing.arrays import Arrays, only, stacked, take_rows


class EncodedSplit(NamedTuple):
    """Texts as named arrays, and their labels as numbers."""

    arrays: Arrays
    classes: np.ndarray  # int32 (texts,), or 0 and 1 for every label, float32 (texts, labels)

    def only(self, names: Sequence[str]) -> "EncodedSplit":
        """With the arrays that a network reads."""
        return EncodedSplit(only(self.arrays, names), self.classes)

    def take(self, rows: np.ndarray) -> "EncodedSplit":
        """Some of the texts."""
        return EncodedSplit(take_rows(self.arrays, rows), self.classes[rows])

    @classmethod
    def of(cls, splits: Sequence["EncodedSplit"]) -> "EncodedSplit":
        """All texts of several splits; they lie in a temporary file.

        Raises:
            WriteError: there is no room for it.
        """
        return cls(stacked([split.arrays for split in splits]), np.concatenate([split.classes for split in splits]))
