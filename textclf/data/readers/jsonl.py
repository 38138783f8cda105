"""Read JSON Lines: one object a line, whose fields are the columns."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.files import MIB
from textclf.core.formatting import short_repr
from textclf.data.readers.columns import column_of, is_missing, plain_text
from textclf.data.readers.decoding import BYTE_ORDER_MARK, lines_of
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import missing_columns

ENDINGS = (".jsonl", ".ndjson", ".ldjson", ".jsonlines")
NAMES_COLUMNS = True
MOST_LINE_VALUES = 500_000  # a value takes some seventy bytes


def read(stream: BinaryIO, columns: list[str], name: str, options: ReadingOptions = DEFAULTS) -> Iterator[pa.Table]:
    """Yield the named fields as the lines arrive, without blank lines. An array of texts becomes a list.

    Raises:
        DataError: a line that is no JSON object, a field that is missing or neither a string or number nor an
            array of them, or bytes that the encoding does not have.
    """
    before = 0
    for lines in lines_of(stream, name, options):
        numbered = enumerate(lines, before + 1)
        rows = [_row(line, columns, f"{name}, line {number}", options) for number, line in numbered if line.strip()]
        before += len(lines)
        if rows:
            fields = zip(*rows, strict=True)
            yield pa.table({column: column_of(list(values)) for column, values in zip(columns, fields, strict=True)})


def _row(line: str, columns: list[str], place: str, options: ReadingOptions) -> list[str | list[str]]:
    if len(line) > MIB and sum(map(line.count, ",[{")) > MOST_LINE_VALUES:
        raise DataError(f"{place}: expected at most {MOST_LINE_VALUES:,} values, got more.")
    try:
        fields = json.loads(line.removeprefix(BYTE_ORDER_MARK))  # files may have been put together with theirs
    except RecursionError:
        raise DataError(f"{place}: expected a JSON object, got one nested too deeply.") from None
    except ValueError as error:  # no JSON, or a number of thousands of digits
        raise DataError(f"{place}: expected a JSON object, got something else: {error}.") from None
    if not isinstance(fields, dict):
        raise DataError(f"{place}: expected a JSON object, got {line[:40].strip()!r}.")
    return row_of(fields, columns, place, options)


def row_of(fields: object, columns: list[str], place: str, options: ReadingOptions) -> list[str | list[str]]:
    """Return the named fields of a JSON object.

    Args:
        place: of the object, for messages.
        options: how the file is read, for messages.

    Raises:
        DataError: no object, a field that is missing or neither a string or number nor an array of them.
    """
    if not isinstance(fields, dict):
        raise DataError(f"{place}: expected a JSON object, got {short_repr(fields)}.")
    if not set(columns) <= set(fields):
        raise missing_columns(place, columns, list(fields), options)
    return [_value(fields[column], column, place) for column in columns]


def _value(value: object, column: str, place: str) -> str | list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(item is None or isinstance(item, str | int | float) for item in values):
        raise DataError(
            f"{place}: expected a string, a number or an array of them in '{column}', "
            f"got {json.dumps(value, ensure_ascii=False)[:40]}."
        )
    return (
        [plain_text(item) for item in value if not is_missing(item)] if isinstance(value, list) else plain_text(value)
    )
