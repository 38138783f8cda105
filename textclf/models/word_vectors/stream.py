"""A binary file read from front to back: a number of bytes, or up to a delimiter, in bounded memory."""

import io
from pathlib import Path
from typing import BinaryIO

from textclf.core.compression import decompressed, without_compression
from textclf.core.errors import DataError
from textclf.core.files import open_file

BLOCK_BYTES = 2**20  # read at once


class ByteStream:
    """A file of vectors, which may come from a stranger and may be compressed.

    Raises:
        DataError: from every method: the file ends too early, or cannot be decompressed.
    """

    def __init__(self, path: str | Path):
        if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
            raise DataError(f"{path}: expected an ordinary file of word vectors, got a device or a pipe.")
        self.name = str(path)
        self._file = open_file(path)
        self._stream: BinaryIO = decompressed(self._file, self.name)
        # The size of a compressed file is unknown until it has been decompressed.
        self.size = None if without_compression(self.name) != self.name else self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        self._buffer, self._start = b"", 0

    def __enter__(self) -> "ByteStream":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def peek(self, size: int) -> bytes:
        """Return the next bytes without moving on; fewer at the end of the file."""
        while len(self._buffer) - self._start < size and self._fill():
            pass
        return self._buffer[self._start : self._start + size]

    def read(self, size: int) -> bytes:
        """Return exactly the next `size` bytes."""
        content = self.peek(size)
        if len(content) < size:
            raise self.truncated()
        self._start += size
        return content

    def read_until(self, delimiter: bytes, most: int) -> bytes | None:
        """Return the bytes before the next delimiter, at most `most`, and skip it; None at the end of the file.

        The last item of the file may lack the delimiter.
        """
        searched = 0
        while True:
            found = self._buffer.find(delimiter, self._start + searched)
            length = (len(self._buffer) if found < 0 else found) - self._start
            if length > most:
                raise DataError(
                    f"{self.name}: expected word vectors, but {most:,} bytes have no {delimiter!r}. Is it a file of "
                    "word2vec, GloVe or fastText, and is its name right (.bin is binary)?"
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
        """Skip the next `size` bytes."""
        buffered = min(size, len(self._buffer) - self._start)
        self._start += buffered
        if self.size is not None:
            if self._file.seek(size - buffered, io.SEEK_CUR) > self.size:
                raise self.truncated()
            return
        while size > buffered:
            self.read(step := min(size - buffered, BLOCK_BYTES))
            size -= step

    def truncated(self) -> DataError:
        """Return the error for a file that ends too early."""
        return DataError(f"{self.name}: ends before its last vector. Download or copy it again.")

    def _fill(self) -> bool:
        """Read one more block; False at the end of the file."""
        try:
            content = self._stream.read(BLOCK_BYTES)
        except OSError as error:
            raise DataError(f"{self.name}: cannot be decompressed: {error}. Download or copy it again.") from None
        self._buffer, self._start = self._buffer[self._start :] + content, 0
        return bool(content)
