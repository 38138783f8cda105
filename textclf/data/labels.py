"""The labels of many texts as one column: a number a text, however many labels there are."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Labels:
    """Every different answer once, and which of them each text has. Iterating gives the labels of each text.

    Args:
        answers: the labels of a text: exactly one, or any number where the classifier has many. Each occurs.
        codes: positions in `answers`, of the smallest type that has them, (texts,).
        lists: whether the file has lists of labels, be there ever so few in each.
    """

    categories: list[tuple[str, ...]]
    codes: np.ndarray
    lists: bool = False

    @classmethod
    def of(cls, rows: "Iterable[tuple[str, ...]] | Labels") -> "Labels":
        """The labels of each text as a column."""
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
        """The labels of the texts at `indices`, or of those marked (bool), without the answers that none has."""
        codes = self.codes[indices]
        occurs = np.bincount(codes, minlength=len(self.categories)) > 0
        categories = [self.categories[code] for code in np.flatnonzero(occurs)]
        return Labels(categories, compact(np.cumsum(occurs, dtype=np.int32) - 1)[codes], self.lists)

    def map(self, function: Callable[[tuple[str, ...]], tuple[str, ...]]) -> "Labels":
        """Every answer changed; those that become the same are one."""
        changed = Labels.of(map(function, self.categories))
        return Labels(changed.categories, changed.codes[self.codes], self.lists)

    def where(self, condition: Callable[[tuple[str, ...]], bool]) -> np.ndarray:
        """Which texts have an answer that meets a condition, bool (texts,)."""
        return np.array([condition(category) for category in self.categories], bool)[self.codes]

    def count_categories(self) -> Counter[tuple[str, ...]]:
        """Texts of each answer."""
        counts = np.bincount(self.codes, minlength=len(self.categories)).tolist()
        return Counter(dict(zip(self.categories, counts, strict=True)))

    def count(self) -> Counter[str]:
        """Texts of each label, the most frequent first, then by name."""
        counts: Counter[str] = Counter()
        for answer, count in self.count_categories().items():
            counts.update(dict.fromkeys(answer, count))
        return Counter(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))


def compact(codes: np.ndarray) -> np.ndarray:
    """The same numbers in the smallest type: a byte a text where there are few answers, not four."""
    return codes.astype(np.min_scalar_type(max(int(codes.max(initial=0)), 0)), copy=False)


def encode_column(column: pa.ChunkedArray | pa.Array, numbers: dict[tuple[str, ...], int]) -> np.ndarray:
    """A label column as readers give it -> codes, (texts,); a text is one label, a list its labels.

    Args:
        numbers: the code of every answer so far; new ones are added.
    """
    parts = [np.empty(0, np.uint8)]
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        if pa.types.is_list(chunk.type):
            answers: Iterable[tuple[str, ...]] = map(tuple, chunk.to_pylist())
            positions = slice(None)
        else:  # each different field once
            encoded = chunk.dictionary_encode()
            answers, positions = ((label,) for label in encoded.dictionary.to_pylist()), encoded.indices.to_numpy()
        codes = np.fromiter((numbers.setdefault(answer, len(numbers)) for answer in answers), np.int32)
        parts.append(compact(codes)[positions])
    return np.concatenate(parts)
