"""Counting tokens and turning them into ids, a whole column of texts at a time."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.preprocessing.parallel import map_chunks
from textclf.preprocessing.token_ids import TokenIds, from_lengths


class Tokens(NamedTuple):
    """The tokens of many texts, flat; text `i` has `lengths[i]` of them."""

    values: pa.LargeStringArray
    lengths: np.ndarray  # int64 (texts,)


def tokens_of(split_texts: pa.ListArray) -> Tokens:
    """Lists of tokens, as pyarrow's split functions make them -> tokens, the empty ones left out."""
    values = split_texts.flatten()
    lengths = pc.list_value_length(split_texts).to_numpy(zero_copy_only=False).astype(np.int64)
    kept = pc.greater(pc.binary_length(values), 0)
    if pc.all(kept).as_py() is False:
        rows = np.repeat(np.arange(len(lengths)), lengths)
        lengths = np.bincount(rows[kept.to_numpy(zero_copy_only=False)], minlength=len(lengths))
        values = values.filter(kept)
    return Tokens(values, lengths)


def count_tokens(
    texts: pa.LargeStringArray, split: Callable[[pa.LargeStringArray], Tokens]
) -> tuple[pa.LargeStringArray, np.ndarray]:
    """Distinct tokens in the order of their first occurrence, and how often each occurs (int64)."""
    parts = [part for part in map_chunks(lambda chunk: pc.value_counts(split(chunk).values), texts) if len(part)]
    if not parts:
        return pa.array([], pa.large_string()), np.empty(0, np.int64)
    merged = pa.concat_arrays([part.field("values") for part in parts]).dictionary_encode()
    counts = np.concatenate([part.field("counts").to_numpy() for part in parts])
    totals = np.bincount(merged.indices.to_numpy(), weights=counts)  # exact: float64 holds 2**53
    return merged.dictionary, totals.astype(np.int64)


class Vocabulary:
    """Learned tokens with ids that follow each other from `first_id`.

    Args:
        unknown_id: id of every other token; `None` leaves them out.
    """

    def __init__(self, tokens: Sequence[str], *, first_id: int, unknown_id: int | None):
        self.tokens = pa.array(tokens, pa.large_string())
        self.first_id = first_id
        self.unknown_id = unknown_id

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {token: position for position, token in enumerate(self.tokens.to_pylist())}

    def ids_of(self, tokens: Tokens) -> TokenIds:
        """Tokens -> ids, row by row."""
        if len(tokens.values) < len(self.tokens):  # index_in would hash the whole vocabulary for a few tokens
            found = np.array([self._positions.get(token, -1) for token in tokens.values.to_pylist()], np.int32)
        else:
            found = pc.index_in(tokens.values, value_set=self.tokens).fill_null(-1).to_numpy(zero_copy_only=False)
        known = found >= 0
        if self.unknown_id is not None:
            return from_lengths(np.where(known, found + self.first_id, self.unknown_id), tokens.lengths)
        rows = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
        lengths = np.bincount(rows[known], minlength=len(tokens.lengths))
        return from_lengths(found[known] + self.first_id, lengths)
