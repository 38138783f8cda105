"""JSON Lines: one object a line, its fields are the columns."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from textclf.errors import DataError
from textclf.readers.faults import missing_columns, not_utf8
from textclf.text_array import text_array

CHUNK_ROWS = 10_000


def read(stream: BinaryIO, columns: list[str], name: str) -> Iterator[pa.Table]:
    """The named fields, at most `CHUNK_ROWS` rows at a time; blank lines are left out.

    Raises:
        DataError: a line that is no JSON object, a field that is missing or no string or number, not UTF-8.
    """
    rows = (_row(line, columns, f"{name}, line {number}") for number, line in enumerate(stream, 1) if line.strip())
    try:
        while chunk := list(islice(rows, CHUNK_ROWS)):
            fields = zip(*chunk, strict=True)
            yield pa.table({column: text_array(texts) for column, texts in zip(columns, fields, strict=True)})
    except UnicodeDecodeError as error:
        raise not_utf8(name, error) from None


def _row(line: bytes, columns: list[str], place: str) -> list[str]:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise
    except RecursionError:
        raise DataError(f"{place}: expected a JSON object, received one nested too deeply.") from None
    except ValueError as error:  # no JSON, or a number of thousands of digits
        raise DataError(f"{place}: expected a JSON object, received something else: {error}.") from None
    if not isinstance(fields, dict):
        raise DataError(f"{place}: expected a JSON object, received {line.decode()[:40].strip()!r}.")
    if not set(columns) <= set(fields):
        raise missing_columns(place, columns, list(fields))
    return [_text(fields[column], column, place) for column in columns]


def _text(value: object, column: str, place: str) -> str:
    """A value as a CSV file would have it; `null` is an empty field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise DataError(f"{place}: expected a string or a number in '{column}', received {json.dumps(value)[:40]}.")
