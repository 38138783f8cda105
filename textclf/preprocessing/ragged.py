"""Encoded texts as ragged arrays: rows of different lengths, kept flat, padded only in a batch.

A network reads several of them by name, a row a text: `token_ids`, and `ngram_ids` with `ngram_weights`. They may be
mapped from files (see `core/memmap.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from textclf.core.memmap import BLOCK_BYTES, blocks, concatenate_on_disk, gather

PADDING_ID = 0
# `text_vectors` are made in training only: by a frozen encoder, rows of one length.
DTYPES = {"token_ids": np.int32, "ngram_ids": np.int32, "ngram_weights": np.float32, "text_vectors": np.float32}


class Ragged(NamedTuple):
    """A ragged array. Row `i` is `values[offsets[i]:offsets[i + 1]]`."""

    values: np.ndarray  # int32 (all entries,); float32 for the weights of n-grams
    offsets: np.ndarray  # int64 (rows + 1,)

    @classmethod
    def from_lengths(cls, values: np.ndarray, lengths: np.ndarray) -> "Ragged":
        """Return rows from flat values, whole numbers or float32, and the number of values in each row."""
        values = values if values.dtype == np.float32 else values.astype(np.int32, copy=False)
        return cls(values, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))

    @property
    def lengths(self) -> np.ndarray:
        """Number of values in each row, int64 (rows,)."""
        return np.diff(self.offsets)


RaggedArrays = Mapping[str, Ragged]  # all with the same number of rows


def concatenate(parts: Sequence[Ragged], dtype: type = np.int32) -> Ragged:
    """Return the rows of all parts, one part after the other."""
    values = np.concatenate([np.empty(0, dtype), *(part.values for part in parts)])
    return Ragged.from_lengths(values, np.concatenate([np.empty(0, np.int64), *(part.lengths for part in parts)]))


def take(rows: Ragged, indices: np.ndarray) -> Ragged:
    """Return the rows at `indices`, in that order."""
    starts = gather(rows.offsets[:-1], indices)  # not the lengths of all rows: they may be millions in a file
    lengths = gather(rows.offsets[1:], indices) - starts
    if rows.values.nbytes <= BLOCK_BYTES:
        return Ragged.from_lengths(rows.values[positions(starts, lengths)], lengths)
    taken = Ragged.from_lengths(np.empty(lengths.sum(), rows.values.dtype), lengths)
    order = np.argsort(starts, kind="stable")  # through the file from front to back
    for block in blocks(starts[order], BLOCK_BYTES // rows.values.itemsize):
        wanted = order[block]
        places = positions(taken.offsets[wanted], lengths[wanted])
        taken.values[places] = rows.values[positions(starts[wanted], lengths[wanted])]
    return taken


def truncate(rows: Ragged, length: int, side: str) -> Ragged:
    """Return rows of at most `length` values; `side` is the end that loses the rest, "right" or "left"."""
    lengths = np.minimum(rows.lengths, length)
    if len(rows.values) == lengths.sum():
        return rows
    starts = rows.offsets[:-1] if side == "right" else rows.offsets[1:] - lengths
    return Ragged.from_lengths(rows.values[positions(starts, lengths)], lengths)


def fill_empty_rows(rows: Ragged, token_id: int) -> Ragged:
    """Return the rows, with the one value `token_id` in each row that was empty.

    A row of nothing but padding has no defined prediction and crashes the GPU kernel (tensorflow/tensorflow#43103).
    """
    empty = np.flatnonzero(rows.lengths == 0)
    if not len(empty):
        return rows
    return Ragged.from_lengths(np.insert(rows.values, rows.offsets[empty], token_id), np.maximum(rows.lengths, 1))


def pad(rows: Ragged, length: int | None = None, side: str = "right") -> np.ndarray:
    """Return one array (rows, length), padded with zeros on `side`; `length` defaults to the longest row."""
    lengths = rows.lengths
    if length is None:
        length = int(lengths.max(initial=1))
    columns = np.arange(length)
    filled = columns < lengths[:, None] if side == "right" else columns >= length - lengths[:, None]
    padded = np.full(filled.shape, PADDING_ID, rows.values.dtype)
    padded[filled] = rows.values
    return padded


def positions(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the positions of ranges, one range after the other: [3, 7], [2, 1] -> [3, 4, 7]."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)


def longest(rows: Ragged) -> int:
    """Return the length of the longest row; 0 without any row."""
    return int(rows.lengths.max(initial=0))


def num_rows(arrays: RaggedArrays) -> int:
    """Return the number of texts."""
    return len(next(iter(arrays.values())).offsets) - 1


def lengths_of(arrays: RaggedArrays) -> np.ndarray:
    """Return the lengths by which texts are put into batches: those of the first array, int64 (rows,)."""
    return next(iter(arrays.values())).lengths


def lengths_at(arrays: RaggedArrays, indices: np.ndarray) -> np.ndarray:
    """Return `lengths_of(arrays)[indices]`, without the lengths of all rows."""
    offsets = next(iter(arrays.values())).offsets
    return gather(offsets[1:], indices) - gather(offsets[:-1], indices)


def mean_length(arrays: RaggedArrays) -> float:
    """Return the mean of `lengths_of`."""
    return float(next(iter(arrays.values())).offsets[-1]) / num_rows(arrays)


def take_rows(arrays: RaggedArrays, indices: np.ndarray) -> dict[str, Ragged]:
    """Return the rows at `indices` of every array, in that order."""
    return {name: take(rows, indices) for name, rows in arrays.items()}


def select(arrays: RaggedArrays, names: Iterable[str]) -> dict[str, Ragged]:
    """Return the arrays with these names."""
    return {name: arrays[name] for name in names}


def concatenate_arrays(parts: Sequence[RaggedArrays], names: Iterable[str]) -> dict[str, Ragged]:
    """Return the rows of all parts, one part after the other. There may be no part."""
    return {name: concatenate([part[name] for part in parts], DTYPES[name]) for name in names}


def concatenate_arrays_on_disk(parts: Sequence[RaggedArrays]) -> dict[str, Ragged]:
    """Return the rows of all parts, one part after the other, mapped from temporary files. There is at least one part.

    Raises:
        WriteError: the disk is full.
    """
    return {name: _concatenate_on_disk([part[name] for part in parts]) for name in parts[0]}


def _concatenate_on_disk(parts: Sequence[Ragged]) -> Ragged:
    ends = np.cumsum([0, *(part.offsets[-1] for part in parts)])
    offsets = (part.offsets[1:] + end for part, end in zip(parts, ends, strict=False))  # the last end is the whole
    return Ragged(
        concatenate_on_disk((part.values for part in parts), parts[0].values.dtype),
        concatenate_on_disk([np.zeros(1, np.int64), *offsets], np.int64),
    )


def pad_arrays(arrays: RaggedArrays, side: str, length: int | None = None) -> dict[str, np.ndarray]:
    """Return every array padded with zeros, (rows, longest row), `token_ids` (rows, `length`) if it is given.

    N-grams have no order, so they are always padded on the right.
    """
    return {
        name: pad(rows, length if name == "token_ids" else None, side if name == "token_ids" else "right")
        for name, rows in arrays.items()
    }
