"""CSV: quoted fields with commas, quotes and line breaks inside, of any length."""

import re
import warnings
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from textclf.errors import DataError
from textclf.readers.faults import missing_columns, not_utf8

CHUNK_ROWS = 10_000


def read(stream: BinaryIO, columns: list[str], name: str) -> Iterator[pa.Table]:
    """The named columns, `CHUNK_ROWS` rows at a time; a file with only a header gives no chunk.

    Raises:
        DataError: no header, a missing column, a row with too many fields, an open quote, not UTF-8.
    """
    import pandas

    options = {"dtype": str, "na_filter": False, "encoding": "utf-8-sig", "chunksize": CHUNK_ROWS, "index_col": False}
    try:
        with warnings.catch_warnings():
            # A first row with more fields than the header is only a warning to pandas, and data is lost. With
            # `usecols` it would not even be that, in any row: all columns are read.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            with pandas.read_csv(stream, **options) as frames:
                for frame in frames:
                    if not set(columns) <= set(frame.columns):
                        raise missing_columns(name, columns, list(frame.columns))
                    if len(frame):
                        yield pa.table({column: pa.array(frame[column], pa.large_string()) for column in columns})
    except pandas.errors.EmptyDataError:
        raise DataError(f"{name}: expected a header line and rows, received an empty file.") from None
    except (pandas.errors.ParserError, pandas.errors.ParserWarning) as error:
        raise DataError(f"{name}: {_explained(str(error))}") from None
    except UnicodeDecodeError as error:
        raise not_utf8(name, error) from None


def _explained(message: str) -> str:
    """Pandas's words for a broken row, in ours."""
    if match := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        expected, line, seen = match.groups()
        return (
            f"expected {expected} fields as in the header, received {seen} in line {line}. "
            'Put fields that contain a comma in double quotes: "one, two".'
        )
    if "EOF inside string" in message:
        row = int(message.rsplit(" ", 1)[-1]) if message[-1].isdigit() else 0
        return f'expected every opening quote to be closed, but the one in row {row} never is. Write " as "".'
    if "Length of header" in message:
        return (
            "expected as many fields as in the header, received more in the first row. "
            'Put fields that contain a comma in double quotes: "one, two".'
        )
    return f"cannot be read as CSV: {message.strip()}"
