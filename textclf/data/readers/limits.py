"""Limits on what a reader keeps in memory. A file of some kilobytes can become gigabytes when it is decompressed."""

import io
import re
from typing import BinaryIO

from textclf.core.errors import DataError
from textclf.core.files import MIB
from textclf.data.readers.quotes import OneColumn, OpenQuoteError

LONGEST_LINE = 16 * MIB  # characters; also of a file that is one text
MOST_ROW_BYTES = 128 * MIB  # of the rows that are read at once
MOST_FIELDS = 10_000_000  # in them: each takes some ten bytes, even if it is empty
LONGEST_HEADER = MIB // 4
MOST_COLUMNS = 10_000


def too_long(name: str, what: str, most: int) -> DataError:
    """Return the error for more than a reader keeps in memory."""
    return DataError(
        f"{name}: expected {what} of at most {most / MIB:g} MiB, got more. Check that the file is what its name "
        "says. If it is, shorten its texts: the classifier only reads their beginning."
    )


class BoundedRows(io.RawIOBase):
    """A stream of rows below a header that limits what a parser reads for one chunk of rows.

    Call `forget` after each chunk.

    Raises:
        DataError: on reading, a header that is too long, or more than fits into memory.
    """

    def __init__(self, stream: BinaryIO, name: str, *, delimiter: str, quotes: bool):
        super().__init__()
        self.stream, self.name = stream, name
        self.delimiter, self.quotes = delimiter.encode(), quotes
        self.since = 0
        self.fields = 0
        self.header: bytes | None = b""
        self.has_quotes = False
        self.one_column: OneColumn | None = None
        self.found_backslash = False

    def watch_one_column(self, beginning: bytes) -> None:
        """Look for open quotes of a file with one column, whose first bytes have been read."""
        self.one_column = OneColumn()
        self.one_column.watch(beginning)

    def forget(self) -> None:
        """Start to count again."""
        self.since = self.fields = 0

    def readable(self) -> bool:
        """Return `True`."""
        return True

    def readinto(self, buffer) -> int:
        """Read as `io.RawIOBase` does, and check the limits."""
        content = self.stream.read(len(buffer))
        buffer[: len(content)] = content
        self.since += len(content)
        self.fields += content.count(self.delimiter)
        self.has_quotes = self.has_quotes or (self.quotes and b'"' in content)
        if self.one_column:
            self.one_column.watch(content)
        if self.quotes and not self.found_backslash and b"\\" in content:
            self._look_for_backslashes(content)
        if self.since > MOST_ROW_BYTES or self.fields > MOST_FIELDS:
            error = too_long(self.name, "rows with texts", MOST_ROW_BYTES)
            if self.has_quotes:
                raise OpenQuoteError(f"{error} Or a quote is not closed.", "no quotes: else one would not be closed")
            raise error
        if self.header is not None:
            self._look_at_header(content)
        return len(content)

    def _look_for_backslashes(self, content: bytes) -> None:
        """Look for a quoted field with a quote behind a backslash that does not end it."""
        ends = re.escape(b"\r\n" + self.delimiter)
        # The first search takes a tenth of the time of the second one, which few files need.
        self.found_backslash = (
            re.search(rb'\\"[^"%b]' % ends, content) is not None
            and re.search(rb'"(?<=[%b]")[^"\r\n]*+"(?<=\\")[^"%b]' % (ends, ends), content) is not None
        )

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
            raise DataError(f"{self.name}: expected at most {MOST_COLUMNS:,} columns, got more.")
        if self.header is not None and len(self.header) > LONGEST_HEADER:
            raise too_long(self.name, "a header line", LONGEST_HEADER)
