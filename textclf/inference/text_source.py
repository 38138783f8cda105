"""Read the texts to predict, chunk by chunk: from a file, several files, or a pipe."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import pyarrow as pa

from textclf.core.compression import without_compression
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.data.dialects import look_at
from textclf.data.readers import ENDINGS
from textclf.data.readers.columns import ALL, KEPT
from textclf.data.readers.content import FIRST_BYTES
from textclf.data.readers.detection import format_of_beginning, format_of_lines
from textclf.data.readers.options import DEFAULTS, ReadingOptions, arguments_like
from textclf.data.readers.sources import Columns, is_pattern, read_files, read_stream


class Texts(list[str]):
    """Texts, and the fields of their rows that are to be kept.

    Attributes:
        kept: the fields of the row of each text, or `None`.
    """

    kept: list[dict] | None = None

    @classmethod
    def of(cls, table: pa.Table, columns: Columns) -> "Texts":
        """Return the texts of a table from a reader. Of all fields, a single one with the text is not kept twice."""
        texts = cls(table["text"].to_pylist())
        if columns.kept is not None:
            texts.kept = [json.loads(fields) for fields in table[KEPT].to_pylist()]
            if list(columns.kept) == [ALL] and len(columns.text) == 1:
                for fields in texts.kept:
                    fields.pop(columns.text[0], None)
        return texts


def read_texts(
    stream: BinaryIO,
    *,
    format: str | None,
    column: str | list[str],
    name: str,
    reading: ReadingOptions = DEFAULTS,
    keep: Sequence[str] | None = None,
) -> Iterator[Texts]:
    """Yield the texts of a file or pipe, chunk by chunk.

    Args:
        stream: the bytes of the file.
        format: a key of `READERS`; by default the one of the file ending, or txt (one text a line).
        column: the column or field with the text, or several of them.
        name: of the file, for its ending and for messages.
        reading: further options, as in training.
        keep: names of further columns or fields, or `["all"]`; they are `Texts.kept`.

    Raises:
        DataError: the file has another format, or lacks the column.
    """
    options = replace(reading, format=format or _format_of_stream(stream, name, reading))  # type: ignore[arg-type]
    columns = columns_of(column, keep)
    for table in read_stream(stream, name, columns, options):
        yield Texts.of(table, columns)


def columns_of(column: str | list[str], keep: Sequence[str] | None) -> Columns:
    """Return the columns to read: those with the text, and those to keep."""
    return Columns([column] if isinstance(column, str) else column, kept=keep, fill_missing=True)


def read_source(
    source: str,
    *,
    column: str | list[str],
    given: Mapping[str, Any] | None = None,
    trained: ReadingOptions = DEFAULTS,
    keep: Sequence[str] | None = None,
) -> Iterator[Texts]:
    """Yield the texts of a source, chunk by chunk.

    Args:
        source: a file, a pattern, a folder, or `-` for standard input.
        column: as for `read_texts`.
        given: settings of `ReadingOptions`. Others are found by looking at a file; a pipe and a text file are UTF-8.
        trained: how the training files were read, see `dialects.look_at`.
        keep: as for `read_texts`.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    given = given or {}
    options = arguments_like(trained, given)
    columns = columns_of(column, keep)
    if source == "-":
        if sys.stdin is None:
            raise DataError("-: expected texts on standard input, but it is closed. Send them, or name a file.")
        yield from read_texts(
            sys.stdin.buffer, format=options.format, column=column, name=source, reading=options, keep=keep
        )
    elif Path(source).is_dir() or is_pattern(source):
        reading = look_at(source, options, given, columns.text, trained)
        for table in read_files(source, columns, reading):
            yield Texts.of(table, columns)
    else:
        with open_file(source) as stream:
            look = replace(options, format=options.format or _format_of_stream(stream, source, options))
            reading = look_at(source, look, given, columns.text, trained) if Path(source).is_file() else look
            yield from read_texts(stream, format=look.format, column=column, name=source, reading=reading, keep=keep)


def _format_of_stream(stream: BinaryIO, name: str, options: ReadingOptions) -> Any:
    """Return the format by the ending of a file; without one that is known, by its first bytes."""
    found = ENDINGS.get(PurePath(without_compression(name)).suffix.lower(), "txt")
    if found != "txt":
        return found
    if Path(name).is_file():
        return format_of_lines(name, options)
    return format_of_beginning(stream.peek(FIRST_BYTES) if hasattr(stream, "peek") else b"", name, options)
