"""Make one column of Python values, with lists only where there are lists."""

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.formatting import short_repr
from textclf.core.text_column import text_array

KEPT = "(kept)"  # the column with the fields that `predict --keep` copies, as a JSON object
KEEP = "--keep"
ALL = "all"  # in place of the names of the kept columns
LABEL_LISTS = pa.list_(pa.large_string())
MARKS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False, "": False}


def is_missing(value: object) -> bool:
    """Return whether a value is `None` or not a number: pandas writes both for what is missing."""
    return value is None or value != value


def plain_text(value: object) -> str:
    """Return a value as a CSV file has it; an empty field for a missing one.

    Raises:
        UnicodeDecodeError: bytes that are not UTF-8.
    """
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode() if isinstance(value, bytes) else str(value)


def column_of(values: list[str | list[str]]) -> pa.Array:
    """Return a column of texts; or, if one of them is a list, of lists: `[text]` for a text, `[]` for an empty one."""
    if not any(isinstance(value, list) for value in values):
        return text_array(values)
    rows = [value if isinstance(value, list) else [value] if value else [] for value in values]
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    texts = text_array([text for row in rows for text in row])
    return pa.ListArray.from_arrays(pa.array(offsets), texts)


def kept_names(kept: Sequence[str], found: Sequence[str]) -> list[str]:
    """Return the names of the columns that are kept; `found` for `all`, unless a column has that name."""
    return list(found) if list(kept) == [ALL] and ALL not in found else list(kept)


def kept_column(rows: Iterable[dict]) -> pa.LargeStringArray:
    """Return the kept fields of each row as a JSON object. A number that is none becomes null."""
    return text_array([json.dumps(row, ensure_ascii=False, default=_plain_value) for row in map(_without_nan, rows)])


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(_without_nan, value))
    return None if isinstance(value, float) and not isfinite(value) else value


def _plain_value(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def as_lists(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of texts as a column of lists, as `column_of` makes it."""
    lists = column_of([*column.to_pylist(), []])
    return lists.slice(0, len(column))


def marked_labels(table: pa.Table, columns: Sequence[str], name: str, setting: str) -> pa.Array:
    """Return a column of lists: of each row the names of those `columns` in which it has a 1. An empty field is a 0.

    Args:
        name: of the file, for messages.
        setting: that names the columns, for messages.

    Raises:
        DataError: a value that is neither 0 nor 1.
    """
    marks = np.stack([_marks(table[column], column, name, setting) for column in columns], axis=1)
    offsets = np.zeros(len(marks) + 1, np.int32)
    np.cumsum(marks.sum(axis=1), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), text_array(columns).take(pa.array(np.nonzero(marks)[1])))


def _marks(column: pa.ChunkedArray, name: str, file: str, setting: str) -> np.ndarray:
    values = column.combine_chunks()
    if values.type == LABEL_LISTS:
        raise _no_mark(values[0].as_py(), name, file, setting)
    encoded = values.dictionary_encode()
    different = encoded.dictionary.to_pylist()
    wrong = next((value for value in different if value.strip().casefold() not in MARKS), None)
    if wrong is not None:
        raise _no_mark(wrong, name, file, setting)
    return np.array([MARKS[value.strip().casefold()] for value in different], bool)[encoded.indices.to_numpy()]


def _no_mark(value: object, column: str, file: str, setting: str) -> DataError:
    return DataError(
        f"{file}: expected 0 or 1 in column '{column}', as {setting} names a column for each label, got "
        f"{short_repr(value)}. Correct the value, or leave the column out of {setting}."
    )
