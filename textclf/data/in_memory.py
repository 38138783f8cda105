"""Labelled texts that a caller of Python has in memory: tables of any library, in place of files."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from textclf.core.errors import DataError, named
from textclf.core.options import default_of, fields_of
from textclf.core.tables import column_names, is_table, to_arrow
from textclf.core.text_column import bytes_of
from textclf.data.dataset import DataOptions, Dataset, dataset_of_tables, split_by_column
from textclf.data.readers.problems import check_names
from textclf.data.readers.sources import Columns, read_stream
from textclf.data.unlabelled import UNLABELLED, unlabelled_dataset

IN_MEMORY = "(in memory)"  # in a config, in place of the path of a file
TABLES = ("train", "validation", "test", UNLABELLED)


def read_tables(data: Any, options: DataOptions) -> dict[str, Dataset]:
    """Return the splits in memory as `read_dataset` returns those of files.

    Args:
        data: a table, or a mapping of tables by split. A table `UNLABELLED` has texts only.
        options: name the columns.

    Raises:
        DataError: it is no table, lacks a column or has values that are neither texts nor numbers.
    """
    tables = data if isinstance(data, Mapping) and _are_splits(data) else {"train": data}
    if "train" not in tables:
        raise DataError(f"data: expected a table 'train', got only {named(list(tables))}.")
    labelled, unlabelled = {name: table for name, table in tables.items() if name != UNLABELLED}, {}
    if UNLABELLED in tables:
        name = f"{UNLABELLED} {IN_MEMORY}"
        rows = _rows(tables[UNLABELLED], name, Columns(options.text_columns), options)
        unlabelled[UNLABELLED] = unlabelled_dataset(name, rows)
    if options.split_column and len(labelled) == 1:
        return split_by_column(*_read(tables["train"], "train", options), options.split_column) | unlabelled
    options = replace(options, split_column=None)
    return {name: _read(table, name, options)[0] for name, table in labelled.items()} | unlabelled


def options_in_memory(options: DataOptions, splits: Mapping[str, Dataset]) -> DataOptions:
    """Return the settings of data for splits in memory, which a config in the run folder shows."""
    if UNLABELLED in splits:
        options = replace(options, unlabelled=IN_MEMORY)
    if options.split_column:
        return replace(options, train=IN_MEMORY)
    share = options.validation
    if not isinstance(share, float):  # files of the config, in whose place the data are
        share = default_of(fields_of(DataOptions)["validation"])
    return replace(
        options,
        train=IN_MEMORY,
        validation=IN_MEMORY if "validation" in splits else share,
        test=IN_MEMORY if "test" in splits else None,
    )


def digest_of(dataset: Dataset) -> str:
    """Return the SHA-256 of texts, labels and weights, which `run.json` has in place of the checksum of a file."""
    content, offsets = bytes_of(dataset.texts)
    digest = hashlib.sha256(content)
    digest.update(offsets.tobytes())
    digest.update(repr(dataset.labels.categories).encode(errors="surrogatepass"))
    digest.update(dataset.labels.codes.tobytes())
    if dataset.weights is not None:
        digest.update(dataset.weights.tobytes())
    return digest.hexdigest()


def _are_splits(data: Mapping) -> bool:
    return set(data) <= set(TABLES) and any(map(is_table, data.values()))


def _read(table: Any, split: str, options: DataOptions) -> tuple[Dataset, Any]:
    name = f"{split} {IN_MEMORY}"
    columns = Columns(options.text_columns, options.label_columns, options.split_column)
    return dataset_of_tables(name, _rows(table, name, columns, options), options.label_names)


def _rows(table: Any, name: str, columns: Columns, options: DataOptions) -> Iterator[pa.Table]:
    """Read a table as the Parquet file that it would be, so that its values become what those of a file do."""
    import pyarrow.parquet

    both = [*columns.text, *(columns.label or [])]
    if not is_table(table):
        raise DataError(
            f"{name}: expected a table with the columns {named(both)}, got {type(table).__name__}. Give a DataFrame, "
            "or a dict of columns."
        )
    wanted = [*both, *([columns.split] if columns.split else [])]
    found = column_names(table) or []
    missing = [column for column in wanted if column not in found]
    if missing:
        raise DataError(
            f"{name}: expected a column '{missing[0]}', got {named(found) or 'no columns'}. Set data.text_column"
            f"{' and data.label_column' if columns.label else ''}."
        )
    check_names(name, wanted, found)
    content = io.BytesIO()
    try:
        pyarrow.parquet.write_table(to_arrow(table, list(dict.fromkeys(wanted))), content, compression="none")
    except (pa.ArrowException, UnicodeEncodeError, TypeError) as error:  # TypeError: a sparse column of pandas
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"{name}: expected columns of one type, texts or numbers: {reason}.") from None
    content.seek(0)
    return read_stream(content, name, columns, replace(options, format="parquet"))
