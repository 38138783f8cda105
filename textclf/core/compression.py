"""Compressed files: those of data, which the last ending of their names tells, and gzip in memory, within a limit."""

import zlib
from pathlib import PurePath
from typing import BinaryIO

import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.files import MIB

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
GZIP = 31  # the largest window of zlib, with the head and the end of a gzip file


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


def gzipped(content: bytes) -> bytes:
    """Return the content of a gzip file, without a name and a time: equal content gives equal bytes."""
    return zlib.compress(content, 9, GZIP)


def gunzipped(packed: bytes, max_bytes: int) -> bytes:
    """Return what is in a gzip file that may come from a stranger.

    Raises:
        ValueError: not a gzip file, damaged, followed by other bytes, or with more than `max_bytes` in it.
    """
    unpacked = zlib.decompressobj(GZIP)
    try:
        content = unpacked.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise ValueError(f"not a valid gzip file: {error}") from None
    if len(content) > max_bytes:
        raise ValueError(f"expected at most {max_bytes // MIB:,} MiB in the gzip file, got more")
    if not unpacked.eof or unpacked.unused_data:
        raise ValueError("expected one gzip file, got a truncated one, or more bytes behind it")
    return content
