"""The predictions of a shard in Parquet: the columns that are kept, each with one type in the whole file, and ours."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, NamedTuple

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.data.readers.columns import KEPT, kept_names
from textclf.data.readers.parquet import DAMAGED
from textclf.inference.predict import kept_name

ROWS_AT_ONCE = 20_000
AS_THEY_ARE = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


class Rows(NamedTuple):
    """Some rows of a shard."""

    texts: pa.ChunkedArray | pa.Array
    kept: pa.Table  # without columns it has no rows


class OtherTypesError(Exception):
    """A column has another type in later rows."""


def write_parquet(
    stream: IO[bytes], read: Callable[[], Iterable[Rows]], predict: Callable[[pa.ChunkedArray], dict[str, pa.Array]]
) -> int:
    """Write what is kept of a shard and its predictions, and return the number of rows.

    The first rows tell the types. Where later ones have others, such as 2.5 after integers, the whole shard is read
    for its types, and predicted again: only its last row tells the types of JSON.

    Args:
        stream: of a file.
        read: starts to read the shard; gives rows at least once.
        predict: returns our columns for texts.

    Raises:
        DataError: a column has values of several types.
    """
    try:
        return _write(stream, read(), None, predict)
    except OtherTypesError:
        stream.seek(0)
        stream.truncate()
        types = pa.schema([])
        for rows in read():
            types = _joined(types, rows.kept.schema)
        return _write(stream, read(), types, predict)


def read_rows(tables: Iterable[pa.Table], kept: Sequence[str], types: pa.Schema | None) -> Iterator[Rows]:
    """Yield the rows of tables from a reader; of a shard without any, its columns.

    Args:
        tables: as from `read_files`.
        kept: the names of the columns that are kept, where they are known.
        types: of these columns, from the file; by default those of its values.
    """
    found = False
    for table in gathered(tables):
        found = True
        yield Rows(table["text"], _kept(table, types))
    if not found:
        columns = pa.schema([(name, pa.string()) for name in kept]) if types is None else types
        yield Rows(pa.chunked_array([], pa.large_string()), columns.empty_table())


def gathered(tables: Iterable[pa.Table], rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Join tables until each has at least so many rows."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= rows:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def types_in(path: str, kept: Sequence[str]) -> pa.Schema | None:
    """Return the types in which columns of a Parquet file are kept; `None` if the file cannot be read."""
    import pyarrow.parquet

    try:
        with open_file(path) as stream:
            schema = pyarrow.parquet.ParquetFile(stream).schema_arrow
        names = dict.fromkeys(kept_names(kept, schema.names))
        return pa.schema([(name, _kept_type(schema.types[schema.names.index(name)])) for name in names])
    except (*DAMAGED, ValueError):  # the reader says what is wrong
        return None


def _kept_type(type: pa.DataType) -> pa.DataType:
    """Return the type in which values are kept: as JSON has them, so that all but numbers and lists become texts."""
    if pa.types.is_dictionary(type):
        return _kept_type(type.value_type)
    if any(is_list(type) for is_list in LISTS):
        return pa.list_(_kept_type(type.value_type))
    if pa.types.is_struct(type):
        return pa.struct([(field.name, _kept_type(field.type)) for field in type])
    return type if any(stays(type) for stays in AS_THEY_ARE) else pa.string()


def _kept(table: pa.Table, types: pa.Schema | None) -> pa.Table:
    """Return the fields that are kept as columns."""
    rows = [json.loads(fields) for fields in table[KEPT].to_pylist()] if KEPT in table.column_names else []
    columns = {}
    for name in dict.fromkeys(chain.from_iterable(rows)) if types is None else types.names:
        try:
            columns[name] = pa.array([row.get(name) for row in rows], types and types.field(name).type)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise _cannot_be_kept(f"'{name}': {error}") from None
    return pa.table(columns)


def _joined(types: pa.Schema, others: pa.Schema) -> pa.Schema:
    """Return the columns of both, with types that hold the values of both."""
    try:
        return pa.unify_schemas([types, others], promote_options="permissive")
    except pa.ArrowException as error:
        raise _cannot_be_kept(str(error)) from None


def _write(
    stream: IO[bytes],
    read: Iterable[Rows],
    types: pa.Schema | None,
    predict: Callable[[pa.ChunkedArray], dict[str, pa.Array]],
) -> int:
    import pyarrow.parquet

    writer, written = None, 0
    try:
        for texts, kept in read:
            types = kept.schema if types is None else types
            if _joined(types, kept.schema) != types:
                raise OtherTypesError
            ours = predict(texts)
            try:
                table = pa.table({**_with_types(kept, types, len(texts)), **ours})
                writer = writer or pyarrow.parquet.ParquetWriter(stream, table.schema)
                writer.write_table(table)
            except pa.ArrowException as error:
                raise _cannot_be_kept(str(error)) from None
            written += len(texts)
    finally:
        if writer:
            writer.close()
    return written


def _with_types(kept: pa.Table, types: pa.Schema, rows: int) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Return the columns of a shard by their names in the output; nulls where these rows lack one."""
    found = set(kept.column_names)
    return {
        kept_name(field.name, types.names): (
            kept[field.name].cast(field.type) if field.name in found else pa.nulls(rows, field.type)
        )
        for field in types
    }


def _cannot_be_kept(reason: str) -> DataError:
    reason = reason.partition("\n")[0].rstrip(".")
    return DataError(
        f"--keep: expected columns of one type in every row: {reason}. Keep others, or write --format jsonl."
    )
