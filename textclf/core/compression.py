"""Read compressed files, which the last ending of their names tells."""

from pathlib import PurePath
from typing import BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


def without_compression(path: str) -> str:
    """Return the name of the decompressed file: `a.csv` for `a.csv.gz`."""
    suffix = PurePath(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in COMPRESSIONS else path


def decompressed(stream: BinaryIO, name: str) -> BinaryIO:
    """Return a stream that decompresses another one, as its name tells. Reading damaged data raises an OSError.

    Raises:
        DataError: the installed pyarrow lacks the codec.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in COMPRESSIONS:
        return stream
    if not pa.Codec.is_available(COMPRESSIONS[suffix]):
        raise DataError(
            f"{name}: expected a pyarrow that reads {suffix}, but the installed one does not. Decompress the file."
        )
    return pa.CompressedInputStream(stream, COMPRESSIONS[suffix])
