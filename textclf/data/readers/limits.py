"""Limits on what a reader keeps in memory at once: a file of some kilobytes can hold gigabytes when it is unpacked."""

import io
import re
from typing import BinaryIO

from textclf.core.errors import DataError

MIB = 2**20
LONGEST_LINE = 16 * MIB  # characters; also of a file that is one text
MOST_ROW_BYTES = 128 * MIB  # of the rows that are read at once
MOST_FIELDS = 10_000_000  # in them: each takes some ten bytes, even if it is empty
LONGEST_HEADER = MIB // 4
MOST_COLUMNS = 10_000


def too_long(name: str, what: str, most: int) -> DataError:
    """The error for more than is kept in memory at once."""
    return DataError(
        f"{name}: expected {what} of at most {most / MIB:g} MiB, received more. Is it what its name says? "
        "If so, cut its texts: only their beginning is read anyway."
    )


class BoundedRows(io.RawIOBase):
    """A stream of rows below a header, for a parser that would read on until its rows are full.

    Call `forget` whenever the rows so far are dealt with.

    Raises:
        DataError: while it is read: a header that is none, or rows without end.
    """

    def __init__(self, stream: BinaryIO, name: str, *, delimiter: str, quotes: bool):
        super().__init__()
        self.stream, self.name = stream, name
        self.delimiter, self.quotes = delimiter.encode(), quotes
        self.since = 0
        self.fields = 0
        self.header: bytes | None = b""

    def forget(self) -> None:
        """Begin to count anew."""
        self.since = self.fields = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer) -> int:
        """As every raw stream, looked at on the way."""
        content = self.stream.read(len(buffer))
        buffer[: len(content)] = content
        self.since += len(content)
        self.fields += content.count(self.delimiter)
        if self.since > MOST_ROW_BYTES or self.fields > MOST_FIELDS:
            raise too_long(self.name, "rows with texts", MOST_ROW_BYTES)
        if self.header is not None:
            self._look_at_header(content)
        return len(content)

    def _look_at_header(self, content: bytes) -> None:
        self.header = (self.header or b"") + content
        *lines, rest = re.split(rb"[\r\n]", self.header[:LONGEST_HEADER])
        header, open_quotes = b"", 0
        for line in lines:
            header += line
            open_quotes += line.count(b'"') if self.quotes else 0
            if open_quotes % 2 == 0:
                self.header = None
                break
        else:
            header += rest
        if header.count(self.delimiter) >= MOST_COLUMNS:
            raise DataError(f"{self.name}: expected at most {MOST_COLUMNS:,} columns, received more.")
        if self.header is not None and len(self.header) > LONGEST_HEADER:
            raise too_long(self.name, "a header line", LONGEST_HEADER)
