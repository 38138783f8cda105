"""Read fastText lines, `__label__a __label__b the text`. The first column is the text, the second the labels."""

import re
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from textclf.core.text_column import text_array
from textclf.data.readers.columns import column_of
from textclf.data.readers.decoding import lines_of
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.problems import too_many_columns

ENDINGS = (".fasttext", ".ft")
NAMES_COLUMNS = False
# As in fastText, words end at ASCII white space only, and a label may stand anywhere in the line. The look-behind
# comes after the prefix, so that the prefix is searched as plain text, which is much faster.
LABEL = re.compile(r"__label__(?<![^ \t\v\f\r\0]__label__)([^ \t\v\f\r\0]*)[ \t\v\f\r\0]?")


def read(stream: BinaryIO, columns: list[str], name: str, options: ReadingOptions = DEFAULTS) -> Iterator[pa.Table]:
    """Yield lines as they arrive. Labels are lists in a table with a line of several labels, otherwise texts.

    Raises:
        DataError: a third column is asked for, or bytes that the encoding does not have.
    """
    if len(columns) > 2:
        raise too_many_columns(name, columns, options, "a text and its labels in each line")
    for lines in lines_of(stream, name, options):
        both = [text_array([LABEL.sub("", line) for line in lines]), column_of([_labels(line) for line in lines])]
        yield pa.table(dict(zip(columns, both, strict=False)))


def _labels(line: str) -> str | list[str]:
    labels = [label for label in LABEL.findall(line) if label]
    return labels if len(labels) > 1 else "".join(labels)
