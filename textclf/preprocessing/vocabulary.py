"""Count tokens, learn a vocabulary, and turn tokens into ids, a whole column of texts at a time."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.memmap import map_file, release_pages, temporary_file
from textclf.core.parallel import map_chunks
from textclf.core.text_column import text_array
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.ragged import Ragged, truncate
from textclf.preprocessing.token_spans import (
    TokenSpans,
    equal_tokens,
    factorize,
    key_column,
    strings_at,
    token_keys,
    tokens_in,
)
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer

UNKNOWN_ID = 1
FIRST_ID = 2
NOT_FOUND = pa.Int32Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(np.array([-1], np.int32))])[0]
FEW_COUNTS = 2**18  # counts of different tokens that wait to be merged; more take more memory
ROWS_AT_ONCE = 8192  # encoded at a time by `learn_and_encode`
FEW_TOKENS = 20_000  # up to which binary search is faster than a hash table of the vocabulary


class Counts(NamedTuple):
    """The different tokens in the order of their first occurrence, and how often each occurs."""

    tokens: pa.LargeStringArray
    keys: np.ndarray  # uint64 (tokens,), as from `token_keys`
    counts: np.ndarray  # int64 (tokens,)


NOTHING = Counts(text_array([]), np.empty(0, np.uint64), np.empty(0, np.int64))
Split = Callable[[pa.LargeStringArray, Any], TokenSpans]  # the second argument is the options of the tokenizer


def tokens_of(split_texts: pa.ListArray) -> TokenSpans:
    """Return the tokens of lists of strings, as pyarrow's split functions make them."""
    # Not `to_numpy`, which imports pandas, and that takes longer than a prediction. A Python number as an argument of a
    # pyarrow function imports it, too.
    return tokens_in(split_texts.flatten(), np.diff(np.from_dlpack(split_texts.offsets)).astype(np.int64))


