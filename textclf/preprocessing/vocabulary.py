"""Counting tokens and turning them into ids, a whole column of texts at a time."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.parallel import map_chunks
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.token_ids import TokenIds, from_lengths
from textclf.preprocessing.tokenizer import Tokenizer
from textclf.text_array import text_array

UNKNOWN_ID = 1
FIRST_ID = 2
NOT_FOUND = pa.Int32Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(np.array([-1], np.int32))])[0]


class Tokens(NamedTuple):
    """The tokens of many texts, flat; text `i` has `lengths[i]` of them. Empty ones are still there."""

    values: pa.LargeStringArray
    lengths: np.ndarray  # int64 (texts,)


Split = Callable[[pa.LargeStringArray, Any], Tokens]  # the second are the options of the tokenizer


def tokens_of(split_texts: pa.ListArray) -> Tokens:
    """Lists of tokens, as pyarrow's split functions make them -> flat tokens."""
    # Not `to_numpy`, which imports pandas, as also a Python number given to a function of pyarrow does: that
    # takes longer than to answer.
    return Tokens(split_texts.flatten(), np.diff(np.from_dlpack(split_texts.offsets)).astype(np.int64))


def count_tokens(texts: pa.LargeStringArray, split: Callable[[pa.LargeStringArray], Tokens]) -> dict[str, int]:
    """Distinct tokens in the order of their first occurrence, and how often each occurs.

    A dictionary that grows with them, and not with the texts: to put columns of counts together takes several times
    the memory of both, each time.
    """
    counts: dict[str, int] = {}
    for part in map_chunks(lambda chunk: pc.value_counts(split(chunk).values), texts):
        for token, count in zip(part.field("values").to_pylist(), part.field("counts").to_pylist(), strict=True):
            counts[token] = counts.get(token, 0) + count
    counts.pop("", None)
    return counts


def _byte_lengths(values: pa.LargeStringArray) -> np.ndarray:
    offsets = np.frombuffer(values.buffers()[1], np.int64)[values.offset : values.offset + len(values) + 1]
    return np.diff(offsets)


def checked_tokens(tokens: list[str]) -> pa.LargeStringArray:
    """Tokens that may come from a stranger's file, as a column.

    Raises:
        TypeError, ValueError: no list of different tokens.
    """
    if not isinstance(tokens, list):
        raise TypeError("expected a list of tokens")
    column = text_array(tokens)
    if len(set(tokens)) < len(tokens) or "" in tokens:
        raise ValueError("expected tokens that are different and not empty")
    return column


class Vocabulary:
    """Learned tokens with ids that follow each other from `first_id`.

    Args:
        unknown_id: id of every other token; `None` leaves them out.

    Raises:
        TypeError, ValueError: no list of different tokens.
    """

    def __init__(self, tokens: list[str], *, first_id: int, unknown_id: int | None):
        self.tokens = checked_tokens(tokens)
        self.first_id = first_id
        self.unknown_id = unknown_id

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {token: position for position, token in enumerate(self.tokens.to_pylist())}

    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: self.first_id + position for token, position in self._positions.items()}

    def ids_of(self, tokens: Tokens) -> TokenIds:
        """Tokens -> ids, row by row."""
        if len(tokens.values) < len(self.tokens):  # index_in would hash the whole vocabulary for a few tokens
            positions = (self._positions.get(token, -1) for token in tokens.values.to_pylist())
            found: np.ndarray = np.fromiter(positions, np.int32)
        else:
            found = np.from_dlpack(pc.fill_null(pc.index_in(tokens.values, value_set=self.tokens), NOT_FOUND))
        rows = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
        kept = found >= 0 if self.unknown_id is None else _byte_lengths(tokens.values) > 0
        ids = np.where(found >= 0, found + self.first_id, self.unknown_id or 0)
        return from_lengths(ids[kept], np.bincount(rows[kept], minlength=len(tokens.lengths)))


def learn_vocabulary(texts: pa.LargeStringArray, options: NormalizedOptions, split: Split) -> list[str]:
    """The most frequent tokens; of equally frequent ones the alphabetically first."""
    counts = count_tokens(texts, lambda chunk: split(chunk, options))
    size, least = options.vocabulary_size - FIRST_ID, options.min_frequency
    if len(counts) > size > 0:  # most tokens are too rare to be sorted
        frequencies = np.fromiter(counts.values(), np.int64, len(counts))
        least = max(least, np.partition(frequencies, -size)[-size])
    frequent = (token for token, count in counts.items() if count >= least)
    return sorted(frequent, key=lambda token: (-counts[token], token))[:size]


def load_vocabulary(tokens: list[str], options: NormalizedOptions, split: Split) -> Tokenizer:
    """Learned tokens -> a tokenizer."""
    vocabulary = Vocabulary(tokens, first_id=FIRST_ID, unknown_id=UNKNOWN_ID)
    return Tokenizer(
        encode=lambda texts: vocabulary.ids_of(split(texts, options)),
        num_ids=FIRST_ID + len(vocabulary.tokens),
        unknown_id=UNKNOWN_ID,
        ids=vocabulary.ids,
    )
