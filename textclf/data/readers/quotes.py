"""Find fields that hold the rows after them, because a quote opens them and nothing closes it where the field ends.

Tools that write tables without quoting put a text such as `"so good` into the file as it is. A reader of quotes reads
on to the next quote, maybe a hundred rows later. A quoted text with line breaks of its own looks different: its lines
do not have as many delimiters as a row, or what stands around these is not what the other columns hold.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.text_column import bytes_of
from textclf.data.readers.options import ReadingOptions

LINE_END = re.compile(r"\r\n|\n|\r")
DIGITS = re.compile(r"\d+")
NUMBERS = {"0", "0.0", "0,0", "-0", ""}  # numbers, their digits replaced: prose has them too
LEAST_NUMBERS = 3  # lines that end or begin with a number, before they are rows for certain
MOST_LINES_WITH_TABS = 3  # of a text, each with as many as a row has
LEAST_REPEATED = 4  # rows that say by themselves which values repeat
OPENED = re.compile(rb'(?<![^\r\n])"')
QUOTED_FIELD = re.compile(rb'(?<![^\r\n])"((?:[^"]++|"")*+)(?:"(.?)|\Z)', re.DOTALL)
MOST_COLUMNS = 100  # that a regular expression counts
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


class Fields:
    """Looks at the fields of a file with at least two columns, a table at a time.

    Attributes:
        rows: the number of rows before those that are looked at.
        unsure: the first field that may hold rows, but whose only evidence is a number or a tab: prose has these too.
        others: how many fields with line breaks do not hold rows. A file that has such fields has quoting.
    """

    def __init__(self, delimiter: str):
        self.delimiter = delimiter
        self.rows = 0
        self.unsure: Swallowed | None = None
        self.others = 0

    def look(self, columns: Sequence[pa.LargeStringArray]) -> Swallowed | None:
        """Return the first field of the next rows that holds rows for certain."""
        import pyarrow.compute as pc  # takes 0.1 s, which a prediction from another format does not need

        values: dict[int, set[str]] = {}
        for place, column in enumerate(columns):
            if not _has_line_ends(column):
                continue
            with_lines = likely = pc.indices_nonzero(pc.match_substring_regex(column, r"[\r\n]"))
            if len(columns) <= MOST_COLUMNS:
                likely = with_lines.filter(self._likely(column.take(with_lines), place, len(columns)))
            self.others += len(with_lines) - len(likely)
            for row in likely.to_pylist():
                lines = [line for line in LINE_END.split(column[row].as_py()) if line]
                found = Swallowed(self.rows + row, len(lines) - 1)
                if not self._has_delimiters_of_rows(lines, place, len(columns)):
                    self.others += 1
                elif self._are_rows(lines, place, columns, values):
                    return found
                elif self.delimiter == "\t" or self._are_numbers(lines, place, columns, values):
                    self.unsure = self.unsure or found
                else:
                    self.others += 1
        return None

    def at_the_end(self) -> Swallowed | None:
        """Return the field that is unsure, if no field with line breaks is anything else."""
        return None if self.others else self.unsure

    def _likely(self, column: pa.LargeStringArray, place: int, number: int) -> pa.BooleanArray:
        """Return which fields have the delimiters of a row in their first line and in their last one."""
        import pyarrow.compute as pc

        one = re.escape(self.delimiter)
        before, after = place, number - 1 - place
        first = rf"^[\r\n]*[^\r\n{one}]*(?:{one}[^\r\n{one}]*){{{after}}}[\r\n]"
        final = rf"[\r\n][^\r\n{one}]*(?:{one}[^\r\n{one}]*){{{before}}}[\r\n]*$"
        likely = pc.match_substring_regex(column, first)
        return pc.and_(likely, pc.match_substring_regex(column, final)) if pc.any(likely).as_py() else likely

    def _has_delimiters_of_rows(self, lines: list[str], place: int, number: int) -> bool:
        counts, last = [line.count(self.delimiter) for line in lines], number - 1
        return counts[:1] + counts[-1:] == [last - place, place] and counts[1:-1] == [last] * (len(counts) - 2)

    def _are_rows(self, lines: list[str], place: int, columns: Sequence, values: dict[int, set[str]]) -> bool:
        """Return whether what stands around the delimiters of some lines is what another column holds."""
        if self.delimiter == "\t" and len(lines) > MOST_LINES_WITH_TABS:
            return True
        for held, elsewhere in self._compared(lines, place, columns, values):
            repeat = len(held) >= LEAST_REPEATED and 2 * len({*held}) <= len(held)
            if {*held} <= elsewhere or repeat:
                return not {*held} <= NUMBERS or len(held) >= LEAST_NUMBERS
        return False

    def _are_numbers(self, lines: list[str], place: int, columns: Sequence, values: dict[int, set[str]]) -> bool:
        compared = self._compared(lines, place, columns, values)
        return any({*held} <= elsewhere <= NUMBERS for held, elsewhere in compared)

    def _compared(
        self, lines: list[str], place: int, columns: Sequence, values: dict[int, set[str]]
    ) -> Iterator[tuple[list[str], set[str]]]:
        """Yield, for each other column, what the lines would have in it and what the rows have; digits as 0."""
        rows = [line.split(self.delimiter) for line in lines]
        rows[0] = [""] * place + rows[0]
        for number, column in enumerate(columns):
            if number != place:
                held = _shapes(row[number] for row in (rows[:-1] if number > place else rows[1:]))
                if number not in values:
                    whole = (value for value in column.to_pylist() if not LINE_END.search(value))
                    values[number] = {*_shapes(whole)}
                yield held, values[number]


def _has_line_ends(column: pa.LargeStringArray) -> bool:
    """Return whether a text of a column has a line break."""
    # This takes a fortieth of the time of a regular expression, and most files have no text with line breaks.
    content = bytes(bytes_of(column)[0])
    return b"\n" in content or b"\r" in content


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
