"""Arrays in files, mapped into memory: what is touched is read, and given back when it is no longer needed."""

import mmap
import weakref
from typing import BinaryIO

import numpy as np

_maps: weakref.WeakSet = weakref.WeakSet()  # all that are open


def map_file(stream: BinaryIO, dtype: type) -> np.ndarray:
    """The content of a file as a flat array that cannot be written. The file may be closed, and even removed, after."""
    stream.flush()
    if stream.seek(0, 2) == 0:  # nothing cannot be mapped
        return np.empty(0, dtype)
    content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    _maps.add(content)
    return np.frombuffer(content, dtype)


def release_pages() -> None:
    """Let go of the pages that were read: memory does not grow while a large file is gone through.

    What is touched again comes back from the system's cache of files, as long as there is room for it.
    """
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for content in list(_maps):
            content.madvise(mmap.MADV_DONTNEED)
