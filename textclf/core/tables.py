"""Tables of any library: pandas, Polars, pyarrow, datasets, a dict of columns, a structured array of NumPy."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from textclf.core.errors import TextTypeError


def column_names(table: object) -> list[str] | None:
    """Return the names of the columns of a table, `None` of anything else."""
    if isinstance(table, Mapping):
        return list(map(str, table))
    for attribute in ("column_names", "columns"):  # pyarrow and datasets; pandas, polars and others
        names = getattr(table, attribute, None)
        if names is not None and not callable(names):
            return list(map(str, names))
    names = getattr(getattr(table, "dtype", None), "names", None)  # a structured array of NumPy
    return list(names) if names else None


def own_names(table: Any, columns: Sequence[str]) -> list[Any]:
    """Return the names of columns as the table has them: in pandas, and in a dict, they may be numbers."""
    names = table if isinstance(table, Mapping) else table.columns if hasattr(table, "iloc") else ()
    own = {str(name): name for name in names}
    return [own.get(column, column) for column in columns]


def is_table(table: object) -> bool:
    """Return whether something has named columns."""
    return column_names(table) is not None


def to_arrow(table: Any, columns: Sequence[str]) -> pa.Table:
    """Return some columns of a table.

    Raises:
        pyarrow.ArrowException: a column has values of several types.
    """
    if isinstance(table, pa.Table | pa.RecordBatch):
        selected = table.select(list(columns))
        return selected if isinstance(selected, pa.Table) else pa.Table.from_batches([selected])
    if hasattr(table, "__arrow_c_stream__"):  # pandas, Polars and others
        return pa.table(table[own_names(table, columns)])
    if hasattr(table, "with_format"):  # datasets, whose rows may be a selection
        return table.select_columns(list(columns)).with_format("arrow")[:]
    own = zip(columns, own_names(table, columns), strict=True)
    return pa.table({column: pa.array(_plain(table[name])) for column, name in own})


def _plain(column: Any) -> Any:
    """Return a column as pyarrow takes it: `pa.array` knows neither tuples nor arrays of two dimensions."""
    if isinstance(column, tuple):
        return list(column)
    return column.tolist() if getattr(column, "ndim", 1) > 1 else column


def with_columns(table: Any, columns: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> Any:
    """Return the table with further columns, in its own type. The rows, and their index in pandas, stay.

    Args:
        columns: names that the table does not have -> a list or an array of NumPy for each.
        types: of the lists, because a table without rows, or with empty lists only, has the types of every other one.
    """
    if isinstance(table, Mapping):
        return {**table, **columns}
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    for name, values in columns.items():
        if isinstance(table, pa.Table):
            table = table.append_column(name, pa.array(values, types.get(name)))
        elif hasattr(table, "assign"):  # pandas
            empty = pa.array(values[:0], types.get(name)).to_pandas()
            table = table.assign(**{name: type(empty)(values, table.index, empty.dtype)})
        elif hasattr(table, "hstack"):  # Polars
            table = table.hstack(type(table)({name: pa.array(values, types.get(name))}))
        elif hasattr(table, "add_column"):  # datasets
            table = table.add_column(name, values)
        else:
            raise TextTypeError(f"expected a table of pandas, Polars, pyarrow or datasets, got {type(table).__name__}.")
    return table
