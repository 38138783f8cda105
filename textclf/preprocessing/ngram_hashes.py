"""Texts -> the hashes of their n-grams, counted: arithmetic on whole columns, the same on every machine."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import BUCKET_BITS, BUCKETS, NgramOptions, NormalizedOptions
from textclf.preprocessing.separation import HAN, KANA, one_space, separate, words_of
from textclf.text_array import bytes_of

CHARACTER_BUCKETS = BUCKETS // 2  # n-grams of words have the buckets below, those of characters these and above
SLICE_ROWS = 1 << (32 - BUCKET_BITS)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd: multiplying by it loses nothing


class Counted(NamedTuple):
    """The different n-grams of some texts, text by text, buckets ascending within each."""

    rows: np.ndarray  # int64 (ngrams,): which text
    buckets: np.ndarray  # int64 (ngrams,)
    counts: np.ndarray  # int64 (ngrams,): how often in this text
    num_rows: int


def count_ngrams(
    texts: pa.LargeStringArray, options: NgramOptions, normalization: NormalizedOptions
) -> Iterator[Counted]:
    """The n-grams of all texts, in slices of at most 256 texts.

    Words are those of the tokenizer `word`; characters are taken with one space between words, before the first and
    behind the last.
    """
    texts = normalize(texts, normalization)
    tokens = words_of(separate(texts, HAN + KANA))
    ends = np.concatenate(([0], np.cumsum(tokens.lengths)))
    spaced = one_space(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts)))
    for start in range(0, len(texts), SLICE_ROWS):
        stop = min(start + SLICE_ROWS, len(texts))
        values = tokens.values.slice(ends[start], ends[stop] - ends[start])
        hashes, lengths = _hash_words(values, tokens.lengths[start:stop])
        keys = [_keys(hashes, lengths, length, 0) for length in options.words]
        hashes, lengths = _hash_characters(spaced.slice(start, stop - start))
        keys += [_keys(hashes, lengths, length, CHARACTER_BUCKETS) for length in options.characters]
        yield _distinct(np.concatenate([np.empty(0, np.uint32), *keys]), stop - start)


def _code_points(texts: pa.LargeStringArray) -> np.ndarray:
    """All characters of all texts, uint32."""
    return np.frombuffer(str(bytes_of(texts)[0], "utf-8").encode("utf-32-le"), "<u4")


def _lengths(texts: pa.LargeStringArray) -> np.ndarray:
    """Characters of each text."""
    return np.from_dlpack(pc.utf8_length(texts)).astype(np.int64)


def _hash_words(words: pa.LargeStringArray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A hash for each word that is not empty, uint64, and the number of them in each text."""
    characters = _lengths(words)
    real = characters > 0
    rows = np.repeat(np.arange(len(lengths)), lengths)[real]
    characters = characters[real]
    starts = np.cumsum(characters) - characters
    powers = np.full(int(characters.max(initial=1)), MULTIPLIER)
    powers = np.multiply.accumulate(powers)  # of the multiplier, modulo 2**64
    places = np.arange(int(characters.sum())) - np.repeat(starts, characters)
    terms = _mixed(_code_points(words).astype(np.uint64)) * powers[places]
    hashes = np.add.reduceat(terms, starts) if len(starts) else terms
    return _mixed(hashes), np.bincount(rows, minlength=len(lengths))


def _hash_characters(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """A hash for each character, uint64, with a space before and behind each text, and the number of them."""
    lengths = _lengths(texts)
    ends = np.cumsum(lengths)
    points = np.insert(_code_points(texts), np.stack([ends - lengths, ends], 1).ravel(), ord(" "))
    return _mixed(points.astype(np.uint64)), lengths + 2


def _keys(hashes: np.ndarray, lengths: np.ndarray, length: int, first_bucket: int) -> np.ndarray:
    """Row and bucket of every run of `length` hashes within a row, uint32: the row in the highest bits."""
    ends = np.cumsum(lengths)
    runs = np.maximum(lengths - length + 1, 0)
    total = int(runs.sum())
    rows = np.repeat(np.arange(len(lengths), dtype=np.uint32), runs)
    starts = np.arange(total) + np.repeat(ends - lengths - (np.cumsum(runs) - runs), runs)
    joined = hashes[starts]
    for place in range(1, length):
        joined = joined * MULTIPLIER + hashes[starts + place]
    buckets = (_mixed(joined) >> np.uint64(64 - BUCKET_BITS + 1)).astype(np.uint32) + np.uint32(first_bucket)
    return (rows << np.uint32(BUCKET_BITS)) + buckets


def _distinct(keys: np.ndarray, num_rows: int) -> Counted:
    keys = np.sort(keys)
    first = np.flatnonzero(np.diff(keys, prepend=keys[:1] + 1)) if len(keys) else np.empty(0, np.int64)
    counts = np.diff(first, append=len(keys))
    found = keys[first].astype(np.int64)
    return Counted(found >> BUCKET_BITS, found & (BUCKETS - 1), counts, num_rows)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Every bit of the result depends on every bit of the value: the finalizer of splitmix64 (Steele et al. 2014)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
