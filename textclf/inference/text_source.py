"""Read the texts to predict, chunk by chunk: from a file, several files, or a pipe."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath
from typing import BinaryIO

from textclf.core.compression import without_compression
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.data.readers import ENDINGS
from textclf.data.readers.options import DEFAULTS, ReadingOptions
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
    ending = PurePath(without_compression(name)).suffix.lower()
    options = replace(reading, format=format or ENDINGS.get(ending, "txt"))  # type: ignore[arg-type]
    columns = [column] if isinstance(column, str) else column
    for table in read_stream(stream, name, Columns(columns), options):
        yield table["text"].to_pylist()


def read_source(
    source: str, *, format: str | None, column: str | list[str], reading: ReadingOptions = DEFAULTS
) -> Iterator[list[str]]:
    """Yield the texts of a source, chunk by chunk.

    Args:
        source: a file, a pattern, a folder, or `-` for standard input.
        format: as for `read_texts`.
        column: as for `read_texts`.
        reading: as for `read_texts`.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    if source == "-":
        if sys.stdin is None:
            raise DataError("-: expected texts on standard input, but it is closed. Send them, or name a file.")
        yield from read_texts(sys.stdin.buffer, format=format, column=column, name=source, reading=reading)
    elif Path(source).is_dir() or is_pattern(source):
        options = replace(reading, format=format)  # type: ignore[arg-type]
        for table in read_files(source, Columns([column] if isinstance(column, str) else column), options):
            yield table["text"].to_pylist()
    else:
        with open_file(source) as stream:
            yield from read_texts(stream, format=format, column=column, name=source, reading=reading)
