"""Read JSON: an array of objects, or one object that holds a table, on one line or on many; also JSON Lines.

The forms of a table in one object: `{"data": [{"text": …}, …]}` with any name for `data`, and those of pandas
(`orient` is columns, index, split or table), also within another object: `{"result": {"rows": […]}}`.
"""

from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, BinaryIO, Unpack

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.files import MIB
from textclf.core.formatting import short_repr
from textclf.data.readers import jsonl
from textclf.data.readers.decoding import BYTE_ORDER_MARK, decoded
from textclf.data.readers.limits import LONGEST_LINE, too_long
from textclf.data.readers.objects import RowOptions, Rows
from textclf.data.readers.options import DEFAULTS, ReadingOptions

ENDINGS = (".json",)
NAMES_COLUMNS = True
FIRST_BYTES = 1 << 16
CHUNK_ROWS = 2_000
CHUNK_CHARACTERS = MIB
LARGEST_TABLE = 8 * LONGEST_LINE  # characters of an object that is not an array of rows
MOST_VALUES = 5_000_000  # parsed at once
AS_LINES = "Write JSON Lines: one object a line."
DECODER = JSONDecoder()
SPACE = " \t\r\n"
Row = dict[str, Any]


def read(
    stream: BinaryIO,
    columns: list[str],
    name: str,
    options: ReadingOptions = DEFAULTS,
    **of_rows: Unpack[RowOptions],
) -> Iterator[pa.Table]:
    """Yield the named fields, some rows at a time. An array of texts becomes a list. JSON Lines come as they arrive.

    Args:
        of_rows: `kept` and `fill_missing`, as for `objects.Rows`.

    Raises:
        DataError: no JSON, no table in it, a row without the fields or with others than `jsonl.read` takes, or bytes
            that the encoding does not have.
    """
    whole = _Rewound(stream)
    if _is_json_lines(whole.first, options.encoding, columns):
        yield from jsonl.read(whole, columns, name, options, **of_rows)  # type: ignore[arg-type]
        return
    parser = _Parser(decoded(whole, name, options), name)  # type: ignore[arg-type]
    rows = Rows(columns, options, **of_rows)
    for number, found in enumerate(_rows(parser, columns), 1):
        row = {columns[0]: found} if isinstance(found, str) and len(columns) == 1 else found  # an array of texts
        rows.add(f"{name}, row {number}", row)
        if len(rows) == CHUNK_ROWS or parser.read_since > CHUNK_CHARACTERS:
            parser.read_since = 0
            yield rows.take()
    if len(rows):
        yield rows.take()


def field_names(stream: BinaryIO, name: str, options: ReadingOptions = DEFAULTS) -> list[str]:
    """Return the names of the fields of the first row; none for a file without rows.

    Raises:
        DataError: as `read`.
    """
    row: object = next(_rows(_Parser(decoded(stream, name, options), name), ()), {})
    if not isinstance(row, dict):
        raise DataError(f"{name}: expected JSON objects with a text and a label, got {short_repr(row)}.")
    return list(row)


class _Rewound:
    """A stream from its beginning, of which the first piece has been looked at."""

    def __init__(self, stream: BinaryIO):
        self._read = getattr(stream, "read1", stream.read)
        self.first = self._rest = self._read(FIRST_BYTES)

    def read1(self, size: int) -> bytes:
        """Read what is ready, as `io.BufferedIOBase.read1` does."""
        piece, self._rest = self._rest, b""
        return piece or self._read(size)

    read = read1


