"""Find fields that hold the rows after them, because a quote opens them and nothing closes it where the field ends.

Tools that write tables without quoting put a text such as `"so good` into the file as it is. A reader of quotes reads
on to the next quote, maybe a hundred rows later. A quoted text with line breaks of its own looks different: its lines
do not have as many delimiters as a row, or what stands around these is not what the other columns hold.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.errors import DataError
from textclf.data.readers.options import ReadingOptions

LINE_END = re.compile(r"\r\n|\n|\r")
DIGITS = re.compile(r"\d+")
NUMBERS = {"0", "0.0", "0,0", "-0", ""}  # numbers, their digits replaced: prose has them too
LEAST_NUMBERS = 3  # lines that end or begin with a number, before they count as rows
MOST_LINES_WITH_TABS = 3  # of a text, each with as many as a row has
LEAST_REPEATED = 4  # rows that say by themselves which values repeat
OPENED = re.compile(rb'(?<![^\r\n])"')
QUOTED_FIELD = re.compile(rb'(?<![^\r\n])"((?:[^"]++|"")*+)(?:"(.?)|\Z)', re.DOTALL)
MOST_PENDING = 1 << 20  # bytes


class OpenQuoteError(DataError):
    """A quote opens a field that holds the rows after it, or is never closed.

    Attributes:
        reason: the same in a few words, for a comment in a config.
    """

    def __init__(self, message: str, reason: str):
        super().__init__(message)
        self.reason = reason


class Swallowed(NamedTuple):
    """A field that holds rows."""

    place: int  # its row, from 0; of `OneColumn` its line, from 1
    lines: int


def open_quote(name: str, place: str, lines: int, options: ReadingOptions) -> OpenQuoteError:
    """Return the error for a field that holds rows; `place` is the row or line where it begins."""
    held = f"{lines} lines that look like rows" if lines > 1 else "a line that looks like a row"
    return OpenQuoteError(
        f"{name}: expected every quote to be closed in its field, but the field that a quote opens in {place} holds "
        f"{held}. If the file does not use quotes, set {options.named('quoting', 'none')}. If it does, write the quote "
        f'there as "". If the field is one text, set {options.named("quoting", "unchecked")}.',
        f"no quotes: else {place} would hold {lines} other row{'s' if lines > 1 else ''}",
    )


def find_swallowed(columns: Sequence[pa.LargeStringArray], delimiter: str) -> Swallowed | None:
    """Return the first field that holds rows, of the rows of a table with at least two columns."""
    for place, column in enumerate(columns):
        with_lines = pc.match_substring_regex(column, r"[\r\n]")
        for row in pc.indices_nonzero(with_lines).to_pylist():
            lines = [line for line in LINE_END.split(column[row].as_py()) if line]
            counts = [line.count(delimiter) for line in lines]
            last = len(columns) - 1
            if counts[:1] + counts[-1:] != [last - place, place] or counts[1:-1] != [last] * (len(counts) - 2):
                continue
            if (delimiter == "\t" and len(lines) > MOST_LINES_WITH_TABS) or _are_rows(lines, place, columns, delimiter):
                return Swallowed(row, len(lines) - 1)
    return None


def _are_rows(lines: list[str], place: int, columns: Sequence[pa.LargeStringArray], delimiter: str) -> bool:
    """Return whether what stands before and after the delimiters of some lines is what the other columns hold."""
    rows = [line.split(delimiter) for line in lines]
    rows[0] = [""] * place + rows[0]
    for number, column in enumerate(columns):
        if number == place:
            continue
        held = _shapes(row[number] for row in (rows[:-1] if number > place else rows[1:]))
        elsewhere = {*_shapes(value for value in column.to_pylist() if not LINE_END.search(value))}
        repeat = len(held) >= LEAST_REPEATED and 2 * len({*held}) <= len(held)
        if {*held} <= elsewhere or repeat:
            return not {*held} <= NUMBERS or len(held) >= LEAST_NUMBERS
    return False


def _shapes(values: Iterable[str]) -> list[str]:
    return [DIGITS.sub("0", value) for value in values]


class OneColumn:
    """Watches the bytes of a file with one column, where every line could be a row.

    There a quote that opens a field of several lines must be closed at the end of a line.
    """

    def __init__(self) -> None:
        self.pending = b"\n"
        self.line = 0  # in which `pending` begins
        self.found: Swallowed | None = None

    def watch(self, content: bytes) -> None:
        """Look at the next bytes. `found` is set once a quote is closed within a line."""
        if self.found or len(self.pending) > MOST_PENDING:
            return
        self.pending += content
        end = 0
        for field in QUOTED_FIELD.finditer(self.pending):
            held, after = field.groups()
            if not after:
                break
            end = field.end(1) + 1
            if after not in b"\r\n" and b"\n" in held:
                line = self.line + self.pending.count(b"\n", 0, field.start())
                self.found = Swallowed(line, held.count(b"\n"))
                return
        opened = OPENED.search(self.pending, end)
        end = max(end, opened.start() - 1 if opened else self.pending.rfind(b"\n"))
        self.line += self.pending.count(b"\n", 0, end)
        self.pending = self.pending[end:]
