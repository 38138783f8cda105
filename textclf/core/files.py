"""Read and write files: a clear error where one cannot be opened, and no file half-written.

`read_untrusted` reads the files of a run or classifier folder, which may come from a stranger. The modules that only
writing needs (`tempfile`, `shutil`) are imported inside the functions: `predict` starts 5 ms earlier.
"""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from textclf.core.errors import DataError, WriteError

PARTIAL = ".partial"  # ending of the name of a file or folder that is being written
LONGEST_PREFIX = 50  # characters: 200 bytes of the 255 that a name may have
MOST_NAMED = 100  # files of a folder that have a checksum each in run.json
MOST_VALUES = 5_000_000  # in a file of JSON: a million pieces and the pairs that they come from
MIB = 2**20


def expand_home(path: str) -> str:
    """Return a path with the home folder in place of `~` at its beginning, as a shell does for a word of its own."""
    return os.path.expanduser(path) if path.startswith("~") else path  # noqa: PTH111 (Path fails for an unknown user)


def is_folder(path: Path) -> bool:
    """Return whether a path is that of a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long, or with a NUL: no folder has that name
        return False


def open_file(path: str | Path) -> BinaryIO:
    """Open a file of texts for reading bytes.

    Raises:
        DataError: the file is missing, is a folder, or cannot be read.
    """
    if path == "":
        raise DataError("expected the path of a file, got an empty one. Name the file.")
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        if "://" in str(path):
            raise DataError(f"{path}: expected a file, got an address. Download it, and name the file.") from None
        where = "" if Path(path).is_absolute() else f" (looked in {Path.cwd()})"
        raise DataError(f"{path}: expected a file, but there is none{where}. Check the path.") from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected a file, got a folder.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def read_untrusted(folder: Path, name: str, max_bytes: int) -> bytes:
    """Return the content of a file in a folder that may come from a stranger.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is a symbolic link, not an ordinary file, or larger than `max_bytes`. Nothing was read.
    """
    path = folder / name
    reject_symlinks(folder, path)
    # O_NONBLOCK: opening a named pipe would wait for ever. O_NOFOLLOW: a link may have been made since the line above.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("expected an ordinary file, got something else")
        if status.st_size > max_bytes:
            raise ValueError(f"expected at most {_size(max_bytes)}, got {_size(status.st_size)}")
        content = stream.read(status.st_size + 1)
    if len(content) != status.st_size:
        raise ValueError("it changed while it was read")
    return content


def reject_symlinks(folder: Path, path: Path) -> None:
    """Raise an error if `path`, or a folder between it and `folder`, is a symbolic link: it could lead anywhere.

    Raises:
        ValueError: there is such a link; the message names it.
    """
    for part in [path, *path.parents]:
        if part == folder:
            return
        if part.is_symlink():
            raise ValueError(f"expected no symbolic links in the folder, but {part.name} is one")


def _size(number: int) -> str:
    return f"{number / MIB:,.0f} MiB" if number >= MIB else f"{number:,} bytes"


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        DataError: it is not an ordinary file, or cannot be read.
    """
    if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
        raise DataError(f"{path}: expected an ordinary file, got a device or a pipe.")
    with open_file(path) as stream:
        return hashlib.file_digest(cast(BufferedReader, stream), "sha256").hexdigest()


def checksums(files: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each file, by name.

    More than `MOST_NAMED` files of one folder get one checksum, of their names and contents in their order.

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
    """Open a temporary file for writing; flush it to disk and rename it to `path` when the block ends without an error.

    Raises:
        WriteError: the folder is missing or not writable, or the disk is full.
    """
    partial = _partial_path(path)
    try:
        with partial.open(mode.replace("w", "x"), **text_form(mode)) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        _flush_folder(path.parent)
    except BaseException as error:
        with suppress(OSError, ValueError):  # for the reason for which it was not made, such as a NUL in the name
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from None
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Make a temporary folder; flush its files to disk and rename it to `path` when the block ends without an error.

    Raises:
        FileExistsError: `path` exists; it is left as it is.
        WriteError: the folder above is missing or not writable, or the disk is full.
    """
    import shutil

    partial = _partial_path(path)
    try:
        try:
            partial.mkdir()
        except (OSError, ValueError) as error:
            raise cannot_write(path, error) from None
        yield partial
        for written in partial.rglob("*"):
            if written.is_file():
                _flush_file(written)
        if os.path.lexists(path):  # an empty folder would be replaced
            raise FileExistsError(path)
        partial.rename(path)
        _flush_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # another process was faster
            raise FileExistsError(path) from None
        raise cannot_write(path, error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def text_form(mode: str) -> dict[str, Any]:
    """Return how a file is opened in a mode: text is UTF-8, with line ends as they are given."""
    return {} if "b" in mode else {"encoding": "utf-8", "newline": "", "errors": "backslashreplace"}


def partial_prefix(path: Path) -> str:
    """Return the beginning of the temporary name of a file or folder, which must not be too long itself."""
    return f".{path.name[:LONGEST_PREFIX]}."


def _partial_path(path: Path) -> Path:
    """Return a temporary name that is known before anything is made there: a signal may arrive at any moment."""
    return path.parent / f"{partial_prefix(path)}{os.urandom(6).hex()}{PARTIAL}"


def remove_partial(folder: Path) -> None:
    """Remove the temporary files and folders of a killed process. No other process may be writing there."""
    import shutil

    for path in list(folder.rglob(f".*{PARTIAL}")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and the folders above it, where they are missing.

    Raises:
        WriteError: the folder cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError | ValueError) -> WriteError:
    """Return the error for a failed write; a ValueError means that the name holds a NUL."""
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return WriteError(f"{path}: cannot be written: there is no folder {path.parent}. Make it, or name another one.")
    if isinstance(error, FileExistsError):  # of `make_folder`
        return WriteError(f"{path}: expected a folder to write to, got a file. Name another one.")
    return WriteError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}.")


def write_json(path: Path, content: Any, open_file: Callable[[Path], AbstractContextManager[IO]] = atomic_file) -> None:
    """Write indented JSON, as `atomic_file` does, or `output_file`."""
    with open_file(path) as stream:
        json.dump(content, stream, ensure_ascii=False, indent=2, allow_nan=False)
        stream.write("\n")


def to_json(content: Any) -> bytes:
    """Return indented JSON in UTF-8, as `write_json` writes it."""
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode(errors="backslashreplace")


def parse_json(content: bytes) -> Any:
    """Parse JSON in UTF-8 from a file that may come from anywhere.

    Raises:
        ValueError: not JSON, more values than `MOST_VALUES`, NaN or infinity, or nested too deeply.
    """
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise ValueError(f"expected at most {MOST_VALUES:,} values, got more")
    try:
        return _DECODER.decode(content.decode(json.detect_encoding(content), "surrogatepass"))  # as `json.loads`
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _reject_constant(name: str) -> None:
    raise ValueError(f"expected numbers, got {name}")


_DECODER = json.JSONDecoder(parse_constant=_reject_constant)  # made once: `json.loads` with an option makes one a call


def _flush_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _flush_folder(path: Path) -> None:
    """Flush the names in a folder: without this a power failure may undo a rename that other processes have seen.

    The file is there already. A folder that cannot be read, or is in some network file systems, is left as it is.
    """
    if os.name == "posix":
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
