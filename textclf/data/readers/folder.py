"""Read a folder with a subfolder for every label, in which each file is one text."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from textclf.core.text_column import text_array
from textclf.data.readers.decoding import decoded
from textclf.data.readers.limits import LONGEST_LINE, too_long
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import too_many_columns

ENDINGS = ()  # `sources.py` finds the files
NAMES_COLUMNS = False


def read(stream: BinaryIO, columns: list[str], name: str, options: ReadingOptions = DEFAULTS) -> Iterator[pa.Table]:
    """Yield one file: the first column is its whole text, the second the name of its folder.

    Raises:
        DataError: a third column is asked for, or bytes that the encoding does not have.
    """
    if len(columns) > 2:
        raise too_many_columns(name, columns, options, "a text in each file, and its folder as the label")
    both = [_whole(decoded(stream, name, options), name), Path(name).absolute().parent.name]
    yield pa.table({column: text_array([value]) for column, value in zip(columns, both, strict=False)})


def _whole(pieces: Iterator[str], name: str) -> str:
    text = ""
    for piece in pieces:
        text += piece
        if len(text) > LONGEST_LINE:
            raise too_long(name, "a text", LONGEST_LINE)
    return text
