"""Numbers that stand for texts: equal texts have equal ones, in every process and on every machine."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa

from textclf.core.memmap import pieces, release_pages, stored, stored_zeros
from textclf.core.parallel import map_chunks
from textclf.core.text_column import bytes_of

LARGEST_PART = 250_000  # texts that are compared at a time
GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd: multiplying by it loses nothing


def mix64(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of which every bit depends on every bit of the input, uint64 of the same shape.

    The finalizer of SplitMix64 (Steele, Lea & Flood 2014). It maps 0 to 0, and no two numbers to the same one.

    Args:
        numbers: uint64; not changed.
    """
    mixed = numbers ^ (numbers >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def text_hashes(texts: pa.LargeStringArray) -> np.ndarray:
    """A number for each text, uint64 (texts,). Of ten million different texts two are alike with odds of 1 to 400,000.

    A text of any length costs eight bytes, where a table of the texts themselves would need all of their memory.
    """
    return stored(map_chunks(_hashes, texts), np.uint64)


def group_equal(columns: Sequence[np.ndarray]) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
    """Texts by their hashes, a part at a time: equal texts are in one part, in whichever columns they are.

    Args:
        columns: hashes of texts, uint64 (texts,) each.

    Yields:
        For each column the rows that belong to the part, ascending, and a number for the text of each. The numbers of
        a part begin with 0 and follow the hashes; all hashes of a part are above those of the part before.
    """
    ends = list(accumulate(map(len, columns)))
    for rows, hashes in _by_range(columns):
        _, numbers = np.unique(hashes, return_inverse=True)
        borders = np.searchsorted(rows, ends)
        starts = zip([0, *borders[:-1]], borders, [0, *ends[:-1]], strict=True)
        yield [(rows[start:stop] - first, numbers[start:stop]) for start, stop, first in starts]


def texts_digest(texts: pa.LargeStringArray) -> str:
    """SHA-256 of all texts in their order, in hexadecimal."""
    contents, ends = hashlib.sha256(), hashlib.sha256()
    for content, offsets in map_chunks(bytes_of, texts):
        contents.update(content)
        ends.update(np.diff(offsets).tobytes())
    return hashlib.sha256(contents.digest() + ends.digest()).hexdigest()


def _hashes(texts: pa.LargeStringArray) -> np.ndarray:
    content, offsets = bytes_of(texts)
    digests = (hashlib.blake2b(content[start:end], digest_size=8).digest() for start, end in pairwise(offsets.tolist()))
    return np.frombuffer(b"".join(digests), np.uint64)


def _by_range(columns: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows, counted through all columns, and their hashes: a range of hashes at a time, the lowest first."""
    total = sum(map(len, columns))
    bits = max(0, -(-total // LARGEST_PART) - 1).bit_length()
    if not bits:
        yield np.arange(total), np.concatenate(columns)
        return

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for column in columns:
            for some in pieces(len(column)):
                yield column[some], (column[some] >> np.uint64(64 - bits)).astype(np.int64)

    ends = np.cumsum(sum(np.bincount(ranges, minlength=1 << bits) for _, ranges in parts()))
    free, done = np.concatenate([[0], ends[:-1]]), 0
    rows, hashes = stored_zeros(total, np.int64), stored_zeros(total, np.uint64)
    for part, ranges in parts():
        order, sizes = np.argsort(ranges, kind="stable"), np.bincount(ranges, minlength=1 << bits)
        places = np.arange(len(part)) + (free - np.cumsum(sizes) + sizes)[ranges[order]]
        rows[places], hashes[places] = done + order, part[order]
        free, done = free + sizes, done + len(part)
    for start, stop in pairwise([0, *ends.tolist()]):
        if start < stop:
            yield rows[start:stop], hashes[start:stop]
            release_pages()
