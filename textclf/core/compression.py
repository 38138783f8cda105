"""Compressed files, by their last ending."""

from pathlib import PurePath
from typing import BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


def without_compression(path: str) -> str:
    """The name that a file has when it is decompressed: `a.csv` for `a.csv.gz`."""
    suffix = PurePath(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in COMPRESSIONS else path


def decompressed(stream: BinaryIO, name: str) -> BinaryIO:
    """The content of a stream whose name says how it is compressed. Broken data is an OSError when it is read.

    Raises:
        DataError: the installed pyarrow lacks the codec.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in COMPRESSIONS:
        return stream
    if not pa.Codec.is_available(COMPRESSIONS[suffix]):
        raise DataError(f"{name}: expected a pyarrow that reads {suffix}, but the installed one does not. Unpack it.")
    return pa.CompressedInputStream(stream, COMPRESSIONS[suffix])
