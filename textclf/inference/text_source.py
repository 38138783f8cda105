"""Read the texts to predict, chunk by chunk: from a file, several files, or a pipe."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from textclf.core.compression import without_compression
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.data.dialects import look_at
from textclf.data.readers import ENDINGS
from textclf.data.readers.content import FIRST_BYTES
from textclf.data.readers.detection import format_of_beginning, format_of_lines
from textclf.data.readers.options import DEFAULTS, ReadingOptions, arguments_like
from textclf.data.readers.sources import Columns, is_pattern, read_files, read_stream


def read_texts(
    stream: BinaryIO,
    *,
    format: str | None,
    column: str | list[str],
    name: str,
    reading: ReadingOptions = DEFAULTS,
) -> Iterator[list[str]]:
    """Yield the texts of a file or pipe, chunk by chunk.

    Args:
        stream: the bytes of the file.
        format: a key of `READERS`; by default the one of the file ending, or txt (one text a line).
        column: the column or field with the text, or several of them.
        name: of the file, for its ending and for messages.
        reading: further options, as in training.

    Raises:
        DataError: the file has another format, or lacks the column.
    """
    options = replace(reading, format=format or _format_of_stream(stream, name, reading))  # type: ignore[arg-type]
    columns = [column] if isinstance(column, str) else column
    for table in read_stream(stream, name, Columns(columns), options):
        yield table["text"].to_pylist()


def read_source(
    source: str,
    *,
    column: str | list[str],
    given: Mapping[str, Any] | None = None,
    trained: ReadingOptions = DEFAULTS,
) -> Iterator[list[str]]:
    """Yield the texts of a source, chunk by chunk.

    Args:
        source: a file, a pattern, a folder, or `-` for standard input.
        column: as for `read_texts`.
        given: settings of `ReadingOptions`. Others are found by looking at a file; a pipe and a text file are UTF-8.
        trained: how the training files were read, see `dialects.look_at`.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    given = given or {}
    options = arguments_like(trained, given)
    columns = [column] if isinstance(column, str) else column
    if source == "-":
        if sys.stdin is None:
            raise DataError("-: expected texts on standard input, but it is closed. Send them, or name a file.")
        yield from read_texts(sys.stdin.buffer, format=options.format, column=column, name=source, reading=options)
    elif Path(source).is_dir() or is_pattern(source):
        reading = look_at(source, options, given, columns, trained)
        for table in read_files(source, Columns(columns), reading):
            yield table["text"].to_pylist()
    else:
        with open_file(source) as stream:
            look = replace(options, format=options.format or _format_of_stream(stream, source, options))
            reading = look_at(source, look, given, columns, trained) if Path(source).is_file() else look
            yield from read_texts(stream, format=look.format, column=column, name=source, reading=reading)


def _format_of_stream(stream: BinaryIO, name: str, options: ReadingOptions) -> Any:
    """Return the format by the ending of a file; without one that is known, by its first bytes."""
    found = ENDINGS.get(PurePath(without_compression(name)).suffix.lower(), "txt")
    if found != "txt":
        return found
    if Path(name).is_file():
        return format_of_lines(name, options)
    return format_of_beginning(stream.peek(FIRST_BYTES) if hasattr(stream, "peek") else b"", name, options)
