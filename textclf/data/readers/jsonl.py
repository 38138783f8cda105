"""Read JSON Lines: an object a line, whose fields are the columns; or arrays below a line with their names."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Unpack

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.files import MIB
from textclf.data.readers.decoding import BYTE_ORDER_MARK, lines_of
from textclf.data.readers.objects import RowOptions, Rows
from textclf.data.readers.options import DEFAULTS, ReadingOptions

ENDINGS = (".jsonl", ".ndjson", ".ldjson", ".jsonlines")
NAMES_COLUMNS = True
MOST_LINE_VALUES = 500_000  # a value takes some seventy bytes


def read(
    stream: BinaryIO,
    columns: list[str],
    name: str,
    options: ReadingOptions = DEFAULTS,
    **of_rows: Unpack[RowOptions],
) -> Iterator[pa.Table]:
    """Yield the named fields as the lines arrive, without blank lines. An array of texts becomes a list.

    Args:
        of_rows: `kept` and `fill_missing`, as for `objects.Rows`.

    Raises:
        DataError: a line that is no row, a field that is missing or neither a string or number nor an array of them,
            or bytes that the encoding does not have.
    """
    rows, before = Rows(columns, options, **of_rows), 0
    for lines in lines_of(stream, name, options):
        for number, line in enumerate(lines, before + 1):
            if line.strip():
                place = f"{name}, line {number}"
                rows.add(place, _parsed(line, place), len(line))
        before += len(lines)
        if rows.ready:
            yield rows.take()
    if len(rows):
        yield rows.take()


def _parsed(line: str, place: str) -> Any:
    """Return the value of a line, or the error for one that has none."""
    if len(line) > MIB and sum(map(line.count, ",[{")) > MOST_LINE_VALUES:
        return DataError(f"{place}: expected at most {MOST_LINE_VALUES:,} values, got more.")
    try:
        return json.loads(line.removeprefix(BYTE_ORDER_MARK))  # files may have been put together with theirs
    except RecursionError:
        return DataError(f"{place}: expected a JSON object, got one nested too deeply.")
    except ValueError as error:  # no JSON, or a number of thousands of digits
        return DataError(f"{place}: expected a JSON object, got something else: {error}.")
