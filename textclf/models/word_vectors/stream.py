"""A binary file read from its beginning to its end: so many bytes, or up to a byte, and never more of it at once."""

import io
from pathlib import Path
from typing import BinaryIO

from textclf.core.compression import decompressed, without_compression
from textclf.core.errors import DataError
from textclf.core.files import open_file

BLOCK = 2**20  # bytes read at once


class Blocks:
    """A file of vectors, which may come from a stranger and may be compressed.

    Raises:
        DataError: from every method: the file ends before what is asked for, or its compression is broken.
    """

    def __init__(self, path: str | Path):
        if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
            raise DataError(f"{path}: expected an ordinary file of word vectors, received a device or a pipe.")
        self.name = str(path)
        self._file = open_file(path)
        self._stream: BinaryIO = decompressed(self._file, self.name)
        # Unknown before it is unpacked.
        self.size = None if without_compression(self.name) != self.name else self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        self._buffer, self._start = b"", 0

    def __enter__(self) -> "Blocks":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer at the end of the file; they come again."""
        while len(self._buffer) - self._start < size and self._fill():
            pass
        return self._buffer[self._start : self._start + size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        content = self.peek(size)
        if len(content) < size:
            raise self.cut_off()
        self._start += size
        return content

    def until(self, end: bytes, most: int) -> bytes | None:
        """What stands before the next `end`, a byte, which is read too; None at the end of the file.

        The last one in the file may lack it.
        """
        searched = 0
        while True:
            found = self._buffer.find(end, self._start + searched)
            length = (len(self._buffer) if found < 0 else found) - self._start
            if length > most:
                raise DataError(
                    f"{self.name}: expected word vectors, but after byte {end!r} comes no other for {most:,} bytes. "
                    "Is it a file of word2vec, GloVe or fastText, and is its name right (.bin is binary)?"
                )
            if found >= 0:
                break
            searched = length
            if not self._fill():
                content, self._buffer, self._start = self._buffer[self._start :], b"", 0
                return content or None
        content = self._buffer[self._start : found]
        self._start = found + 1
        return content

    def skip(self, size: int) -> None:
        """Pass over the next bytes."""
        buffered = min(size, len(self._buffer) - self._start)
        self._start += buffered
        if self.size is not None:
            if self._file.seek(size - buffered, io.SEEK_CUR) > self.size:
                raise self.cut_off()
            return
        while size > buffered:
            self.take(step := min(size - buffered, BLOCK))
            size -= step

    def cut_off(self) -> DataError:
        """The error for a file that ends too early."""
        return DataError(f"{self.name}: ends before its last vector: it was cut off. Download or copy it again.")

    def _fill(self) -> bool:
        """Read a block more; False at the end."""
        try:
            content = self._stream.read(BLOCK)
        except OSError as error:
            raise DataError(f"{self.name}: cannot be unpacked: {error}. Download or copy it again.") from None
        self._buffer, self._start = self._buffer[self._start :] + content, 0
        return bool(content)
