"""Files of texts -> columns, in chunks. `READERS` says which file ending is read how."""

from pathlib import PurePath
from types import ModuleType

from textclf.errors import DataError
from textclf.readers import csv, jsonl, lines

# One file and one line each. A reader module offers
#   read(stream, columns, name) -> Iterator[pa.Table]    the named columns, as large strings
#   column_names(stream, name) -> list[str] | None       what the file has, without reading all of it
READERS = {
    ".csv": csv,
    ".jsonl": jsonl,
    ".txt": lines,
}
FORMATS = {ending.removeprefix("."): reader for ending, reader in READERS.items()}


def reader_for(path: str) -> ModuleType:
    """The reader for a file, by its ending.

    Raises:
        DataError: no reader has that ending.
    """
    ending = PurePath(path).suffix.lower()
    if ending not in READERS:
        raise DataError(f"{path}: expected a file that ends in {', '.join(READERS)}, received '{ending or path}'.")
    return READERS[ending]
