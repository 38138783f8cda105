"""Read texts and labels from a file, a pattern, a folder, or a list of these."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.text_column import text_array
from textclf.data.readers import BINARY, READERS, format_of
from textclf.data.readers.columns import KEPT, LABEL_LISTS, as_lists, marked_labels
from textclf.data.readers.content import FIRST_BYTES, checked_content, kind_of, wrong_kind
from textclf.data.readers.detection import format_of_lines
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import cannot_be_read

Source = str | os.PathLike | Sequence[str | os.PathLike]
GATHERED_FILES = 1000  # of a text each, in one table


class Columns(NamedTuple):
    """The columns of a file that are read."""

    text: Sequence[str]  # joined by `options.text_separator`, without empty fields
    label: str | Sequence[str] | None = None  # or a column for each label, with 0 or 1
    split: str | None = None  # assigns each row to a split
    kept: Sequence[str] | None = None  # of every row as they stand, as a JSON object; `["all"]` for all of them
    fill_missing: bool = False  # a row without the text is an empty text, where the format has such rows


def read_files(source: Source, columns: Columns, options: ReadingOptions = DEFAULTS) -> Iterator[pa.Table]:
    """Yield tables with `text` and, if their columns are named, `label` and `split`: large strings, or lists of them.

    Args:
        source: a file, a glob pattern, a folder (with a subfolder for every label, or with files), or a list of
            these. The list is read in its order, the files of a pattern or a folder in the order of their names.
        options: how the files are read.

    Raises:
        DataError: a file that is missing, cannot be read or lacks a column.
    """
    for found, files in groupby(files_of(source, options), key=lambda file: file[1]):
        form = replace(options, format=found)
        tables = chain.from_iterable(_read_file(path, columns, form) for path, _ in files)
        yield from _gathered(tables) if found == "folder" else tables


def read_stream(
    stream: BinaryIO,
    name: str,
    columns: Columns,
    options: ReadingOptions = DEFAULTS,
    row_group: int | None = None,
) -> Iterator[pa.Table]:
    """Yield what `read_files` yields, from an open file or pipe.

    Args:
        name: tells the format, unless the options do, and the compression.
        row_group: the only one of a Parquet file that is read.

    Raises:
        DataError: the stream cannot be read, or lacks a column.
    """
    form = options.format or format_of(name, options)
    reader = READERS[form]
    if not reader.NAMES_COLUMNS:
        if columns.split:
            raise DataError(
                f"{name}: expected a file with named columns, because data.split_column is set. Remove that setting."
            )
        if columns.kept is not None:
            raise DataError(f"{name}: expected a file with named columns, because --keep names some. Omit --keep.")
        columns = Columns(["text"], columns.label and "label")
    labels = [columns.label] if isinstance(columns.label, str) else list(columns.label or [])
    wanted = list(dict.fromkeys([*columns.text, *labels, *([columns.split] if columns.split else [])]))
    try:
        content = decompressed(stream, name)
        if form not in BINARY:
            content = checked_content(content, name, options)
        for table in reader.read(content, wanted, name, options, **_further(reader, columns, row_group)):
            found = {"text": _joined_texts(table, columns.text, options, name)}
            if labels:
                found["label"] = table[labels[0]] if len(labels) == 1 else _marked(table, labels, options, name)
            if columns.split:
                found["split"] = table[columns.split]
            if columns.kept is not None:
                found[KEPT] = table[KEPT]
            yield pa.table(found)
    except OSError as error:
        raise cannot_be_read(name, error) from None


def _marked(table: pa.Table, labels: Sequence[str], options: ReadingOptions, name: str) -> pa.Array:
    return marked_labels(table, labels, name, options.named("label_column"))


def _further(reader: ModuleType, columns: Columns, row_group: int | None) -> dict[str, Any]:
    further: dict[str, Any] = {} if columns.kept is None else {"kept": columns.kept}
    if row_group is not None:
        further["row_groups"] = [row_group]
    return further | (
        {"fill_missing": True} if columns.fill_missing and reader in (READERS["json"], READERS["jsonl"]) else {}
    )


def expand(source: Source, options: ReadingOptions = DEFAULTS) -> list[str]:
    """Return the files of a source, in the order in which they are read.

    Raises:
        DataError: there is no file, or one of an unknown format.
    """
    return [path for path, _ in files_of(source, options)]


def is_pattern(path: str) -> bool:
    """Return whether a path is a glob pattern. A file of that very name comes first."""
    return not _is_there(path) and glob.has_magic(path) and "\0" not in path


def joined(tables: Iterable[pa.Table]) -> pa.Table:
    """Join tables of `read_files`, at least one. If one of them has lists of labels, the result has."""
    tables = list(tables)
    if any("label" in table.column_names and table["label"].type == LABEL_LISTS for table in tables):
        tables = [
            table if table["label"].type == LABEL_LISTS else table.set_column(1, "label", as_lists(table["label"]))
            for table in tables
        ]
    return pa.concat_tables(tables).combine_chunks()


def _read_file(path: str, columns: Columns, options: ReadingOptions) -> Iterator[pa.Table]:
    with open_file(path) as stream:
        yield from read_stream(stream, path, columns, options)


def _joined_texts(
    table: pa.Table, columns: Sequence[str], options: ReadingOptions, name: str
) -> pa.ChunkedArray | pa.Array:
    for column in columns:
        if table[column].type == LABEL_LISTS:
            raise DataError(
                f"{name}: expected texts in '{column}', got lists. Name a column of texts with "
                f"{options.named('text_column')}."
            )
    if len(columns) == 1:
        return table[columns[0]]
    # pyarrow's binary_join_element_wise(null_handling="skip") loses rows in which all are null (version 26.0)
    rows = zip(*(table[column].to_pylist() for column in columns), strict=True)
    return text_array([options.text_separator.join(filter(None, row)) for row in rows])


def _gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join many small tables into a few, as each table costs more time than its rows."""
    few = []
    for table in tables:
        few.append(table)
        if len(few) == GATHERED_FILES:
            yield joined(few)
            few = []
    if few:
        yield joined(few)


