"""Tell by its first bytes that a file is no text, whatever its name says."""

import io
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from textclf.core.compression import COMPRESSIONS
from textclf.core.errors import DataError
from textclf.data.readers.options import ReadingOptions

FIRST_BYTES = 1 << 12
BINARY_FORMATS = ("parquet", "excel")
EXCEL = "If it is a table, set {excel}, or save it as CSV (UTF-8)."
CHECK = "Check that the file is the right one."
COPY = "Copy its texts into a CSV file, one row a text."
UNPACK = "Unpack it, and use the file in it."
EXPORT = "Export the texts and labels as CSV, JSON Lines or Parquet."


class Kind(NamedTuple):
    """A kind of files that are no text."""

    begins: bytes
    name: str
    advice: str


# Those that begin alike are told apart by what follows, in `_office`.
KINDS = (
    Kind(b"PK\x03\x04", "a zip archive", UNPACK),
    Kind(b"PK\x05\x06", "an empty zip archive", CHECK),
    Kind(b"%PDF-", "a PDF document", COPY),
    Kind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)", EXCEL),
    Kind(b"{\\rtf", "an RTF document", COPY),
    Kind(b"\x1f\x8b", "data compressed by gzip", "Let its name end in .gz, as in texts.csv.gz."),
    Kind(b"BZh", "data compressed by bzip2", "Let its name end in .bz2, as in texts.csv.bz2."),
    Kind(b"\x28\xb5\x2f\xfd", "data compressed by zstd", "Let its name end in .zst, as in texts.csv.zst."),
    Kind(b"\xfd7zXZ\x00", "data compressed by xz", "Decompress it: unxz FILE."),
    Kind(b"\x04\x22\x4d\x18", "data compressed by lz4", "Decompress it: unlz4 FILE."),
    Kind(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    Kind(b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    Kind(b"PAR1", "a Parquet file", "Let its name end in .parquet, or set {parquet}."),
    Kind(b"ARROW1", "an Arrow (Feather) file", EXPORT),
    Kind(b"\xff\xff\xff\xff", "an Arrow stream (.arrow)", EXPORT),
    Kind(b"ORC", "an ORC file", EXPORT),
    Kind(b"Obj\x01", "an Avro file", EXPORT),
    Kind(b"\x89HDF\r\n\x1a\n", "an HDF5 file", EXPORT),
    Kind(b"SQLite format 3\x00", "an SQLite database", EXPORT),
    Kind(b"\x93NUMPY", "a NumPy array", EXPORT),
    *(Kind(bytes([0x80, protocol]), "a Python pickle", EXPORT) for protocol in range(2, 6)),
    Kind(b"\x89PNG\r\n\x1a\n", "a picture (PNG)", CHECK),
    Kind(b"\xff\xd8\xff", "a picture (JPEG)", CHECK),
    Kind(b"GIF8", "a picture (GIF)", CHECK),
    Kind(b"\x7fELF", "a program", CHECK),
    Kind(b"MZ\x90\x00", "a program", CHECK),
    Kind(b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS", "Fetch the file itself: git lfs pull."),
)
# What the first bytes of a zip archive contain -> what it is.
OFFICE = {
    b"xl/": Kind(b"", "an Excel workbook (.xlsx)", EXCEL),
    b"word/": Kind(b"", "a Word document (.docx)", COPY),
    b"ppt/": Kind(b"", "a PowerPoint file (.pptx)", COPY),
    b"opendocument.spreadsheet": Kind(b"", "an OpenDocument spreadsheet (.ods)", EXCEL),
    b"opendocument.text": Kind(b"", "an OpenDocument text (.odt)", COPY),
    b"epub+zip": Kind(b"", "an e-book (EPUB)", COPY),
}
TAR = Kind(b"ustar", "a tar archive", UNPACK)
TAR_PLACE = 257
TWICE = "It is compressed twice: decompress it once."
TEXT_BYTES = frozenset(range(32, 127)) | {9, 10, 13}


def kind_of(beginning: bytes, name: str = "") -> Kind | None:
    """Return the kind of a file that is no text, `None` if it can be one.

    Args:
        beginning: its first bytes, some hundred or more.
        name: of the file, to tell kinds of zip archives apart where their first bytes do not.
    """
    for kind in KINDS:
        # Letters can begin a text, such as "ORC,label": then only letters follow.
        follows = beginning[len(kind.begins) : len(kind.begins) + 32]
        could_be_text = set(kind.begins) <= TEXT_BYTES and set(follows) <= TEXT_BYTES
        if beginning.startswith(kind.begins) and (len(kind.begins) > 5 or not could_be_text):
            return _office(beginning, name) or kind if kind.begins[:2] == b"PK" else kind
    return TAR if beginning.startswith(TAR.begins, TAR_PLACE) else None


def checked_content(stream: BinaryIO, name: str, options: ReadingOptions) -> BinaryIO:
    """Return the stream, from its beginning, if it can be text.

    Raises:
        DataError: it begins as a file of another kind.
    """
    if not hasattr(stream, "peek"):
        stream = io.BufferedReader(stream)  # type: ignore[type-var]
    kind = kind_of(stream.peek(FIRST_BYTES), name)
    if kind:
        raise wrong_kind(name, kind, options)
    return stream


def wrong_kind(name: str, kind: Kind, options: ReadingOptions) -> DataError:
    """Return the error for a file that is no text."""
    ending = PurePath(name).suffix.lower()
    advice = TWICE if ending in COMPRESSIONS and f" {ending}," in kind.advice else kind.advice
    for form in BINARY_FORMATS:
        advice = advice.replace(f"{{{form}}}", options.named("format", form))
    return DataError(f"{name}: expected a file of texts, got {kind.name}. {advice}")


def _office(beginning: bytes, name: str) -> Kind | None:
    endings = {".xlsx": b"xl/", ".docx": b"word/", ".pptx": b"ppt/"}
    within = next((mark for mark in OFFICE if mark in beginning), None)
    return OFFICE.get(within or endings.get(name[-5:].lower(), b""))
