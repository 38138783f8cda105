"""Sniff how to read a file of labelled texts: its encoding, its delimiter and its columns."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.formatting import short_repr
from textclf.core.options import setting
from textclf.data.column_choice import TABLES, Samples, choose_columns
from textclf.data.dataset import ColumnOptions, Dataset, read_dataset
from textclf.data.dialects import encoding_of, fits_without_quotes
from textclf.data.field_names import NAMES_OF
from textclf.data.readers import BINARY, READERS, excel, lines
from textclf.data.readers.options import DEFAULTS, ReadingArguments, ReadingOptions
from textclf.data.readers.problems import cannot_be_read
from textclf.data.readers.quotes import OpenQuoteError
from textclf.data.readers.sources import expand, files_of

log = logging.getLogger(__name__)


class SniffedFile(NamedTuple):
    """The settings with which a file can be read."""

    reading: ReadingOptions
    columns: ColumnOptions
    others: list[str]  # the columns that are neither text nor label
    names_columns: bool  # whether the file does
    first_text: str = ""  # as the encoding decodes it, to look at
    no_quotes: str = ""  # the reason why quotes are ordinary characters


class SniffingArguments(ReadingArguments):
    """Settings for a file that no config names, and the columns that are not to be detected."""

    text_column: str | None = setting(default=None, description="Column or field of the text (null: detected).")
    label_column: str | None = setting(default=None, description="Column or field of the label (null: detected).")


def sniff(
    source: str, reading: ReadingOptions = DEFAULTS, given: Mapping[str, Any] = MappingProxyType({})
) -> SniffedFile:
    """Return how to read a file, or the first file of a pattern or folder. Only the beginning of the file is read.

    Args:
        reading: the values of the options in `given`, and the words of messages.
        given: the settings of `SniffingArguments` that are not to be detected.

    Raises:
        DataError: it cannot be read, or has no columns that look like texts and labels.
    """
    try:
        return _sniff(source, reading, given)
    except OSError as error:  # a broken compressed file
        raise cannot_be_read(expand(source, reading)[0], error) from None


def read_sniffed(
    source: str, found: SniffedFile, given: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Dataset, SniffedFile]:
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


def _sniff(source: str, reading: ReadingOptions, given: Mapping[str, Any]) -> SniffedFile:
    files = files_of(source, reading)
    path, form = files[0]
    if form not in NAMES_OF and READERS[form] is lines:
        raise DataError(f"{path}: expected texts with labels, got a file of lines. Use .csv, .tsv or .jsonl.")
    if form not in BINARY and "encoding" not in given:
        texts = [file for file, _ in files] if form == "folder" else [path]
        reading = replace(reading, encoding=encoding_of(texts, reading))
    if form not in NAMES_OF:
        return SniffedFile(reading, ColumnOptions(), [], False)
    given_format, given_sheet = reading.format, reading.sheet
    reading, unread = _with_sheet(path, replace(reading, format=form))  # type: ignore[arg-type]
    reading, names, samples, no_quotes = _read_beginning(path, reading, given)
    columns = choose_columns(path, names, samples, replace(reading, sheet=given_sheet), given)
    if unread and have_sheet(source, reading):
        log.warning("%s", unread)
        given_sheet = reading.sheet
    reading = replace(reading, format=given_format, sheet=given_sheet)
    texts, labels = columns.text_columns, columns.label_columns
    others = [name for name in names if name not in (*texts, *labels)]
    first_text = next((value for value in samples[0][texts[0]] if isinstance(value, str) and value.strip()), "")
    if reading.encoding != "utf-8":
        detected = "" if "encoding" in given else " (detected)"
        log.info("encoding: %s%s; the first text reads %s", reading.encoding, detected, short_repr(first_text))
    if no_quotes:
        log.info("quoting: none (%s)", no_quotes)
    return SniffedFile(reading, columns, others, True, first_text, no_quotes)


def have_sheet(source: str, reading: ReadingOptions) -> bool:
    """Return whether every workbook of a source has the sheet that is read."""
    for path, form in files_of(source, reading):
        if form == "excel":
            with open_file(path) as stream:
                if reading.sheet not in excel.sheets(decompressed(stream, path), path)[2]:
                    return False
    return True


def _with_sheet(path: str, reading: ReadingOptions) -> tuple[ReadingOptions, str]:
    """Return how to read a file, with the sheet of a workbook, and the warning that others are not read."""
    if reading.format != "excel" or reading.sheet is not None:
        return reading, ""
    with open_file(path) as stream:
        sheet, others, _ = excel.sheets(decompressed(stream, path), path)
    return replace(reading, sheet=sheet), excel.not_read(path, sheet, others, reading) if others else ""


def _read_beginning(
    path: str, reading: ReadingOptions, given: Mapping[str, Any]
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
    for some in filter(None, [once] if together else [[name] for name in once]):
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
