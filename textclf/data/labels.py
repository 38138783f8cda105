"""The labels of many texts as one column: one number a text, whether it has one label or several."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from textclf.data.numeric_labels import in_order


@dataclass(frozen=True, eq=False)
class Labels:
    """A categorical column, as in pandas. Iterating yields the labels of each text.

    Args:
        categories: the different sets of labels of a text. Each occurs.
        codes: the position of each text's set in `categories`, of the smallest unsigned type, (texts,).
        lists: whether the file has lists of labels, even if each list has one.
    """

    categories: list[tuple[str, ...]]
    codes: np.ndarray
    lists: bool = False

    @classmethod
    def of(cls, rows: "Iterable[tuple[str, ...]] | Labels") -> "Labels":
        """Return the labels of each text as a column."""
        if isinstance(rows, Labels):
            return rows
        numbers: dict[tuple[str, ...], int] = {}
        codes = np.fromiter((numbers.setdefault(tuple(row), len(numbers)) for row in rows), np.int32)
        return cls(list(numbers), compact(codes))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> tuple[str, ...]:
        return self.categories[self.codes[index]]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return map(self.categories.__getitem__, self.codes)

    def take(self, indices: np.ndarray | slice) -> "Labels":
        """Return the labels of the texts at `indices`, or where it is true, without the categories that no text has."""
        codes = self.codes[indices]
        occurs = np.bincount(codes, minlength=len(self.categories)) > 0
        categories = [self.categories[code] for code in np.flatnonzero(occurs)]
        return Labels(categories, compact(np.cumsum(occurs, dtype=np.int32) - 1)[codes], self.lists)

    def map(self, function: Callable[[tuple[str, ...]], tuple[str, ...]]) -> "Labels":
        """Apply `function` to every category, and merge those that become equal."""
        changed = Labels.of(map(function, self.categories))
        return Labels(changed.categories, changed.codes[self.codes], self.lists)

    def where(self, condition: Callable[[tuple[str, ...]], bool]) -> np.ndarray:
        """Return which texts have a category that meets the condition, bool (texts,)."""
        return np.array([condition(category) for category in self.categories], bool)[self.codes]

    def count_categories(self) -> Counter[tuple[str, ...]]:
        """Return the number of texts of each category."""
        counts = np.bincount(self.codes, minlength=len(self.categories)).tolist()
        return Counter(dict(zip(self.categories, counts, strict=True)))

    def count(self) -> Counter[str]:
        """Return the number of texts of each label, the most frequent first, then in the order of `in_order`."""
        counts: Counter[str] = Counter()
        for category, count in self.count_categories().items():
            counts.update(dict.fromkeys(category, count))
        return Counter(dict(sorted(((label, counts[label]) for label in in_order(counts)), key=lambda item: -item[1])))


def compact(codes: np.ndarray) -> np.ndarray:
    """Return the codes in the smallest unsigned type: one byte a text for up to 256 categories."""
    return codes.astype(np.min_scalar_type(max(int(codes.max(initial=0)), 0)), copy=False)


def encode_column(column: pa.ChunkedArray | pa.Array, numbers: dict[tuple[str, ...], int]) -> np.ndarray:
    """Return the codes of a label column from a reader, (texts,). A string is one label, a list has any number.

    Args:
        numbers: the code of every category so far; new categories are added.
    """
    parts = [np.empty(0, np.uint8)]
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        if pa.types.is_list(chunk.type):
            categories: Iterable[tuple[str, ...]] = map(tuple, chunk.to_pylist())
            positions = slice(None)
        else:  # encode each different string once
            encoded = chunk.dictionary_encode()
            categories, positions = ((label,) for label in encoded.dictionary.to_pylist()), encoded.indices.to_numpy()
        codes = np.fromiter((numbers.setdefault(category, len(numbers)) for category in categories), np.int32)
        parts.append(compact(codes)[positions])
    return np.concatenate(parts)
