"""Tell by its first bytes that a file of lines is no text a line: fastText's lines, JSON, or markup."""

import codecs
import re
from pathlib import Path

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.data.readers.content import FIRST_BYTES, kind_of
from textclf.data.readers.options import ReadingOptions

FASTTEXT = re.compile(r"__label__[^\s]")
STRING = r'"(?:[^"\\]|\\.)*"\s*'
JSON = re.compile(rf'\{{\s*({STRING}(:|$)|\}}\s*$)|\[\s*(\{{\s*["}}]|\[\s*["\d\-]|{STRING}(,\s*["\d\-]|\]\s*$|$))')
MARKUP = re.compile(r"<(!doctype\s+html|html|\?xml|rss|svg)[\s>]", re.IGNORECASE)
MARKUP_ENDINGS = (".html", ".htm", ".xhtml", ".xml")
MOST_NULS = 0.05  # of the first bytes of text


def format_of_lines(path: str, options: ReadingOptions) -> str:
    """Return the format of a file whose name says text a line, or nothing: what its first bytes show, else `txt`.

    Raises:
        DataError: it is markup or binary data.
    """
    if not Path(path).is_file():  # a pipe can be read only once
        return format_of_beginning(b"", path, options)
    try:
        with open_file(path) as stream:
            return format_of_beginning(decompressed(stream, path).read(FIRST_BYTES), path, options)
    except OSError:  # damaged: reading it says so
        return "txt"


def format_of_beginning(beginning: bytes, name: str, options: ReadingOptions) -> str:
    """Return the format that the first bytes show: fasttext, json, or `txt` for anything else.

    Args:
        name: of the file, for its ending and for messages.

    Raises:
        DataError: markup or binary data.
    """
    text = _decoded(beginning, options.encoding).lstrip()
    if FASTTEXT.match(text):
        return "fasttext"
    if JSON.match(text):
        return "json"
    as_lines = f"To take each line for a text, set {options.named('format', 'txt')}."
    if MARKUP.match(text) or name.lower().endswith(MARKUP_ENDINGS):
        kind = "XML" if text[:5].lower() == "<?xml" or name.lower().endswith(".xml") else "HTML"
        raise DataError(f"{name}: expected a text a line, got {kind}. Write its texts into a file of lines. {as_lines}")
    if kind_of(beginning, name) is None and text.count("\0") > MOST_NULS * len(text):
        raise DataError(
            f"{name}: expected a text a line, got binary data, or UTF-16 without a mark. Check the file, or set "
            f"{options.named('encoding', 'utf-16-le')}."
        )
    return "txt"


def _decoded(beginning: bytes, encoding: str) -> str:
    if beginning.startswith(codecs.BOM_UTF32_LE):  # begins as UTF-16 does
        encoding = "utf-32"
    elif beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif beginning.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    return beginning.decode(encoding, "ignore")