class _Parser:
    """Parses JSON values out of text that arrives in pieces."""

    def __init__(self, pieces: Iterator[str], name: str):
        self.pieces, self.name = pieces, name
        self.text, self.place, self.lines = "", 0, 1
        self.read_since = 0  # characters

    def next_character(self) -> str:
        """Return the next character that is not white space, without taking it; an empty string at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in SPACE:
                self.place += 1
            if self.place < len(self.text):
                return self.text[self.place]
            if not self._grow(1):
                return ""

    def take(self, characters: str) -> str:
        """Take the next character, which must be one of these."""
        found = self.next_character()
        if not found or found not in characters:
            raise self.wrong(f"expected one of {' '.join(characters)}", self.place)
        self.place += 1
        return found

    def value(self, most: int, *, optional: bool = False) -> Any:
        """Take the next value, which has at most about so many characters.

        Args:
            optional: whether to return `None` and take nothing if it has more.
        """
        self.next_character()
        while True:
            rest = len(self.text) - self.place
            if rest > 2 * CHUNK_CHARACTERS and sum(self.text.count(mark, self.place) for mark in ",[{") > MOST_VALUES:
                raise DataError(f"{self.name}: expected at most {MOST_VALUES:,} values at a time, got more. {AS_LINES}")
            try:
                found, end = DECODER.raw_decode(self.text, self.place)
            except RecursionError:
                raise DataError(f"{self.name}: expected JSON, got it nested too deeply.") from None
            except ValueError as error:  # no JSON, a beginning of it, or a number of thousands of digits
                if rest < most and self._grow(rest):
                    continue
                if rest >= most and optional:
                    return None
                if rest >= most:
                    raise too_long(self.name, "JSON values", most) from None
                raise self.wrong(getattr(error, "msg", str(error)), getattr(error, "pos", self.place)) from None
            if end == len(self.text) and self._grow(1):  # it may be the first digits of a number
                continue
            self.place = end
            return found

    def items(self) -> Iterator[Any]:
        """Take an array, and yield its items."""
        self.take("[")
        if self.next_character() == "]":
            self.take("]")
            return
        while True:
            yield self.value(LONGEST_LINE)
            if self.take(",]") == "]":
                return

    def _grow(self, more: int) -> bool:
        """Read at least so many more characters, and forget those before the place. Return whether there were any."""
        self.lines += self.text.count("\n", 0, self.place)
        parts, size = [self.text[self.place :]], 0
        for piece in self.pieces:
            parts.append(piece)
            size += len(piece)
            if size >= more:
                break
        self.text, self.place = "".join(parts), 0
        self.read_since += size
        return size > 0

    def wrong(self, reason: str, place: int) -> DataError:
        """Return the error for text that is no JSON from this place on."""
        line = self.lines + self.text.count("\n", 0, place)
        got = short_repr(self.text[place : place + 30]) if self.text[place:].strip() else "the end of the file"
        return DataError(f"{self.name}: expected JSON, got {got} in line {line} ({reason}).")


def _is_json_lines(beginning: bytes, encoding: str, columns: list[str]) -> bool:
    line, end, rest = beginning.decode(encoding, "ignore").lstrip(BYTE_ORDER_MARK + SPACE).partition("\n")
    try:
        row = DECODER.decode(line)
    except (ValueError, RecursionError):
        return False
    following = rest.lstrip()
    if not isinstance(row, dict) or not end:
        return False
    return following.startswith("{") or (not following and not isinstance(row.get(columns[0], []), list | dict))


def _rows(parser: _Parser, columns: tuple | list[str]) -> Iterator[Any]:
    """Yield the rows of a file."""
    if parser.next_character() == "[":
        yield from parser.items()
    elif parser.next_character() == "{":
        first = parser.value(CHUNK_CHARACTERS, optional=True)
        if first is None:
            yield from _rows_of_large(parser, columns)
        elif parser.next_character() == "{":  # one object after the other
            yield first
            while parser.next_character():
                yield parser.value(LONGEST_LINE)
        else:
            yield from _rows_of(first, columns, parser.name)
    elif parser.next_character():
        raise parser.wrong("expected an array or an object", parser.place)
    if parser.next_character():
        raise parser.wrong("expected nothing more", parser.place)


def _rows_of_large(parser: _Parser, columns: tuple | list[str]) -> Iterator[Any]:
    """Yield the rows of the first array of objects in a large object, or of the table that it is without one."""
    table: Row = {}
    has_rows = False
    start = parser.take("{")
    while start != "}":
        key = parser.value(LONGEST_LINE)
        parser.take(":")
        if parser.next_character() == "[":
            items = parser.items()
            first = next(items, None)
            if isinstance(first, dict):
                if has_rows:
                    raise DataError(
                        f"{parser.name}: expected one array of rows, got another one in '{key}'. {AS_LINES}"
                    )
                has_rows = True
                yield first
                yield from items
            else:
                table[key] = [] if first is None else [first, *_bounded(items, parser)]
        else:
            table[key] = parser.value(LARGEST_TABLE)
        start = parser.take(",}")
    if not has_rows:
        yield from _rows_of(table, columns, parser.name)


def _bounded(items: Iterator[Any], parser: _Parser) -> Iterator[Any]:
    before = parser.read_since
    for item in items:
        if parser.read_since - before > LARGEST_TABLE:
            raise too_long(parser.name, "a column in JSON", LARGEST_TABLE)
        yield item


def _rows_of(table: Row, columns: tuple | list[str], name: str) -> Iterator[Any]:
    """Yield the rows of an object, which is alone in its file."""
    values = list(table.values())
    names, rows = table.get("columns"), table.get("data")
    tables = [key for key, value in table.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if columns and not isinstance(table.get(columns[0], []), list | dict):
        yield table
    elif isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        for row in rows:
            yield dict(zip(map(str, names), row, strict=False))
    elif len(tables) > 1:
        raise DataError(
            f"{name}: expected one array of rows, got {', '.join(tables)}. Put each into a file of its own."
        )
    elif tables:
        yield from table[tables[0]]
    elif len(nested := [value for value in values if isinstance(value, dict) and _has_rows(value)]) == 1:
        yield from _rows_of(nested[0], columns, name)
    elif values and all(isinstance(value, list) for value in values) and len(set(map(len, values))) == 1:
        for row in zip(*values, strict=True):
            yield dict(zip(table, row, strict=True))
    elif values and all(isinstance(value, dict) for value in values):
        yield from _rows_of_mappings(table, columns)
    else:
        yield table


def _has_rows(table: Row) -> bool:
    return any(isinstance(value, list) and value and isinstance(value[0], dict) for value in table.values())


def _rows_of_mappings(table: dict[str, Row], columns: tuple | list[str]) -> Iterator[Row]:
    """Yield the rows of `{"text": {"0": …}, "label": {"0": …}}`, or of `{"0": {"text": …, "label": …}, "1": …}`."""
    by_column = set(columns) <= set(table) if columns else _is_by_column(table)
    if not by_column:
        yield from table.values()
        return
    for index in next(iter(table.values())):
        yield {column: values[index] for column, values in table.items() if index in values}


def _is_by_column(table: dict[str, Row]) -> bool:
    """Return whether the keys are names of columns, and not of rows: rows have numbers, or are more than columns."""
    inner = next(iter(table.values()))
    if all(key.isdecimal() for key in table):
        return False
    return all(key.isdecimal() for key in inner) or len(inner) > len(table)
