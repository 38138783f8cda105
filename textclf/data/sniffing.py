"""Sniff how to read a file of labelled texts: its encoding, its delimiter and its columns."""

import json
import logging
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.formatting import escape_control, short_repr
from textclf.data.dataset import ColumnOptions, Dataset, read_dataset
from textclf.data.dialects import DEFAULT_DELIMITERS, encoding_of, fits_without_quotes, header
from textclf.data.likely_columns import LABEL_NAMES, TEXT_NAMES, label_columns_of, named, text_column_of
from textclf.data.readers import BINARY, READERS, excel, lines
from textclf.data.readers.content import FIRST_BYTES, checked_content
from textclf.data.readers.decoding import lines_of
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.parquet import DAMAGED
from textclf.data.readers.problems import cannot_be_read, check_names
from textclf.data.readers.quotes import OpenQuoteError
from textclf.data.readers.sources import expand, files_of

log = logging.getLogger(__name__)
SAMPLE_LINES = 200
FIRST_ARRAY = dict.fromkeys(("json", "jsonl"), 'an array such as ["text", "label"]')
TABLES = (*DEFAULT_DELIMITERS, "excel")  # whose first row names the columns
ARRAYS = re.compile(r'\s*\[\s*["\[]')


Samples = tuple[dict[str, list], dict[str, DataError]]  # the first values of columns, and why others cannot be read


class SniffedFile(NamedTuple):
    """The settings with which a file can be read."""

    reading: ReadingOptions
    columns: ColumnOptions
    others: list[str]  # the columns that are neither text nor label
    names_columns: bool  # whether the file does
    first_text: str = ""  # as the encoding decodes it, to look at
    no_quotes: str = ""  # the reason why quotes are ordinary characters


def sniff(source: str, reading: ReadingOptions = DEFAULTS, given: Collection[str] = ()) -> SniffedFile:
    """Return how to read a file, or the first file of a pattern or folder. Only the beginning of the file is read.

    Args:
        reading: the values of the options in `given`, and the words of messages.
        given: names of options that are not to be detected.

    Raises:
        DataError: it cannot be read, or has no columns that look like texts and labels.
    """
    try:
        return _sniff(source, reading, given)
    except OSError as error:  # a broken compressed file
        raise cannot_be_read(expand(source, reading)[0], error) from None


def read_sniffed(source: str, found: SniffedFile, given: Collection[str] = ()) -> tuple[Dataset, SniffedFile]:
    """Read all of a sniffed source. Where a late quote shows that it has no quoting, read it again without.

    Raises:
        DataError: as `read_dataset`.
    """
    try:
        return read_dataset(source, found.columns, found.reading), found
    except OpenQuoteError as error:
        files = expand(source, found.reading)
        if "quoting" in given or not all(fits_without_quotes(path, found.reading) for path in files):
            raise
        log.info("quoting: none (%s)", error.reason)
        found = found._replace(reading=replace(found.reading, quoting="none"), no_quotes=error.reason)
    return read_dataset(source, found.columns, found.reading), found


def _sniff(source: str, reading: ReadingOptions, given: Collection[str]) -> SniffedFile:
    files = files_of(source, reading)
    path, form = files[0]
    if form not in NAMES_OF and READERS[form] is lines:
        raise DataError(f"{path}: expected texts with labels, got a file of lines. Use .csv, .tsv or .jsonl.")
    if form not in BINARY and "encoding" not in given:
        texts = [file for file, _ in files] if form == "folder" else [path]
        reading = replace(reading, encoding=encoding_of(texts, reading))
    if form not in NAMES_OF:
        return SniffedFile(reading, ColumnOptions(), [], False)
    given_format, reading = reading.format, replace(reading, format=form)  # type: ignore[arg-type]
    reading, names, (samples, unreadable), no_quotes = _read_beginning(path, reading, given)
    if twice := named([name for name, count in Counter(names).items() if count > 1], (*TEXT_NAMES, *LABEL_NAMES)):
        check_names(path, [twice], names)
    text = text_column_of(samples)
    label = label_columns_of(samples, text) if text else None
    if not text or not label:
        meant = named(unreadable, LABEL_NAMES if text else TEXT_NAMES)
        raise unreadable[meant] if meant else _no_columns(path, names, text, reading)
    if isinstance(label, str) and label in samples[label] and (form in TABLES or _has_arrays(path, reading)):
        first = 'an array such as ["text", "label"]' if form in ("json", "jsonl") else "a line such as text,label"
        raise DataError(
            f"{path}: expected a header line with the names of the columns, got a row ('{escape_control(label)}' "
            f"is also a label). Put {first} before it."
        )
    reading = replace(reading, format=given_format)
    columns = ColumnOptions(text_column=text, label_column=label)
    others = [name for name in names if name not in (text, *columns.label_columns)]
    first_text = next(value for value in samples[text] if value.strip())
    if reading.encoding != "utf-8":
        detected = "" if "encoding" in given else " (detected)"
        log.info("encoding: %s%s; the first text reads %s", reading.encoding, detected, short_repr(first_text))
    if no_quotes:
        log.info("quoting: none (%s)", no_quotes)
    return SniffedFile(reading, columns, others, True, first_text, no_quotes)


