"""The errors for files that cannot be read, shared by the readers."""

import codecs
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from textclf.core.compression import COMPRESSIONS, decompressed
from textclf.core.errors import DataError, did_you_mean
from textclf.core.files import open_file
from textclf.data.encodings import ANY_BYTES, SAMPLE_BYTES, detect_encoding, is_nearly_utf8, read_sample
from textclf.data.readers.options import ReadingOptions

CHUNK_BYTES = 1 << 16
TITLE_ADVICE = " If the first row is a title or a comment, remove it: the header comes first."


def missing_columns(
    name: str, wanted: Sequence[str], found: Sequence[str], options: ReadingOptions, *, named_by: str | None = None
) -> DataError:
    """Return the error for a missing column, with the columns that there are.

    Args:
        named_by: the option that names the column, if it is neither that of the text nor that of the label.
    """
    missing = next(column for column in wanted if column not in found)
    names = [options.named("text_column")] + ([options.named("label_column")] if len(wanted) > 1 else [])
    return DataError(
        f"{name}: expected a column '{missing}', but the columns are: {', '.join(found) or '(none)'}"
        f"{did_you_mean(missing, found, otherwise='.')} Name the right one with {named_by or ' or '.join(names)}."
    )


def check_names(name: str, wanted: Iterable[str], found: Sequence[str]) -> None:
    """Check that no two columns have a wanted name: nobody knows which one is meant.

    Raises:
        DataError: two have it.
    """
    if twice := next((column for column in wanted if found.count(column) > 1), None):
        raise DataError(
            f"{name}: expected one column '{twice}', got {found.count(twice)} of this name. Rename the others."
        )


def too_many_columns(name: str, wanted: list[str], options: ReadingOptions, there: str) -> DataError:
    """Return the error for more columns than a format without column names has.

    Args:
        there: what a file of this format has.
    """
    return DataError(
        f"{name}: expected the columns {', '.join(wanted)}, but a file of this format has only {there}. Use another "
        f"format, such as .csv or .jsonl, or name the format with {options.named('format')}."
    )


def cannot_be_read(name: str, error: OSError) -> DataError:
    """Return the error for a file that the system or a decompressor cannot read."""
    if (suffix := PurePath(name).suffix.lower()) in COMPRESSIONS:
        return DataError(
            f"{name}: expected a whole file of {COMPRESSIONS[suffix]}, as its ending says, got a damaged one or "
            f"something else: {error}. Compress it again, or remove the ending."
        )
    return DataError(f"{name}: cannot be read: {error.strerror or error}.")


def wrong_bytes(name: str, error: UnicodeError, options: ReadingOptions) -> DataError:
    """Return the error for bytes that the encoding does not have, with their line if the file can be read again."""
    encoding, setting = options.encoding, options.named("encoding")
    expected = "UTF-8 text" if encoding == "utf-8" else f"text in {encoding}, as {setting} says"
    if not isinstance(error, UnicodeDecodeError):
        return DataError(
            f"{name}: expected {expected}, got something else: {error}. "
            f"Set {setting} to the encoding that the file has; that of UTF-16 without a mark is utf-16-le."
        )
    sample, place = _sample(name) or error.object[:SAMPLE_BYTES], _place(name, encoding)
    found = detect_encoding(sample)
    advice = f"Set {setting} to the encoding that the file has."
    if encoding == "utf-8" and is_nearly_utf8(sample):
        advice = "Nearly all of it is UTF-8: correct that line, or write the file again."
    elif found not in (encoding, ANY_BYTES):
        advice = f"It looks like {found}: set {options.named('encoding', found)} if the text reads well then."
    return DataError(f"{name}: expected {expected}, got byte 0x{error.object[error.start]:02x}{place}. {advice}")


def _sample(name: str) -> bytes:
    """Return the first bytes of a file; nothing of a pipe."""
    if not Path(name).is_file():
        return b""
    try:
        with open_file(name) as stream:
            return read_sample(decompressed(stream, name))
    except OSError:  # it has changed
        return b""


def _place(name: str, encoding: str) -> str:
    """Return ` in line 3`, found by reading the file again, or nothing."""
    if not Path(name).is_file():
        return ""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        with open_file(name) as stream:
            content = decompressed(stream, name)
            while piece := content.read(CHUNK_BYTES):
                line += decoder.decode(piece).count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return f" in line {line + error.object[: error.start].decode(error.encoding, 'ignore').count(chr(10))}"
    except (OSError, UnicodeError):  # it has changed, or is a pipe that is empty now
        pass
    return ""
