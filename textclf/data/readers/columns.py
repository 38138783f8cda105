"""Python values -> one column, with lists only where there are lists."""

import numpy as np
import pyarrow as pa

from textclf.core.text_column import text_array

LABEL_LISTS = pa.list_(pa.large_string())


def plain_text(value: object) -> str:
    """A value as a CSV file would have it; nothing is an empty field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def column_of(values: list[str | list[str]]) -> pa.Array:
    """Texts; or, if there is a list among them, lists: `[text]` for a text, and `[]` for an empty one."""
    if not any(isinstance(value, list) for value in values):
        return text_array(values)
    rows = [value if isinstance(value, list) else [value] if value else [] for value in values]
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    texts = text_array([text for row in rows for text in row])
    return pa.ListArray.from_arrays(pa.array(offsets), texts)


def as_lists(column: pa.ChunkedArray) -> pa.Array:
    """A column of texts as one of lists, as `column_of` would have it."""
    lists = column_of([*column.to_pylist(), []])
    return lists.slice(0, len(column))
