"""Count the n-grams of texts by their hashes: arithmetic on whole columns, with the same result on every machine."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of
from textclf.core.text_hashing import GOLDEN_GAMMA, mix64
from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import BUCKET_BITS, BUCKETS, NgramOptions, NormalizedOptions
from textclf.preprocessing.ragged import positions
from textclf.preprocessing.unicode_classes import SPACE, classes_of
from textclf.preprocessing.word_boundaries import borders, code_points, first_bytes

CHARACTER_BUCKETS = BUCKETS // 2  # n-grams of words have the buckets below, those of characters these and above
SLICE_ROWS = 1 << (32 - BUCKET_BITS)


class Counted(NamedTuple):
    """The different n-grams of some texts, text by text, with ascending buckets in each text."""

    rows: np.ndarray  # int64 (ngrams,): which text
    buckets: np.ndarray  # int64 (ngrams,)
    counts: np.ndarray  # int64 (ngrams,): how often in this text
    num_rows: int


def count_ngrams(
    texts: pa.LargeStringArray, options: NgramOptions, normalization: NormalizedOptions
) -> Iterator[Counted]:
    """Count the n-grams of all texts, at most 256 texts at a time.

    Words are those of the tokenizer `word`. N-grams of characters read one space between words, before the first word
    and after the last.
    """
    texts = normalize(texts, normalization)
    for start in range(0, len(texts), SLICE_ROWS):
        part = texts.slice(start, SLICE_ROWS)
        view, offsets = bytes_of(part)
        content = np.frombuffer(view, np.uint8)
        points = code_points(content)
        classes, mixed = classes_of(points), mix64(points.astype(np.uint64))
        offsets = np.searchsorted(first_bytes(content), offsets)  # in characters
        hashes, lengths = _hash_words(classes, mixed, offsets)
        keys = [_keys(hashes, lengths, length, 0) for length in options.words]
        hashes, lengths = _hash_characters(classes, mixed, offsets)
        keys += [_keys(hashes, lengths, length, CHARACTER_BUCKETS) for length in options.characters]
        yield _distinct(np.concatenate([np.empty(0, np.uint32), *keys]), len(part))


def _hash_words(classes: np.ndarray, mixed: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a hash for each word, uint64, and the number of words in each text.

    Args:
        classes, mixed: class and hash of every character of all texts.
        offsets: where each text begins in them, and where the last one ends.
    """
    starts, ends = borders(classes, offsets)
    sizes = ends - starts
    firsts = np.cumsum(sizes) - sizes
    powers = np.multiply.accumulate(np.full(int(sizes.max(initial=1)), GOLDEN_GAMMA))  # modulo 2**64
    places = np.arange(int(sizes.sum())) - np.repeat(firsts, sizes)
    terms = mixed[positions(starts, sizes)] * powers[places]
    hashes = np.add.reduceat(terms, firsts) if len(firsts) else terms
    return mix64(hashes), np.diff(np.searchsorted(starts, offsets))


def _hash_characters(classes: np.ndarray, mixed: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of all characters, uint64, and their number in each text. Arguments as for `_hash_words`.

    A text begins and ends with a space, and a run of spaces within it counts as one.
    """
    solid = np.flatnonzero(classes != SPACE)
    offsets = np.searchsorted(solid, offsets)
    begins = np.diff(solid, prepend=-1) > 1  # behind a space
    begins[offsets[:-1][offsets[:-1] < len(solid)]] = True
    before = np.flatnonzero(begins)
    behind = np.repeat(offsets[1:], 1 + (np.diff(offsets) == 0))  # an empty text has both its spaces
    hashes = np.insert(mixed[solid], np.concatenate([before, behind]), mix64(np.array([ord(" ")], np.uint64)))
    return hashes, np.diff(offsets) + np.diff(np.searchsorted(before, offsets)) + 1 + (np.diff(offsets) == 0)


def _keys(hashes: np.ndarray, lengths: np.ndarray, length: int, first_bucket: int) -> np.ndarray:
    """Return row and bucket of every run of `length` hashes within a row, uint32, with the row in the highest bits."""
    ends = np.cumsum(lengths)
    runs = np.maximum(lengths - length + 1, 0)
    total = int(runs.sum())
    rows = np.repeat(np.arange(len(lengths), dtype=np.uint32), runs)
    starts = np.arange(total) + np.repeat(ends - lengths - (np.cumsum(runs) - runs), runs)
    joined = hashes[starts]
    for place in range(1, length):
        joined = joined * GOLDEN_GAMMA + hashes[starts + place]
    buckets = (mix64(joined) >> np.uint64(64 - BUCKET_BITS + 1)).astype(np.uint32) + np.uint32(first_bucket)
    return (rows << np.uint32(BUCKET_BITS)) + buckets


def _distinct(keys: np.ndarray, num_rows: int) -> Counted:
    keys = np.sort(keys)
    first = np.flatnonzero(np.diff(keys, prepend=keys[:1] + 1)) if len(keys) else np.empty(0, np.int64)
    counts = np.diff(first, append=len(keys))
    found = keys[first].astype(np.int64)
    return Counted(found >> BUCKET_BITS, found & (BUCKETS - 1), counts, num_rows)
