"""Readers turn files of texts into columns, in chunks. `READERS` is the table of formats, `sources.py` finds files."""

from pathlib import PurePath

from textclf.core.compression import COMPRESSIONS, without_compression
from textclf.core.errors import DataError
from textclf.data.readers import csv, excel, fasttext, folder, json, jsonl, lines, parquet, tsv
from textclf.data.readers.options import DEFAULTS, ReadingOptions

# One file and one line each. A reader module offers
#   read(stream, columns, name, options) -> Iterator[pa.Table]    the named columns, as large strings, or as lists
#                                                                 of them where the file has lists; no empty table
#                                                                 A format that names its columns also takes `kept`
#   ENDINGS          of the files
#   NAMES_COLUMNS    whether the files do; if not, the first column asked for is the text, the second the label
READERS = {
    "csv": csv,
    "tsv": tsv,
    "jsonl": jsonl,
    "json": json,
    "parquet": parquet,
    "excel": excel,
    "txt": lines,
    "fasttext": fasttext,
    "folder": folder,
}
BINARY = ("parquet", "excel")  # formats that are no text: they have no encoding, delimiter or quotes
ENDINGS = {ending: name for name, reader in READERS.items() for ending in reader.ENDINGS}


def format_of(path: str, options: ReadingOptions = DEFAULTS) -> str:
    """Return the format of a file by its ending. An ending of a compressed file, such as .gz, is ignored.

    Raises:
        DataError: no reader has that ending.
    """
    ending = PurePath(without_compression(path)).suffix.lower()
    if ending not in ENDINGS:
        raise DataError(
            f"{path}: expected a file that ends in {', '.join(ENDINGS)}, compressed or not "
            f"({', '.join(COMPRESSIONS)}), got '{ending or path}'. Name its format with {options.named('format')}."
        )
    return ENDINGS[ending]
