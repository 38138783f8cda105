"""Read JSON: an array of objects, or one object that holds a table, on one line or on many; also JSON Lines.

An array of arrays begins with one that has the names of the columns. The forms of a table in one object:
`{"data": [{"text": …}, …]}` with any name for `data`, and those of pandas (`orient` is columns, index, split or
table), also within another object: `{"result": {"rows": […]}}`.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Unpack

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.formatting import short_repr
from textclf.data.readers import jsonl
from textclf.data.readers.decoding import BYTE_ORDER_MARK, decoded
from textclf.data.readers.json_parser import AS_LINES, CHUNK_CHARACTERS, DECODER, SPACE, JsonParser
from textclf.data.readers.limits import LONGEST_LINE, too_long
from textclf.data.readers.objects import RowOptions, Rows, nested_names
from textclf.data.readers.options import DEFAULTS, ReadingOptions

ENDINGS = (".json",)
NAMES_COLUMNS = True
FIRST_BYTES = 1 << 16
CHUNK_ROWS = 2_000
LARGEST_TABLE = 8 * LONGEST_LINE  # characters of an object that is not an array of rows
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
    parser = JsonParser(decoded(whole, name, options), name)  # type: ignore[arg-type]
    rows = Rows(columns, options, **of_rows)
    for number, found in enumerate(_rows(parser, columns), 1):
        rows.add(f"{name}, row {number}", found)
        if len(rows) == CHUNK_ROWS or parser.read_since > CHUNK_CHARACTERS:
            parser.read_since = 0
            yield rows.take()
    if len(rows):
        yield rows.take()


def field_names(stream: BinaryIO, name: str, options: ReadingOptions = DEFAULTS) -> list[str]:
    """Return the names of the fields of the first row, see `nested_names`; or the first array of arrays.

    There are none in a file without rows.

    Raises:
        DataError: as `read`.
    """
    whole = _Rewound(stream)
    parser = JsonParser(decoded(whole, name, options), name)  # type: ignore[arg-type]
    as_lines = _is_json_lines(whole.first, options.encoding, [""])
    row: object = parser.value(LONGEST_LINE) if as_lines else next(_rows(parser, ()), {})
    if isinstance(row, list) and all(isinstance(field, str) for field in row):
        return row
    if not isinstance(row, dict):
        raise DataError(
            f"{name}: expected JSON objects, or arrays below an array with the names of the columns, got "
            f"{short_repr(row)}."
        )
    return list(nested_names(row))


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


def _is_json_lines(beginning: bytes, encoding: str, columns: list[str]) -> bool:
    line, end, rest = beginning.decode(encoding, "ignore").lstrip(BYTE_ORDER_MARK + SPACE).partition("\n")
    try:
        row = DECODER.decode(line)
    except (ValueError, RecursionError):
        return False
    following = rest.lstrip()
    if isinstance(row, str):
        return following[:1] in ("", '"')
    if not isinstance(row, dict) or not end:
        return isinstance(row, list) and following.startswith("[")
    return following.startswith("{") or (not following and not isinstance(row.get(columns[0], []), list | dict))


def _rows(parser: JsonParser, columns: tuple | list[str]) -> Iterator[Any]:
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


def _rows_of_large(parser: JsonParser, columns: tuple | list[str]) -> Iterator[Any]:
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


def _bounded(items: Iterator[Any], parser: JsonParser) -> Iterator[Any]:
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
