"""Arrays in files, mapped into memory: what is touched is read, and given back when it is no longer needed."""

import mmap
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from textclf.errors import WriteError

_maps: weakref.WeakSet = weakref.WeakSet()  # all that are open


def map_file(stream: BinaryIO, dtype: type | np.dtype) -> np.ndarray:
    """The content of a file as a flat array that cannot be written. The file may be closed, and even removed, after."""
    stream.flush()
    if stream.seek(0, 2) == 0:  # nothing cannot be mapped
        return np.empty(0, dtype)
    content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    _maps.add(content)
    return np.frombuffer(content, dtype)


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """A file without a name, gone when it is closed and no longer mapped.

    Raises:
        WriteError: there is no room for it.
    """
    try:
        with tempfile.TemporaryFile() as stream:
            yield stream
    except OSError as error:
        raise WriteError(
            f"{tempfile.gettempdir()}: expected room for a temporary file of the texts: {error.strerror}. "
            "Name another folder with the environment variable TMPDIR."
        ) from None


def in_file(parts: Iterable[np.ndarray], dtype: type | np.dtype) -> np.ndarray:
    """Flat arrays one after the other, mapped from a temporary file.

    Raises:
        WriteError: there is no room for the file.
    """
    with temporary_file() as stream:
        for part in parts:
            stream.write(np.ascontiguousarray(part, dtype).data)
        return map_file(stream, dtype)


def release_pages() -> None:
    """Let go of the pages that were read: memory does not grow while a large file is gone through.

    What is touched again comes back from the system's cache of files, as long as there is room for it.
    """
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for content in list(_maps):
            content.madvise(mmap.MADV_DONTNEED)
