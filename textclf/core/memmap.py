"""Arrays in files, mapped into memory: what is touched is read, and given back when it is no longer needed."""

import mmap
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

import numpy as np

from textclf.core.errors import TrainingError, WriteError

LARGEST_IN_MEMORY = 2 * 2**20  # bytes of an array with an entry for each text
STRETCH = 16 * 2**20  # bytes of a file that are in memory at a time
PIECE = 100_000  # entries that are worked on at a time

_maps: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # all that are open, with the names of their files


def map_file(stream: BinaryIO, dtype: type | np.dtype, *, writable: bool = False) -> np.ndarray:
    """The content of a file as a flat array. The file may be closed, and even removed, after.

    Args:
        writable: what is written into the array is in the file, and can be given back as what was read.
    """
    stream.flush()
    if stream.seek(0, 2) == 0:  # nothing cannot be mapped
        return np.empty(0, dtype)
    content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ)
    _maps[content] = stream.name
    return np.frombuffer(content, dtype)


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """A file without a name, gone when it is closed and no longer mapped.

    Raises:
        WriteError: there is no room for it.
    """
    import tempfile  # here, as most answers need none

    try:
        with tempfile.TemporaryFile() as stream:
            yield stream
    except OSError as error:
        raise WriteError(
            f"{tempfile.gettempdir()}: expected room for a temporary file of the texts: {error.strerror}. "
            "Name another folder with the environment variable TMPDIR."
        ) from None


def concatenate_on_disk(parts: Iterable[np.ndarray], dtype: type | np.dtype, *, writable: bool = False) -> np.ndarray:
    """Flat arrays one after the other, mapped from a temporary file.

    Raises:
        WriteError: there is no room for the file.
    """
    with temporary_file() as stream:
        for part in parts:
            stream.write(np.ascontiguousarray(part, dtype).data)
        return map_file(stream, dtype, writable=writable)


def stored(parts: Iterable[np.ndarray], dtype: type | np.dtype, row: tuple[int, ...] = ()) -> np.ndarray:
    """Arrays one after the other: in memory, or, where they are large, mapped from a temporary file.

    Args:
        row: shape of a row, if the arrays are not flat.

    Raises:
        WriteError: there is no room for the file.
    """
    gathered, size, rest = [np.empty((0, *row), dtype)], 0, iter(parts)
    for part in rest:
        gathered.append(part)
        size += part.nbytes
        if size > LARGEST_IN_MEMORY:
            return concatenate_on_disk(chain(gathered, rest), dtype).reshape(-1, *row)
    return np.concatenate(gathered, dtype=dtype)


def stored_zeros(rows: int, dtype: type | np.dtype) -> np.ndarray:
    """Zeros to write into: in memory, or, where they are many, in a temporary file.

    Raises:
        WriteError: there is no room for the file.
    """
    if rows * np.dtype(dtype).itemsize <= LARGEST_IN_MEMORY:
        return np.zeros(rows, dtype)
    # Written, and not only asked for: a disk that is full is found now, not by a signal later.
    return concatenate_on_disk(
        (np.zeros(piece.stop - piece.start, dtype) for piece in pieces(rows)), dtype, writable=True
    )


def pieces(rows: int, most: int = PIECE) -> Iterator[slice]:
    """All rows in slices of at most so many; the pages that were read of one are given back before the next."""
    for start in range(0, rows, most):
        yield slice(start, min(start + most, rows))
        release_pages()


def stretches(places: np.ndarray, most: int) -> Iterator[slice]:
    """Ascending places cut into slices within which no two are `most` or more apart; pages as for `pieces`."""
    start = 0
    while start < len(places):
        stop = max(start + 1, int(np.searchsorted(places, int(places[start]) + most)))
        yield slice(start, stop)
        release_pages()
        start = stop


def gather(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`array[places]`, of an array that may lie in a file: it is read front to back, a stretch at a time."""
    if array.nbytes <= STRETCH:
        return array[places]
    order = np.argsort(places, kind="stable")
    ascending = places[order]
    taken = np.empty((len(places), *array.shape[1:]), array.dtype)
    for some in stretches(ascending, STRETCH * len(array) // array.nbytes):
        taken[order[some]] = array[ascending[some]]
    return taken


def release_pages() -> None:
    """Let go of the pages that were read: memory does not grow while a large file is gone through.

    What is touched again comes back from the system's cache of files, as long as there is room for it.
    """
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for content in list(_maps):
            content.madvise(mmap.MADV_DONTNEED)


def check_not_truncated() -> None:
    """To be asked before files are read that may be open for hours: to touch what one has lost ends the process.

    Raises:
        TrainingError: somebody has made a file shorter.
    """
    for content, name in list(_maps.items()):
        if content.size() < len(content):
            raise TrainingError(
                f"{name}: expected {len(content):,} bytes as when it was opened, received {content.size():,}: somebody "
                "has shortened this file. Run the same command again: a training goes on, and its cache is made anew."
            )