def files_of(source: Source, options: ReadingOptions) -> list[tuple[str, str]]:
    """Return the files of a source, in the order in which they are read, each with its format.

    Raises:
        DataError: there is no file, or one of an unknown format.
    """
    if not isinstance(source, str | os.PathLike):
        files = [file for part in source for file in files_of(part, options)]
        if not files:
            raise DataError("expected at least one file of texts, got an empty list. Name one.")
        return files
    path = os.fspath(source)
    if _is_there(path):
        return _in_folder(Path(path), options) if Path(path).is_dir() else [(path, _format(path, options))]
    if is_pattern(path):
        return _matches(path, options)
    open_file(path).close()  # raises the error that names the reason
    return [(path, _format(path, options))]


def _format(path: str, options: ReadingOptions) -> str:
    """Return the format of a file. Where its ending says nothing, the error says what its first bytes are."""
    if options.format:
        return options.format
    try:
        found = format_of(path, options)
    except DataError:
        kind = kind_of(_first_bytes(path), path)
        if kind:
            raise wrong_kind(path, kind, options) from None
        raise
    return format_of_lines(path, options) if found == "txt" else found


def _first_bytes(path: str) -> bytes:
    if not Path(path).is_file():
        return b""
    try:
        with open_file(path) as stream:
            return decompressed(stream, path).read(FIRST_BYTES)
    except OSError:  # damaged
        return b""


def _matches(pattern: str, options: ReadingOptions) -> list[tuple[str, str]]:
    """Return the files that match. Folders count only if no file matches, so that `**` gives no file twice."""
    # Path.glob would match hidden files, and takes no absolute pattern.
    paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    matched = [path for path in paths if not path.is_dir()]
    if _written_by_spark(matched):
        matched = _parts(matched)
    files = [(str(path), _format(str(path), options)) for path in matched]
    if not files:
        files = [file for path in paths for file in _in_folder(path, options)]
    if not files:
        where = "" if Path(pattern).is_absolute() else f" (looked in {Path.cwd()})"
        raise DataError(f"{pattern}: expected files that match this pattern, but there are none{where}. Check it.")
    return files


def _in_folder(folder: Path, options: ReadingOptions) -> list[tuple[str, str]]:
    """Return the texts in the subfolders of a folder, or the files in it."""
    folders, files = _listed(folder)
    if _written_by_spark(files):
        folders, files = [path for path in folders if not _is_marker(path)], _parts(files)
        if folders:
            raise DataError(
                f"{folder}: expected the parts of one table, got partitions ({folders[0].name}/). Write it without "
                "partitionBy, so that each column is in the files."
            )
    if options.format in (None, "folder") and folders:
        if files and options.format is None:
            raise DataError(
                f"{folder}: expected either a subfolder for every label or files, got both "
                f"({folders[0].name}/ and {files[0].name}). Set {options.named('format', 'folder')} to read the "
                f"subfolders, or name the files, as in {folder}/*{files[0].suffix}."
            )
        return [(str(file), "folder") for label in folders for file in _texts_of(label)]
    if not files:
        raise DataError(f"{folder}: expected files or subfolders of texts, got a folder without them. Check the path.")
    return [(str(file), _format(str(file), options)) for file in files]


def _written_by_spark(files: Sequence[Path]) -> bool:
    return any(file.name.startswith("part-") or file.name == "_SUCCESS" for file in files)


def _parts(files: Sequence[Path]) -> list[Path]:
    """Return the parts of a table without markers such as `_SUCCESS`, and without empty ones as long as one is not."""
    parts = [file for file in files if not _is_marker(file)]
    return [file for file in parts if file.stat().st_size] or parts


def _is_marker(path: Path) -> bool:
    return path.name.startswith(("_", "."))


def _texts_of(label: Path) -> list[Path]:
    folders, files = _listed(label)
    if folders:
        raise DataError(
            f"{label}: expected only texts in the folder of a label, got the folder {folders[0].name}/ too. "
            "Put every text directly into the folder of its label."
        )
    return files


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files in a folder in the order of their names, without hidden ones."""
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}.") from None
    return [path for path in entries if path.is_dir()], [path for path in entries if not path.is_dir()]


def _is_there(path: str) -> bool:
    try:
        return path != "" and Path(path).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False
