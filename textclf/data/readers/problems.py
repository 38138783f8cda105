"""The errors for files that cannot be read, shared by the readers."""

import codecs
from pathlib import Path, PurePath

from textclf.core.compression import COMPRESSIONS, decompressed
from textclf.core.errors import DataError, did_you_mean
from textclf.core.files import open_file

CHUNK_BYTES = 1 << 16
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

NAME_IT = (
    "Name the right one: data.text_column and data.label_column in a config, "
    "--text-column and --label-column of evaluate, --column of predict."
)


def missing_columns(name: str, wanted: list[str], found: list[str], hint: str = "") -> DataError:
    """Return the error for a missing column, with the columns that there are."""
    missing = next(column for column in wanted if column not in found)
    return DataError(
        f"{name}: expected a column '{missing}', but the columns are: {', '.join(found) or '(none)'}"
        f"{did_you_mean(missing, found, otherwise='.')} "
        f"{hint or NAME_IT}"
    )


def too_many_columns(name: str, wanted: list[str], there: str) -> DataError:
    """Return the error for more columns than a format without column names has."""
    return DataError(
        f"{name}: expected {there}, which is all that its format has, but {len(wanted)} columns are needed: "
        f"{', '.join(wanted)}. Use another format, such as .csv or .jsonl, or name the format with data.format."
    )


def cannot_be_read(name: str, error: OSError) -> DataError:
    """Return the error for a file that the system or a decompressor cannot read."""
    if (suffix := PurePath(name).suffix.lower()) in COMPRESSIONS:
        return DataError(
            f"{name}: expected a whole file of {COMPRESSIONS[suffix]}, as its ending says, got a damaged one or "
            f"something else: {error}. Compress it again, or remove the ending."
        )
    return DataError(f"{name}: cannot be read: {error.strerror or error}.")


def wrong_bytes(name: str, error: UnicodeError, encoding: str) -> DataError:
    """Return the error for bytes that the encoding does not have, with their line if the file can be read again."""
    is_default = encoding == "utf-8"
    expected = "UTF-8 text" if is_default else f"text in {encoding}, as data.encoding says"
    if not isinstance(error, UnicodeDecodeError):
        return DataError(
            f"{name}: expected {expected}, got something else: {error}. "
            "Set data.encoding to the encoding that the file has; that of UTF-16 without a mark is utf-16-le."
        )
    if not is_default:
        advice = "Set data.encoding to the encoding that the file has."
    elif error.start == 0 and error.object[:2] in UTF16_MARKS:
        advice = "It begins as UTF-16 does: set data.encoding: utf-16, or convert it: iconv -f UTF-16 -t UTF-8."
    else:
        advice = (
            "Name the encoding that it has, as in data.encoding: gb18030, or convert it: "
            "iconv -f GB18030 -t UTF-8 old.csv > new.csv"
        )
    byte = error.object[error.start]
    return DataError(f"{name}: expected {expected}, got byte 0x{byte:02x}{_place(name, encoding)}. {advice}")


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
