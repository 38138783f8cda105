"""Texts as rows of ids, or of numbers beside them: of different lengths, kept flat, padded only in a batch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from textclf.core.memmap import STRETCH, stretches, take_entries

PADDING_ID = 0


class TokenIds(NamedTuple):
    """Row `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: np.ndarray  # int32 (all tokens,); float32 for the weights of n-grams
    offsets: np.ndarray  # int64 (rows + 1,)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each row, int64 (rows,)."""
        return np.diff(self.offsets)


def from_lengths(ids: np.ndarray, lengths: np.ndarray) -> TokenIds:
    """Flat ids, or float32, and the number of them in each row -> rows."""
    ids = ids if ids.dtype == np.float32 else ids.astype(np.int32, copy=False)
    return TokenIds(ids, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))


def concatenate(parts: Sequence[TokenIds], dtype: type = np.int32) -> TokenIds:
    """The rows of all parts, one after the other."""
    ids = np.concatenate([np.empty(0, dtype), *(part.ids for part in parts)])
    return from_lengths(ids, np.concatenate([np.empty(0, np.int64), *(part.lengths for part in parts)]))


def take(rows: TokenIds, indices: np.ndarray) -> TokenIds:
    """The rows at `indices`, in that order."""
    starts = take_entries(rows.offsets[:-1], indices)  # not the lengths of all rows: they may be millions in a file
    lengths = take_entries(rows.offsets[1:], indices) - starts
    if rows.ids.nbytes <= STRETCH:
        return from_lengths(rows.ids[positions(starts, lengths)], lengths)
    taken = from_lengths(np.empty(lengths.sum(), rows.ids.dtype), lengths)
    order = np.argsort(starts, kind="stable")  # through the file from front to back
    for some in stretches(starts[order], STRETCH // rows.ids.itemsize):
        wanted = order[some]
        places = positions(taken.offsets[wanted], lengths[wanted])
        taken.ids[places] = rows.ids[positions(starts[wanted], lengths[wanted])]
    return taken


def truncate(rows: TokenIds, length: int, side: str) -> TokenIds:
    """Rows of at most `length` tokens; `side` is the end that loses the rest, "right" or "left"."""
    lengths = np.minimum(rows.lengths, length)
    if len(rows.ids) == lengths.sum():
        return rows
    starts = rows.offsets[:-1] if side == "right" else rows.offsets[1:] - lengths
    return from_lengths(rows.ids[positions(starts, lengths)], lengths)


def fill_empty(rows: TokenIds, token_id: int) -> TokenIds:
    """Give every row without a token the one `token_id`.

    A row of nothing but padding has no defined answer and crashes the GPU kernel
    (tensorflow/tensorflow#43103), so none is ever made.
    """
    empty = np.flatnonzero(rows.lengths == 0)
    if not len(empty):
        return rows
    lengths = rows.lengths.copy()
    lengths[empty] = 1
    return from_lengths(np.insert(rows.ids, rows.offsets[empty], token_id), lengths)


def pad(rows: TokenIds, length: int | None = None, side: str = "right") -> np.ndarray:
    """One array of int32 (rows, length), padded with zeros; `length` defaults to the longest row."""
    lengths = rows.lengths
    if length is None:
        length = int(lengths.max(initial=1))
    columns = np.arange(length)
    filled = columns < lengths[:, None] if side == "right" else columns >= length - lengths[:, None]
    padded = np.full(filled.shape, PADDING_ID, rows.ids.dtype)
    padded[filled] = rows.ids
    return padded


def positions(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Positions in the flat ids of rows that begin at `starts`: [3, 7], [2, 1] -> [3, 4, 7]."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
