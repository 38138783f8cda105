"""Make one column of Python values, with lists only where there are lists."""

import numpy as np
import pyarrow as pa

from textclf.core.text_column import text_array

LABEL_LISTS = pa.list_(pa.large_string())


def plain_text(value: object) -> str:
    """Return a value as a CSV file has it; an empty field for `None`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def column_of(values: list[str | list[str]]) -> pa.Array:
    """Return a column of texts; or, if one of them is a list, of lists: `[text]` for a text, `[]` for an empty one."""
    if not any(isinstance(value, list) for value in values):
        return text_array(values)
    rows = [value if isinstance(value, list) else [value] if value else [] for value in values]
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    texts = text_array([text for row in rows for text in row])
    return pa.ListArray.from_arrays(pa.array(offsets), texts)


def as_lists(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of texts as a column of lists, as `column_of` makes it."""
    lists = column_of([*column.to_pylist(), []])
    return lists.slice(0, len(column))