def count_tokens(
    texts: pa.LargeStringArray,
    split: Callable[[pa.LargeStringArray], TokenSpans],
    keep: Callable[[Ragged], object] | None = None,
) -> Counts:
    """Count the different tokens of all texts. The memory grows with the different tokens, not with the texts.

    Args:
        keep: called with the texts in their order, chunk by chunk, each token as its position in the counts.
    """
    whole, waiting, size = NOTHING, [], 0
    for counts, rows in map_chunks(lambda chunk: _counted(split(chunk)), texts):
        waiting.append((counts, rows if keep else None))
        size += len(counts.counts)
        if size > max(FEW_COUNTS, len(whole.counts) // 4):  # so that the whole is not merged too often
            whole, waiting, size = _added(whole, waiting, keep), [], 0
            pa.default_memory_pool().release_unused()
    return _added(whole, waiting, keep)


def _counted(tokens: TokenSpans) -> tuple[Counts, Ragged]:
    keys = token_keys(tokens)
    numbers, firsts = factorize(tokens, keys)
    counts = Counts(strings_at(tokens, firsts), keys[firsts], np.bincount(numbers, minlength=len(firsts)))
    return counts, Ragged.from_lengths(numbers, tokens.lengths)


def _added(whole: Counts, waiting: list, keep: Callable[[Ragged], object] | None) -> Counts:
    """Merge the waiting counts into the whole, whose tokens keep their positions."""
    parts = [whole, *(counts for counts, _ in waiting)]
    merged, numbers = _merged(parts)
    if keep:
        ends = np.cumsum([len(counts.counts) for counts in parts])
        for (_, rows), start, end in zip(waiting, ends, ends[1:], strict=False):
            keep(Ragged(numbers[start:end][rows.values], rows.offsets))
    return merged


def _merged(parts: list[Counts]) -> tuple[Counts, np.ndarray]:
    """Return the counts of all parts as one, and the position in it of each token of the parts, part after part."""
    keys, counts = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    tokens = tokens_in(pa.concat_arrays([part.tokens for part in parts]))
    numbers, firsts = factorize(tokens, keys, sort=True)
    added = np.bincount(numbers, counts, len(firsts)).astype(np.int64)  # exact: floats below 2**53
    return Counts(strings_at(tokens, firsts), keys[firsts], added), numbers


def checked_tokens(tokens: list[str]) -> pa.LargeStringArray:
    """Return tokens from a file of unknown origin as a column.

    Raises:
        TypeError, ValueError: it is no list of different, non-empty tokens.
    """
    if not isinstance(tokens, list):
        raise TypeError("expected a list of tokens")
    column = text_array(tokens)
    if len(set(tokens)) < len(tokens) or "" in tokens:
        raise ValueError("expected tokens that are different and not empty")
    return column


class Vocabulary:
    """Learned tokens, with consecutive ids from `first_id` on.

    Args:
        unknown_id: the id of every other token; `None` drops other tokens.

    Raises:
        TypeError, ValueError: `tokens` is no list of different, non-empty tokens.
    """

    def __init__(self, tokens: list[str], *, first_id: int, unknown_id: int | None):
        self.tokens = checked_tokens(tokens)
        self.first_id = first_id
        self.unknown_id = unknown_id

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {token: position for position, token in enumerate(self.tokens.to_pylist())}

    @cached_property
    def _by_key(self) -> tuple[TokenSpans, np.ndarray, np.ndarray] | None:
        """The tokens, their keys, and the ascending order of these; `None` if two tokens have the same key."""
        tokens = tokens_in(self.tokens)
        keys = token_keys(tokens)
        order = np.argsort(keys)
        return None if (np.diff(keys[order]) == 0).any() else (tokens, keys, order)

    def ids(self) -> dict[str, int]:
        """Return the id of every token."""
        return {token: self.first_id + position for token, position in self._positions.items()}

    def ids_of(self, tokens: TokenSpans) -> Ragged:
        """Return the ids of the tokens, a row a text."""
        found = self._positions_of(tokens)
        known = found >= 0
        ids = np.where(known, found + self.first_id, self.unknown_id or 0)
        if self.unknown_id is not None:
            return Ragged.from_lengths(ids, tokens.lengths)
        rows = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
        return Ragged.from_lengths(ids[known], np.bincount(rows[known], minlength=len(tokens.lengths)))

    def _positions_of(self, tokens: TokenSpans) -> np.ndarray:
        """Return the position of each token in the vocabulary, or -1."""
        if not len(self.tokens) or not len(tokens.starts):
            return np.full(len(tokens.starts), -1, np.int32)
        if self._by_key is None:
            strings = tokens.values.to_pylist()
            return np.fromiter((self._positions.get(token, -1) for token in strings), np.int32, len(strings))
        vocabulary, keys, order = self._by_key
        wanted = token_keys(tokens)
        found = _looked_up(wanted, keys) if len(wanted) > FEW_TOKENS else _searched(wanted, keys, order)
        return np.where((found >= 0) & equal_tokens(tokens, vocabulary, found), found, -1)


def _searched(wanted: np.ndarray, keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the position of each key, or -1, by binary search."""
    places = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[places] == wanted, places, -1)


def _looked_up(wanted: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return the same by a hash table of the keys."""
    import pyarrow.compute as pc

    return np.from_dlpack(pc.fill_null(pc.index_in(key_column(wanted), value_set=key_column(keys)), NOT_FOUND))


def learn_vocabulary(texts: pa.LargeStringArray, options: NormalizedOptions, split: Split) -> list[str]:
    """Return the most frequent tokens; of equally frequent ones the alphabetically first."""
    return most_frequent(count_tokens(texts, lambda chunk: split(chunk, options)), options)[0]


def most_frequent(counted: Counts, options: NormalizedOptions) -> tuple[list[str], np.ndarray]:
    """Return the tokens of a vocabulary in the order of their ids, and their positions in the counts."""
    size, least = options.vocabulary_size - FIRST_ID, options.min_frequency
    if len(counted.counts) > size > 0:  # do not sort the many tokens that are too rare
        least = max(least, np.partition(counted.counts, -size)[-size])
    frequent = np.flatnonzero(counted.counts >= least)
    tokens, counts = strings_at(tokens_in(counted.tokens), frequent).to_pylist(), counted.counts[frequent].tolist()
    order = sorted(range(len(tokens)), key=tokens.__getitem__)
    order = sorted(order, key=counts.__getitem__, reverse=True)[
        :size
    ]  # stable: equal counts stay in alphabetical order
    return [tokens[number] for number in order], frequent[order]


def learn_and_encode(
    texts: pa.LargeStringArray, options: NormalizedOptions, split: Split
) -> tuple[list[str], Iterator[Ragged]]:
    """Return the vocabulary of `learn_vocabulary`, and the ids of the texts, cut to `sequence_length`, chunk by chunk.

    The texts are split once, not twice: in between, the numbers of all tokens are in a temporary file, four bytes each.

    Raises:
        WriteError: the disk is full.
    """
    with temporary_file() as numbers, temporary_file() as offsets:
        end = np.zeros(1, np.int64)
        offsets.write(end.tobytes())

        def keep(rows: Ragged) -> None:
            rows = truncate(rows, options.sequence_length, options.truncating)
            numbers.write(rows.values.tobytes())
            offsets.write((rows.offsets[1:] + end).tobytes())
            end[0] += rows.offsets[-1]

        counted = count_tokens(texts, lambda chunk: split(chunk, options), keep)
        kept = Ragged(map_file(numbers, np.int32), map_file(offsets, np.int64))
    vocabulary, places = most_frequent(counted, options)
    ids = np.full(len(counted.counts), UNKNOWN_ID, np.int32)
    ids[places] = np.arange(FIRST_ID, FIRST_ID + len(places))
    return vocabulary, _rows(kept, ids)


def _rows(kept: Ragged, ids: np.ndarray) -> Iterator[Ragged]:
    for start in range(0, len(kept.offsets) - 1, ROWS_AT_ONCE):
        offsets = kept.offsets[start : start + ROWS_AT_ONCE + 1]
        yield Ragged(ids[kept.values[offsets[0] : offsets[-1]]], offsets - offsets[0])
        release_pages()


def load_vocabulary(tokens: list[str], options: NormalizedOptions, split: Split) -> Tokenizer:
    """Return a tokenizer with these learned tokens."""
    vocabulary = Vocabulary(tokens, first_id=FIRST_ID, unknown_id=UNKNOWN_ID)
    return Tokenizer(
        encode=lambda texts: vocabulary.ids_of(split(texts, options)),
        num_ids=FIRST_ID + len(vocabulary.tokens),
        unknown_id=UNKNOWN_ID,
        ids=vocabulary.ids,
    )
