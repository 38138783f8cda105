"""A split of the data as a network sees it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from textclf.core.memmap import stored, take_entries
from textclf.preprocessing.arrays import Arrays, only, stacked, take_rows


class EncodedSplit(NamedTuple):
    """Texts as named arrays, and their labels as numbers."""

    arrays: Arrays
    classes: np.ndarray  # int32 (texts,), or 0 and 1 for every label, float32 (texts, labels)
    copies: Mapping[str, Arrays] = {}  # the same texts with mistakes in them, by `augmentation.names_of_copies`

    def only(self, names: Sequence[str]) -> "EncodedSplit":
        """With the arrays that a network reads."""
        copies = {copy: only(arrays, names) for copy, arrays in self.copies.items()}
        return EncodedSplit(only(self.arrays, names), self.classes, copies)

    def take(self, rows: np.ndarray) -> "EncodedSplit":
        """Some of the texts."""
        copies = {copy: take_rows(arrays, rows) for copy, arrays in self.copies.items()}
        return EncodedSplit(take_rows(self.arrays, rows), take_entries(self.classes, rows), copies)

    @classmethod
    def of(cls, splits: Sequence["EncodedSplit"]) -> "EncodedSplit":
        """All texts of several splits; they lie in a temporary file. The first says which copies there are.

        Raises:
            WriteError: there is no room for it.
        """
        copies = {
            name: stacked([split.copies.get(name, split.arrays) for split in splits]) for name in splits[0].copies
        }
        first = splits[0].classes
        classes = stored((split.classes for split in splits), first.dtype, first.shape[1:])
        return cls(stacked([split.arrays for split in splits]), classes, copies)
