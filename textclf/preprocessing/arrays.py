"""Encoded texts as named arrays, a row a text: `token_ids`, and `ngram_ids` with `ngram_weights`."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from textclf.core.memmap import in_file, pieces, take_entries
from textclf.preprocessing.ragged import TokenIds, concatenate, pad, take

Arrays = Mapping[str, TokenIds]
DTYPES = {"token_ids": np.int32, "ngram_ids": np.int32, "ngram_weights": np.float32}


def num_rows(arrays: Arrays) -> int:
    """Texts that are encoded."""
    return len(next(iter(arrays.values())).offsets) - 1


def lengths_of(arrays: Arrays) -> np.ndarray:
    """What batches of similar length go by: entries of each row of the first array, int64 (rows,)."""
    return next(iter(arrays.values())).lengths


def lengths_at(arrays: Arrays, indices: np.ndarray) -> np.ndarray:
    """The same of some rows."""
    offsets = next(iter(arrays.values())).offsets
    return take_entries(offsets[1:], indices) - take_entries(offsets[:-1], indices)


def mean_length(arrays: Arrays) -> float:
    """The mean of `lengths_of`."""
    return float(next(iter(arrays.values())).offsets[-1]) / num_rows(arrays)


def longest(rows: TokenIds) -> int:
    """Most entries of a row; 0 without any row."""
    lengths = (np.diff(rows.offsets[some.start : some.stop + 1]) for some in pieces(len(rows.offsets) - 1))
    return max((int(some.max()) for some in lengths), default=0)


def take_rows(arrays: Arrays, indices: np.ndarray) -> dict[str, TokenIds]:
    """The rows at `indices` of every array, in that order."""
    return {name: take(rows, indices) for name, rows in arrays.items()}


def only(arrays: Arrays, names: Iterable[str]) -> dict[str, TokenIds]:
    """The arrays that a network reads."""
    return {name: arrays[name] for name in names}


def concatenate_arrays(parts: Sequence[Arrays], names: Iterable[str]) -> dict[str, TokenIds]:
    """The rows of all parts, one after the other; also of no part at all."""
    return {name: concatenate([part[name] for part in parts], DTYPES[name]) for name in names}


def stacked(parts: Sequence[Arrays]) -> dict[str, TokenIds]:
    """As `concatenate_arrays` of at least one part, for parts that lie in files: so does the result.

    Raises:
        WriteError: there is no room for it.
    """
    return {name: _stacked_rows([part[name] for part in parts]) for name in parts[0]}


def _stacked_rows(parts: Sequence[TokenIds]) -> TokenIds:
    ends = np.cumsum([0, *(part.offsets[-1] for part in parts)])
    offsets = (part.offsets[1:] + end for part, end in zip(parts, ends, strict=False))  # the last end is the whole
    return TokenIds(
        in_file((part.ids for part in parts), parts[0].ids.dtype),
        in_file([np.zeros(1, np.int64), *offsets], np.int64),
    )


def pad_arrays(arrays: Arrays, side: str, length: int | None = None) -> dict[str, np.ndarray]:
    """Every array as (rows, longest row or `length`), filled up with zeros. N-grams have no order and no side."""
    return {
        name: pad(rows, length if name == "token_ids" else None, side if name == "token_ids" else "right")
        for name, rows in arrays.items()
    }
