"""A split of the data as a network sees it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from textclf.core.memmap import concatenate_on_disk, gather
from textclf.preprocessing.ragged import RaggedArrays, concatenate_arrays_on_disk, select, take_rows


class EncodedSplit(NamedTuple):
    """Texts as named arrays, and their labels as numbers."""

    arrays: RaggedArrays
    classes: np.ndarray  # int32 (texts,), or 0 and 1 for every label, float32 (texts, labels)

    def select(self, names: Sequence[str]) -> "EncodedSplit":
        """With the arrays that a network reads."""
        return EncodedSplit(select(self.arrays, names), self.classes)

    def take(self, rows: np.ndarray) -> "EncodedSplit":
        """Some of the texts."""
        return EncodedSplit(take_rows(self.arrays, rows), gather(self.classes, rows))

    @classmethod
    def of(cls, splits: Sequence["EncodedSplit"]) -> "EncodedSplit":
        """All texts of several splits; they lie in a temporary file.

        Raises:
            WriteError: there is no room for it.
        """
        first = splits[0].classes
        classes = concatenate_on_disk((split.classes for split in splits), first.dtype).reshape(-1, *first.shape[1:])
        return cls(concatenate_arrays_on_disk([split.arrays for split in splits]), classes)
