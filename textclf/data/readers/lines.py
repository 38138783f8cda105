"""Read plain text: one text a line, in a single column of any name."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from textclf.core.text_column import text_array
from textclf.data.readers.decoding import lines_of
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import too_many_columns

ENDINGS = (".txt",)
NAMES_COLUMNS = False


def read(stream: BinaryIO, columns: list[str], name: str, options: ReadingOptions = DEFAULTS) -> Iterator[pa.Table]:
    """Yield lines as they arrive. An empty line is a text.

    Raises:
        DataError: a second column is asked for, or bytes that the encoding does not have.
    """
    if len(columns) > 1:
        raise too_many_columns(name, columns, options, "a text in each line")
    for lines in lines_of(stream, name, options):
        yield pa.table({columns[0]: text_array(lines)})