def _read_beginning(
    path: str, reading: ReadingOptions, given: Collection[str]
) -> tuple[ReadingOptions, list[str], Samples, str]:
    """Return how to read a file, its columns, the first values of each, and the reason why it has no quoting.

    Args:
        reading: with the format of the file.
    """
    no_quotes = ""
    while True:
        reading, names = NAMES_OF[str(reading.format)](path, reading)
        if not names:
            raise DataError(f"{path}: expected a header line and rows, got an empty file.")
        try:
            return reading, names, _samples(path, names, reading), no_quotes
        except OpenQuoteError as error:
            if "quoting" in given or not fits_without_quotes(path, reading):
                raise
            reading, no_quotes = replace(reading, quoting="none"), error.reason


def _names_of_csv(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        content = checked_content(decompressed(stream, path), path, reading)
        first_lines = next(lines_of(content, path, reading), [])[:SAMPLE_LINES]
    delimiter, names = header(first_lines, reading)
    is_default = delimiter == DEFAULT_DELIMITERS[str(reading.format)]
    return reading if is_default else replace(reading, delimiter=delimiter), names


def _names_of_jsonl(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        content = checked_content(decompressed(stream, path), path, reading)
        first_lines = next(lines_of(content, path, reading), [])
    first = next((line for line in first_lines if line.strip()), "")
    try:
        fields = json.loads(first)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, list) and all(isinstance(field, str) for field in fields):
        return reading, fields
    if not isinstance(fields, dict):
        raise DataError(
            f"{path}: expected a JSON object in every line, or arrays below an array with the names of the columns, "
            f"got '{escape_control(first[:40])}'."
        )
    return reading, list(fields)


def _names_by_reader(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    with open_file(path) as stream:
        return reading, READERS[str(reading.format)].field_names(decompressed(stream, path), path, reading)


def _names_of_parquet(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, list[str]]:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with open_file(path) as stream:
            content = decompressed(stream, path)  # the schema is at the end, to which not every stream can go
            source = content if content.seekable() else pa.BufferReader(content.read())
            return reading, pyarrow.parquet.read_schema(source).names
    except DAMAGED as error:
        raise DataError(f"{path}: expected a Parquet file, got a damaged one: {error}.") from None


NAMES_OF = {
    "csv": _names_of_csv,
    "tsv": _names_of_csv,
    "jsonl": _names_of_jsonl,
    "json": _names_by_reader,
    "excel": _names_by_reader,
    "parquet": _names_of_parquet,
}


def _has_arrays(path: str, reading: ReadingOptions) -> bool:
    """Return whether the rows of a JSON file are arrays."""
    with open_file(path) as stream:
        beginning = decompressed(stream, path).read(FIRST_BYTES)
    return ARRAYS.match(beginning.decode(reading.encoding, "ignore").removeprefix("\ufeff")) is not None


def _samples(path: str, names: Sequence[str], reading: ReadingOptions) -> Samples:
    """Return the first rows of every column that can be read, each a text or a list of texts, and the other errors.

    Raises:
        DataError: none can be read.
    """
    reader = READERS[str(reading.format)]
    samples: dict[str, list] = {}
    errors: dict[str, DataError] = {}
    once = [name for name, count in Counter(names).items() if count == 1]
    # Each column of these can be read, and each time takes as long.
    together = reading.format in TABLES
    for some in [once] if together else [[name] for name in once]:
        try:
            with open_file(path) as stream:
                table = next(iter(reader.read(decompressed(stream, path), some, path, reading)), None)
            if table is None:
                raise DataError(f"{path}: expected rows of texts and labels, got a file without rows.")
            samples |= {name: table[name].to_pylist() for name in some}
        except OpenQuoteError:
            raise
        except DataError as error:
            errors |= dict.fromkeys(some, error)
    if errors and not samples:
        raise next(iter(errors.values()))
    return samples, errors


def _no_columns(path: str, names: Sequence[str], text: str | None, reading: ReadingOptions) -> DataError:
    missing = "labels (a few different values that repeat)" if text else "texts and one with labels"
    shown = ", ".join(escape_control(name) for name in islice(names, 20)) or "(none)"
    return DataError(
        f"{path}: expected a column with {missing}, but none of the columns looks like it: {shown}. "
        f"Name them text and label, or write the config by hand: docs/configuration.md.{_advice(path, reading)}"
    )


def _advice(path: str, reading: ReadingOptions) -> str:
    """Return what else may help if the columns are not those of texts and labels."""
    if reading.format not in TABLES:
        return ""
    title = " If the first row is a title or a comment, remove it: the header comes first."
    if reading.format != "excel":
        return title
    with open_file(path) as stream:
        return title + excel.other_sheets(decompressed(stream, path), path, reading)
