"""Read Parquet: columns of any plain type, a batch of rows at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.data.readers.class_labels import class_names, named
from textclf.data.readers.columns import ALL, KEEP, KEPT, column_of, is_missing, kept_column, kept_names, plain_text
from textclf.data.readers.limits import MOST_ROW_BYTES, too_long
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import check_names, missing_columns

ENDINGS = (".parquet",)
NAMES_COLUMNS = True
CHUNK_ROWS = 2_000
TEXTS = (pa.string(), pa.large_string())
DAMAGED = (pa.ArrowException, OSError, UnicodeDecodeError)  # what pyarrow raises; the last one for a column name


def read(
    stream: BinaryIO,
    columns: list[str],
    name: str,
    options: ReadingOptions = DEFAULTS,
    *,
    kept: Sequence[str] | None = None,
    row_groups: list[int] | None = None,
) -> Iterator[pa.Table]:
    """Yield the named columns, at most `CHUNK_ROWS` rows at a time. Other values than texts become what CSV has.

    A stream that cannot seek is read whole, as the schema is at the end of the file.

    Args:
        row_groups: those that are read; by default all.

    Raises:
        DataError: not a Parquet file, a damaged one, a missing column, or a column that is neither texts nor numbers.
    """
    import pyarrow.parquet

    try:
        source = stream if stream.seekable() else pa.BufferReader(stream.read())
        file = pyarrow.parquet.ParquetFile(source)
        found = file.schema_arrow.names
        if not set(columns) <= set(found):
            raise missing_columns(name, columns, found, options)
        names = list(dict.fromkeys(kept_names(kept or [], found)))
        if not set(names) <= set(found):
            raise missing_columns(name, names, found, options, named_by=KEEP)
        check_names(name, columns if kept == [ALL] else [*columns, *names], found)
        classes = class_names(file.schema_arrow)
        # Texts as they are stored, each once: how large they become is known before they are made.
        texts = [column for column in columns if file.schema_arrow.field(found.index(column)).type in TEXTS]
        file = pyarrow.parquet.ParquetFile(source, metadata=file.metadata, read_dictionary=texts)
        for batch in file.iter_batches(CHUNK_ROWS, row_groups, columns=list(dict.fromkeys([*columns, *names]))):
            first = {column: batch.schema.get_all_field_indices(column)[0] for column in [*columns, *names]}
            arrays = {column: _texts(batch.column(first[column]), column, name, classes) for column in columns}
            if kept is not None:
                rows = zip(*(batch.column(first[column]).to_pylist() for column in names), strict=True)
                arrays[KEPT] = kept_column(dict(zip(names, row, strict=True)) for row in rows)
            yield pa.table(arrays)
    except DAMAGED as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"{name}: expected a Parquet file, got a damaged one or something else: {reason}. Write it again."
        ) from None


def _texts(array: pa.Array, column: str, name: str, classes: Mapping[str, list[str]]) -> pa.Array:
    if column in classes:
        array = named(array, classes[column])
    if isinstance(array, pa.DictionaryArray):
        if _decoded_bytes(array) > MOST_ROW_BYTES:
            raise too_long(name, f"{CHUNK_ROWS:,} rows", MOST_ROW_BYTES)
        array = array.dictionary_decode()
    try:
        if pa.types.is_nested(array.type):
            texts = column_of([_list(row) for row in array.to_pylist()])
        elif pa.types.is_floating(array.type):  # by way of the shortest digits: 0.1 as float32 is not 0.10000000149
            numbers = array.cast(pa.string()).cast(pa.float64()).to_pylist()
            texts = column_of([plain_text(number) for number in numbers])
        else:
            texts = array.cast(pa.large_string()).fill_null("")
        texts.validate(full=True)  # Parquet does not check that texts are UTF-8
    except (pa.ArrowNotImplementedError, TypeError):
        raise DataError(f"{name}: expected texts, numbers or lists of them in '{column}', got {array.type}.") from None
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise DataError(f"{name}: expected UTF-8 in '{column}', got other bytes. Write the column as texts.") from None
    return texts


def _decoded_bytes(array: pa.DictionaryArray) -> int:
    """Return the size of a dictionary-encoded column when decoded. A file of kilobytes can hold terabytes."""
    if array.dictionary.type not in TEXTS:
        return 0
    import pyarrow.compute as pc

    lengths = pc.binary_length(array.dictionary)
    return pc.sum(pc.cast(lengths.take(array.indices), pa.int64())).as_py() or 0


def _list(row: object) -> str | list[str]:
    """Return a list of plain values; an empty field for `None`."""
    if row is None:
        return ""
    if not isinstance(row, list) or any(isinstance(item, list | dict | tuple) for item in row):
        raise TypeError("nested more deeply than a list")
    return [plain_text(item) for item in row if not is_missing(item)]
