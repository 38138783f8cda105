"""Read and write zip files: read in memory within limits, written with the same bytes each time.

A zip file may come from a stranger. Nothing is unpacked to disk, no name in it is used as a path, and sizes are checked
before anything is unpacked. `zipfile` is imported inside the functions: `predict` from a folder does not need it.
"""

import os
import stat
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from textclf.core.files import MIB, atomic_file

ENDING = ".zip"
LARGEST_ARCHIVE = 1200 * MIB
LARGEST_DIRECTORY = 64 * 1024  # bytes: the list of entries, each of which takes a hundred times as much in memory
END = struct.Struct("<4sHHHHIIH")  # the end of a zip file without a comment (APPNOTE 6.3.10, section 4.3.16)
FIRST_DATE = (1980, 1, 1, 0, 0, 0)


def is_archive(path: Path) -> bool:
    """Return whether a path is that of a zip file by its name."""
    try:
        return path.suffix.lower() == ENDING and path.exists() and not path.is_dir()
    except (OSError, ValueError):  # too long, or with a NUL: no file has that name
        return False


def read_archived(path: Path, name: str, max_bytes: int) -> bytes:
    """Return the content of one file in a zip file; it lies at the top, or in the one folder there is.

    Raises:
        FileNotFoundError: the zip file has no such file.
        OSError: the zip file cannot be read.
        ValueError: not a zip file, damaged, or a file in it is larger than `max_bytes`, encrypted, or there twice.
    """
    import zipfile

    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        _check_size(stream)
        try:
            with zipfile.ZipFile(stream) as archive:
                entry = _entry(archive.infolist(), name, max_bytes)
                with archive.open(entry) as content:
                    read = content.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
            raise ValueError(f"not a valid zip file: {error}") from None
    if len(read) != entry.file_size:
        raise ValueError("its size differs from that in the zip file")
    return read


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip file, completely or not at all. Equal files give equal bytes, whenever and by whomever written.

    Raises:
        WriteError: the folder is missing or not writable, or the disk is full.
    """
    import zipfile

    with atomic_file(path, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, FIRST_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as Unix writes an ordinary file
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _check_size(stream: IO[bytes]) -> None:
    """Check that a stream is an ordinary file of a size, and with a list of files, that can be read."""
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("expected an ordinary file, got something else")
    if status.st_size > LARGEST_ARCHIVE:
        raise ValueError(f"expected at most {LARGEST_ARCHIVE // MIB:,} MiB, got {status.st_size // MIB:,} MiB")
    stream.seek(max(status.st_size - END.size, 0))
    last = stream.read(END.size)
    signature, *_, directory_bytes, _, _ = END.unpack(last) if len(last) == END.size else (b"", 0, 0, 0)
    if signature != b"PK\x05\x06":
        raise ValueError("not a zip file, or truncated")
    if directory_bytes > LARGEST_DIRECTORY:
        raise ValueError("expected a zip file of a classifier, got one with too many files")


def _entry(entries: list, name: str, max_bytes: int):
    """Return the entry of a file, after checking what it says of itself."""
    found = [entry for entry in entries if _is_named(entry.filename, name)]
    if not found:
        raise FileNotFoundError(name)
    if len(found) > 1:
        raise ValueError("the zip file has it twice")
    [entry] = found
    if entry.flag_bits & 1:
        raise ValueError("it is encrypted")
    if entry.file_size > max_bytes:
        raise ValueError(f"expected at most {max_bytes // MIB:,} MiB, got {entry.file_size // MIB:,} MiB")
    return entry


def _is_named(path: str, name: str) -> bool:
    folder, _, last = path.rpartition("/")
    return last == name and folder not in {".", ".."} and "/" not in folder
