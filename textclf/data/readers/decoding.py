"""Decode bytes of any encoding as they arrive."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from textclf.data.readers.limits import LONGEST_LINE, too_long
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.problems import wrong_bytes

CHUNK_BYTES = 1 << 20
BYTE_ORDER_MARK = "\ufeff"


def decoded(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[str]:
    """Yield text piece by piece. What a pipe has ready is one piece, so that predictions do not wait for its end.

    Raises:
        DataError: bytes that the encoding does not have.
    """
    decoder = codecs.getincrementaldecoder(options.encoding)()
    read_ready = getattr(stream, "read1", stream.read)
    started = False
    try:
        while received := read_ready(CHUNK_BYTES):
            if text := decoder.decode(received):
                yield text if started else text.lstrip(BYTE_ORDER_MARK)  # programs have written two
                started = True
        if text := decoder.decode(b"", final=True):
            yield text if started else text.lstrip(BYTE_ORDER_MARK)
    except UnicodeError as error:
        raise wrong_bytes(name, error, options) from None


def lines_of(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[list[str]]:
    r"""Yield lines as they arrive, some at a time.

    A line ends at \\n or \\r\\n, or in a file without \\n at \\r; not at U+2028, which a text may contain.

    Raises:
        DataError: a line without an end, or bytes that the encoding does not have.
    """
    rest, end = "", ""
    for text in decoded(stream, name, options):
        # Files of old Macs, and of Excel for them, have \r alone, and then no \n.
        end = end or ("\r" if "\r" in text[:-1] and "\n" not in text else "\n")
        *complete, rest = (rest + text).split(end)
        if len(rest) > LONGEST_LINE:
            raise too_long(name, "lines", LONGEST_LINE)
        if complete:
            yield [line.removesuffix("\r") for line in complete]
    if rest:
        yield [rest.removesuffix("\r")]
