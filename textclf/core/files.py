"""Files: opened with a clear fault, written whole or not at all.

What only writing needs (`tempfile`, `shutil`) is imported there, and an answer from the shell comes 5 ms earlier.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from textclf.core.errors import DataError, WriteError

PARTIAL = ".partial"  # ends the name of what is being written
MOST_NAMED = 100  # files of a folder that have a checksum each in run.json
MOST_VALUES = 5_000_000  # in a file of JSON: a million pieces and the pairs that they come from


def open_file(path: str | Path) -> BinaryIO:
    """A file of texts, opened for reading bytes.

    Raises:
        DataError: it is missing, a folder, or not ours to read.
    """
    if path == "":
        raise DataError("expected the path of a file, received an empty one. Name the file.")
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        where = "" if Path(path).is_absolute() else f" (looked in {Path.cwd()})"
        raise DataError(f"{path}: expected a file, but there is none{where}. Check the path.") from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected a file, received a folder.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def checksum(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        DataError: it is no ordinary file, or cannot be read.
    """
    if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
        raise DataError(f"{path}: expected an ordinary file, received a device or a pipe.")
    with open_file(path) as stream:
        return hashlib.file_digest(cast(BufferedReader, stream), "sha256").hexdigest()


def checksums(files: Iterable[str]) -> dict[str, str]:
    """SHA-256 by file; of more than `MOST_NAMED` in a folder one for all, of their names and contents in their order.

    Raises:
        DataError: as `checksum`.
    """
    found: dict[str, str] = {}
    for folder, group in groupby(files, key=lambda file: str(Path(file).parent)):
        names = list(group)
        sums = ((name, checksum(name)) for name in names)
        if len(names) <= MOST_NAMED:
            found.update(sums)
            continue
        whole = hashlib.sha256()
        for name, digest in sums:
            whole.update(f"{digest} {Path(name).name}\n".encode(errors="surrogateescape"))
        found[f"{folder} ({len(names)} files)"] = whole.hexdigest()
    return found


@contextmanager
def atomic_file(path: Path, mode: str = "w") -> Iterator[IO]:
    """A file to write under another name; flushed to disk and renamed when the block ends without a fault.

    Raises:
        WriteError: the folder is missing or not ours to write, or the disk is full.
    """
    text_form: dict[str, Any] = (
        {} if "b" in mode else {"encoding": "utf-8", "newline": "", "errors": "backslashreplace"}
    )
    import tempfile

    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL)
        with os.fdopen(handle, mode, **text_form) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())  # mkstemp gives the owner alone the right to read
        Path(temporary).replace(path)
        _flush_folder(path.parent)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from None
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill under another name; flushed to disk and renamed when the block ends without a fault.

    Raises:
        FileExistsError: there is something in its place, which is left alone.
        WriteError: the folder above is missing or not ours to write, or the disk is full.
    """
    import shutil
    import tempfile

    try:
        partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None
    try:
        yield partial
        for written in partial.rglob("*"):
            if written.is_file():
                _flush_file(written)
        partial.chmod(0o777 & ~_umask())
        if os.path.lexists(path):  # an empty folder would be replaced
            raise FileExistsError(path)
        partial.rename(path)
        _flush_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # somebody was faster
            raise FileExistsError(path) from None
        raise cannot_write(path, error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_partial(folder: Path) -> None:
    """Remove what a process that was killed left half-written; nobody else may be writing there."""
    import shutil

    for path in list(folder.rglob(f".*{PARTIAL}")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        WriteError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError | ValueError) -> WriteError:
    """The error for what the system refuses; a ValueError is a name with a NUL in it."""
    return WriteError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}.")


def write_json(path: Path, content: Any) -> None:
    """Readable JSON, whole or not at all."""
    with atomic_file(path) as stream:
        json.dump(content, stream, ensure_ascii=False, indent=2, allow_nan=False)
        stream.write("\n")


def parse_json(content: bytes) -> Any:
    """JSON in UTF-8, from a file that may come from anywhere.

    Raises:
        ValueError: it is none, holds more values than `MOST_VALUES` or a number that is none, or is nested too deeply.
    """
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise ValueError(f"expected at most {MOST_VALUES:,} values, received more")
    try:
        return json.loads(content, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(name: str) -> None:
    raise ValueError(f"expected numbers, received {name}")


def _flush_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _flush_folder(path: Path) -> None:
    """The names in it: without this a power failure may undo a rename that was seen already."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
