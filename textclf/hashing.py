"""Numbers that stand for texts: equal texts have equal ones, in every process and on every machine."""

import hashlib
from itertools import pairwise

import numpy as np
import pyarrow as pa

from textclf.parallel import map_chunks
from textclf.text_array import bytes_of


def text_hashes(texts: pa.LargeStringArray) -> np.ndarray:
    """A number for each text, uint64 (texts,). Of ten million different texts two are alike with odds of 1 to 400,000.

    A text of any length costs eight bytes, where a table of the texts themselves would need all of their memory.
    """
    return np.concatenate([np.empty(0, np.uint64), *map_chunks(_hashes, texts)])


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
