"""Tokens of many texts as spans of one array of bytes, with a key for each, by which equal tokens are found.

Comparing keys is arithmetic on whole columns, which is faster than comparing strings. Tokens with the same key are then
compared byte by byte, so two different tokens with the same key stay two.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of
from textclf.core.text_hashing import GOLDEN_GAMMA
from textclf.preprocessing.ragged import positions

SPARE = 8  # bytes after the texts, so that eight bytes can be read wherever a token begins
AT_ONCE = 2**15  # tokens compared together: each takes about 50 bytes of memory for every byte of its own
FIRST_BYTES = np.array([*((1 << 8 * size) - 1 for size in range(9))], np.uint64)


class TokenSpans(NamedTuple):
    """The tokens of many texts, flat. Text `i` has `lengths[i]` tokens. No token is empty."""

    content: np.ndarray  # uint8: texts in UTF-8, then `SPARE` bytes of any value
    starts: np.ndarray  # int64 (tokens,)
    sizes: np.ndarray  # int64 (tokens,): bytes of each
    lengths: np.ndarray  # int64 (texts,)

    @property
    def values(self) -> pa.LargeStringArray:
        """The tokens as strings."""
        return strings_at(self, slice(None))


def with_spare(content: memoryview | bytes) -> np.ndarray:
    """Return the bytes as uint8, followed by `SPARE` zeros."""
    padded = np.empty(len(content) + SPARE, np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    padded[len(content) :] = 0
    return padded


def tokens_in(values: pa.LargeStringArray, lengths: np.ndarray | None = None) -> TokenSpans:
    """Return strings as tokens, without empty ones.

    Args:
        lengths: number of strings in each text; by default one text has all.
    """
    content, offsets = bytes_of(values)
    sizes = np.diff(offsets)
    lengths = np.array([len(sizes)]) if lengths is None else lengths
    if not sizes.all():
        real = sizes > 0
        lengths = np.diff(np.append(0, np.cumsum(real))[np.append(0, np.cumsum(lengths))])
        return TokenSpans(with_spare(content), offsets[:-1][real], sizes[real], lengths)
    return TokenSpans(with_spare(content), offsets[:-1], sizes, lengths)


def strings_at(tokens: TokenSpans, at: np.ndarray | slice) -> pa.LargeStringArray:
    """Return the tokens at `at` as strings."""
    starts, sizes = tokens.starts[at], tokens.sizes[at]
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    content = np.empty(offsets[-1], np.uint8)
    for part in _parts(len(sizes)):
        ends = offsets[part.start], offsets[part.stop]
        content[slice(*ends)] = tokens.content[positions(starts[part], sizes[part])]
    return pa.LargeStringArray.from_buffers(len(sizes), pa.py_buffer(offsets), pa.py_buffer(content))


def token_keys(tokens: TokenSpans) -> np.ndarray:
    """Return a key for each token, uint64: its bytes, or a hash of them if there are more than eight."""
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
    """Return whether each token has the same bytes as `others[at]`, bool (tokens,). Their keys must be equal."""
    equal = tokens.sizes == others.sizes[at]
    long = equal & (tokens.sizes > 8)
    if others is tokens:
        long &= at != np.arange(len(at))  # equal to itself
    long = np.flatnonzero(long)
    for part in _parts(len(long)):
        words, firsts, _ = _words_of(tokens, long[part])
        equal[long[part]] = np.logical_and.reduceat(words == _words_of(others, at[long[part]])[0], firsts)
    return equal


def key_column(keys: np.ndarray) -> pa.UInt64Array:
    """Return the keys as a pyarrow array, without a copy."""
    return pa.UInt64Array.from_buffers(pa.uint64(), len(keys), [None, pa.py_buffer(keys)])


def factorize(tokens: TokenSpans, keys: np.ndarray, *, sort: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Number the different tokens in the order of their first occurrence, as `pandas.factorize` does.

    Args:
        sort: whether to sort the keys instead of using a hash table. It takes a third of the memory if most tokens
            occur once, and is slower if they repeat.

    Returns:
        The number of each token, int32 (tokens,), and the first position of each different token, int64.
    """
    numbers, firsts = _numbered_by_sorting(keys) if sort else _numbered(key_column(keys))
    if not equal_tokens(tokens, tokens, firsts[numbers]).all():  # two tokens with the same key
        return _numbered(tokens.values)
    return numbers, firsts


def _numbered(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    encoded = values.dictionary_encode()
    numbers = np.from_dlpack(encoded.indices)
    firsts = np.empty(len(encoded.dictionary), np.int64)
    firsts[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of equal indices the last one written stays
    return numbers, firsts


def _numbered_by_sorting(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(keys, kind="stable")
    begins = np.append(True, np.diff(keys[order]) != 0)[: len(keys)]  # the first of each group of equal keys
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
    """View the eight bytes from each position on as one little-endian number, without a copy."""
    return np.ndarray(len(content) - SPARE + 1, "<u8", buffer=content, strides=(1,))


def _words_of(tokens: TokenSpans, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut the tokens at `at` into words of eight bytes; the last word of a token is padded with zeros.

    Returns:
        The words, uint64 (words,); the first word of each token, (tokens,); the number of each word within its token,
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
