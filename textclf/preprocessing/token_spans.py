"""Tokens of many texts: where they lie in one array of bytes, and a number for each by which equal ones are found.

Numbers are compared instead of strings because that is arithmetic on whole columns; what they say is checked byte by
byte, so that two tokens with the same number are never taken for one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of
from textclf.core.text_hashing import GOLDEN_GAMMA
from textclf.preprocessing.ragged import positions

SPARE = 8  # bytes behind the texts, so that eight can be read wherever a token begins
AT_ONCE = 2**15  # tokens whose bytes are looked at together: each takes some 50 bytes for every one of its own
FIRST_BYTES = np.array([*((1 << 8 * size) - 1 for size in range(9))], np.uint64)


class TokenSpans(NamedTuple):
    """The tokens of many texts, flat; text `i` has `lengths[i]` of them. None is empty."""

    content: np.ndarray  # uint8: texts in UTF-8, and `SPARE` bytes of anything
    starts: np.ndarray  # int64 (tokens,)
    sizes: np.ndarray  # int64 (tokens,): bytes of each
    lengths: np.ndarray  # int64 (texts,)

    @property
    def values(self) -> pa.LargeStringArray:
        """The tokens as strings."""
        return strings_at(self, slice(None))


def with_spare(content: memoryview | bytes) -> np.ndarray:
    """Bytes -> uint8, with `SPARE` zeros behind them."""
    padded = np.empty(len(content) + SPARE, np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    padded[len(content) :] = 0
    return padded


def tokens_in(values: pa.LargeStringArray, lengths: np.ndarray | None = None) -> TokenSpans:
    """Strings, and the number of them in each text (by default one text has all); empty ones are left out."""
    content, offsets = bytes_of(values)
    sizes = np.diff(offsets)
    lengths = np.array([len(sizes)]) if lengths is None else lengths
    if not sizes.all():
        real = sizes > 0
        lengths = np.diff(np.append(0, np.cumsum(real))[np.append(0, np.cumsum(lengths))])
        return TokenSpans(with_spare(content), offsets[:-1][real], sizes[real], lengths)
    return TokenSpans(with_spare(content), offsets[:-1], sizes, lengths)


def strings_at(tokens: TokenSpans, at: np.ndarray | slice) -> pa.LargeStringArray:
    """Some of the tokens as strings."""
    starts, sizes = tokens.starts[at], tokens.sizes[at]
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    content = np.empty(offsets[-1], np.uint8)
    for part in _parts(len(sizes)):
        ends = offsets[part.start], offsets[part.stop]
        content[slice(*ends)] = tokens.content[positions(starts[part], sizes[part])]
    return pa.LargeStringArray.from_buffers(len(sizes), pa.py_buffer(offsets), pa.py_buffer(content))


def token_keys(tokens: TokenSpans) -> np.ndarray:
    """A number for each token, uint64: its bytes if it has at most eight, otherwise a hash of them."""
    keys = _eight_bytes(tokens.content)[tokens.starts]
    keys &= FIRST_BYTES[np.minimum(tokens.sizes, 8)]
    long = np.flatnonzero(tokens.sizes > 8)
    if len(long):
        words, firsts, places = _words_of(tokens, long)
        powers = np.multiply.accumulate(np.full(int(places.max()) + 1, GOLDEN_GAMMA))
        words ^= words >> np.uint64(32)
        words *= GOLDEN_GAMMA
        words ^= words >> np.uint64(29)
        words *= powers[places]
        keys[long] = np.add.reduceat(words, firsts)
    return keys


def equal_tokens(tokens: TokenSpans, others: TokenSpans, at: np.ndarray) -> np.ndarray:
    """Whether each token has the bytes of `others[at]`, for tokens with the same keys; bool (tokens,)."""
    equal = tokens.sizes == others.sizes[at]
    long = equal & (tokens.sizes > 8)
    if others is tokens:
        long &= at != np.arange(len(at))  # the others are themselves
    long = np.flatnonzero(long)
    for part in _parts(len(long)):
        words, firsts, _ = _words_of(tokens, long[part])
        equal[long[part]] = np.logical_and.reduceat(words == _words_of(others, at[long[part]])[0], firsts)
    return equal


def key_column(keys: np.ndarray) -> pa.UInt64Array:
    """Keys as pyarrow's functions take them, not copied."""
    return pa.UInt64Array.from_buffers(pa.uint64(), len(keys), [None, pa.py_buffer(keys)])


def factorize(tokens: TokenSpans, keys: np.ndarray, *, sort: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The number of each token among the different ones, in the order in which they come first; and where that is.

    Args:
        sort: slower for tokens that come again and again, in a third of the memory where most come once.
    """
    numbers, firsts = _numbered_by_sorting(keys) if sort else _numbered(key_column(keys))
    if not equal_tokens(tokens, tokens, firsts[numbers]).all():  # two tokens with the same key
        return _numbered(tokens.values)
    return numbers, firsts


def _numbered(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    encoded = values.dictionary_encode()
    numbers = np.from_dlpack(encoded.indices)
    firsts = np.empty(len(encoded.dictionary), np.int64)
    firsts[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of several the last to be written stays
    return numbers, firsts


def _numbered_by_sorting(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(keys, kind="stable")
    begins = np.append(True, np.diff(keys[order]) != 0)[: len(keys)]  # of equal ones the first to come
    is_first = np.zeros(len(keys), bool)
    is_first[order[begins]] = True
    ranks = np.cumsum(is_first, dtype=np.int32) - 1
    numbers = np.empty(len(keys), np.int32)
    numbers[order] = ranks[order[begins]][np.cumsum(begins) - 1]
    return numbers, np.flatnonzero(is_first)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, AT_ONCE):
        yield slice(start, min(start + AT_ONCE, count))


def _eight_bytes(content: np.ndarray) -> np.ndarray:
    """At every place the eight bytes from there on as one number, the first byte the lowest. Nothing is copied."""
    return np.ndarray(len(content) - SPARE + 1, "<u8", buffer=content, strides=(1,))


def _words_of(tokens: TokenSpans, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some tokens, eight bytes at a time, the last ones filled up with zeros.

    Returns:
        All eight bytes, uint64 (words,); the first word of each token, (tokens,); the number of each in its token,
        (words,).
    """
    starts, sizes = tokens.starts[at], tokens.sizes[at]
    counts = (sizes + 7) // 8
    ends = np.cumsum(counts)
    firsts = ends - counts
    places = np.arange(ends[-1]) - np.repeat(firsts, counts)
    words = _eight_bytes(tokens.content)[np.repeat(starts, counts) + 8 * places]
    words[ends - 1] &= FIRST_BYTES[sizes - 8 * (counts - 1)]
    return words, firsts, places
