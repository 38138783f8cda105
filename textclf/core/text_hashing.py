"""Numbers that stand for texts: equal texts have equal numbers, in every process and on every machine."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from textclf.core.parallel import map_chunks
from textclf.core.text_column import bytes_of

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
    """Return a hash of each text, uint64 (texts,).

    It takes eight bytes a text, where comparing the texts themselves would need all of them in memory. Of 10,000,000
    different texts, two have the same hash with a probability of 1 in 400,000.
    """
    return np.concatenate(list(map_chunks(_hashes, texts)))


def group_equal(columns: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Number the groups of equal texts: in all columns, equal hashes get the same number.

    Args:
        columns: hashes of texts, uint64 (texts,) each.

    Returns:
        For each column the group of each text, int32 (texts,). Groups are numbered from 0, by ascending hash.
    """
    hashes = np.concatenate(columns)
    order = np.argsort(hashes)
    ascending = hashes[order]
    groups = np.zeros(len(hashes), np.int32)  # not by `np.unique`, which takes twice the memory
    groups[order[1:]] = np.cumsum(ascending[1:] != ascending[:-1], dtype=np.int32)
    return np.split(groups, np.cumsum([len(column) for column in columns])[:-1])


def texts_digest(texts: pa.LargeStringArray) -> str:
    """Return the SHA-256 of all texts in their order, in hexadecimal."""
    contents, ends = hashlib.sha256(), hashlib.sha256()
    for content, offsets in map_chunks(bytes_of, texts):
        contents.update(content)
        ends.update(np.diff(offsets).tobytes())
    return hashlib.sha256(contents.digest() + ends.digest()).hexdigest()


def _hashes(texts: pa.LargeStringArray) -> np.ndarray:
    content, offsets = bytes_of(texts)
    digests = (hashlib.blake2b(content[start:end], digest_size=8).digest() for start, end in pairwise(offsets.tolist()))
    return np.frombuffer(b"".join(digests), np.uint64)
