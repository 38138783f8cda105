"""Arrays in files, mapped into memory. The one door to memory maps.

Texts and token ids are mapped from files, because each text has many bytes of them. The system reads a page of a file
when it is touched, and `release_pages` gives back what was read. So memory hardly grows with the texts: encoding
500,000 short texts takes 307 MB, encoding 2,000,000 takes 337 MB (docs/experiments.md, 2026-11-26).

What has one number a text (labels, hashes, row numbers, the order of an epoch) is an ordinary array in memory.

Contract:
- An array from `map_file` is read-only. Its file may be closed, and removed, while the array is in use.
- Read front to back: with every page that is touched the system maps its neighbours. `gather` does so for any order.
- Call `release_pages` after each chunk of a large array. Released pages are read again when they are touched.
"""

import mmap
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from textclf.core.errors import TrainingError, WriteError

BLOCK_BYTES = 16 * 2**20  # of a file that are in memory at a time

_maps: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # all open maps, with the names of their files


def map_file(stream: BinaryIO, dtype: type | np.dtype) -> np.ndarray:
    """Return the content of a file as a flat, read-only array."""
    stream.flush()
    if stream.seek(0, 2) == 0:  # an empty file cannot be mapped
        return np.empty(0, dtype)
    content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    _maps[content] = stream.name
    return np.frombuffer(content, dtype)


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """Open a file without a name. It is gone when it is closed and no longer mapped.

    Raises:
        WriteError: the disk is full.
    """
    import tempfile  # here, as most predictions need none

    try:
        with tempfile.TemporaryFile() as stream:
            yield stream
    except OSError as error:
        raise WriteError(
            f"{tempfile.gettempdir()}: expected room for a temporary file of the texts: {error.strerror}. "
            "Name another folder with the environment variable TMPDIR."
        ) from None


def concatenate_on_disk(parts: Iterable[np.ndarray], dtype: type | np.dtype) -> np.ndarray:
    """Return the values of all parts, one part after the other, as a flat array mapped from a temporary file.

    Raises:
        WriteError: the disk is full.
    """
    with temporary_file() as stream:
        for part in parts:
            stream.write(np.ascontiguousarray(part, dtype).data)
        return map_file(stream, dtype)


def gather(array: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return `array[indices]`, and read a mapped array front to back, `BLOCK_BYTES` at a time."""
    if array.nbytes <= BLOCK_BYTES:
        return array[indices]
    order = np.argsort(indices, kind="stable")
    ascending = indices[order]
    gathered = np.empty((len(indices), *array.shape[1:]), array.dtype)
    for block in blocks(ascending, BLOCK_BYTES * len(array) // array.nbytes):
        gathered[order[block]] = array[ascending[block]]
    return gathered


def blocks(positions: np.ndarray, size: int) -> Iterator[slice]:
    """Split ascending positions into slices, each within `size` entries; release the pages after each."""
    start = 0
    while start < len(positions):
        stop = max(start + 1, int(np.searchsorted(positions, int(positions[start]) + size)))
        yield slice(start, stop)
        release_pages()
        start = stop


def release_pages() -> None:
    """Give back the memory of all pages that were read from mapped files."""
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for content in list(_maps):
            content.madvise(mmap.MADV_DONTNEED)


def check_not_truncated() -> None:
    """Check that the mapped files of the cache are as long as before. To read what a file has lost kills the process.

    Call it before reading files that may be open for hours.

    Raises:
        TrainingError: a file was truncated.
    """
    for content, name in list(_maps.items()):
        if isinstance(name, str) and content.size() < len(content):  # a temporary file has no name, and no other user
            raise TrainingError(
                f"{name}: expected {len(content):,} bytes, got {content.size():,}: the file was truncated while it was "
                "in use. Run the same command again: training continues, and textclf writes this file again."
            )
