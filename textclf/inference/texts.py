"""The texts that a caller of `predict` gives: a column of any library, never a table."""

from collections.abc import Iterable

import pyarrow as pa

from textclf.core.errors import TextTypeError, named
from textclf.core.tables import column_names
from textclf.core.text_column import text_array


def texts_of(texts: Iterable[str], text_column: str | list[str]) -> pa.LargeStringArray:
    """Return texts as one column: of a list, a generator, a Series, an array of NumPy or pyarrow.

    Args:
        text_column: of the training, which a message about a table advises.

    Raises:
        TextTypeError: a table, whose iteration would give the names of its columns; or as `text_array`.
    """
    columns = column_names(texts)
    if columns is not None:
        raise TextTypeError(f"expected a column of texts, got {_kind(texts)}. {_advice(columns, text_column)}")
    shape = getattr(texts, "shape", None)
    if isinstance(shape, tuple) and len(shape) != 1:
        raise TextTypeError(
            f"expected texts in one dimension, got {_kind(texts)} of shape {shape}. Take one column: texts[:, 0]."
        )
    return text_array(texts)


def _kind(texts: object) -> str:
    return f"a {type(texts).__name__}"


def _advice(columns: list[str], text_column: str | list[str]) -> str:
    wanted = [text_column] if isinstance(text_column, str) else text_column
    if not set(wanted) <= set(columns):
        return f"Give one of its columns ({named(columns) or 'it has none'}), as in predict(table['text'])."
    column = " + ' ' + ".join(f"table[{name!r}]" for name in wanted)
    return f"Give the column itself: predict({column})."
