"""Plain text: one text a line. There is only one column, whatever its name."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from textclf.readers.faults import not_utf8
from textclf.text_array import text_array

CHUNK_BYTES = 1 << 20


def read(stream: BinaryIO, columns: list[str], name: str) -> Iterator[pa.Table]:
    r"""Lines as they arrive: what a pipe has ready is one chunk, so that answers do not wait for its end.

    Bytes that are no UTF-8 raise a DataError; a line ends at \\n or \\r\\n only, and an empty line is a text.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    read_ready = getattr(stream, "read1", stream.read)
    rest = ""
    try:
        while received := read_ready(CHUNK_BYTES):
            *complete, rest = (rest + decoder.decode(received)).split("\n")
            if complete:
                yield _table(complete, columns)
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise not_utf8(name, error) from None
    if rest:
        yield _table([rest], columns)


def _table(lines: list[str], columns: list[str]) -> pa.Table:
    texts = text_array([line.removesuffix("\r") for line in lines])
    return pa.table(dict.fromkeys(columns, texts))
