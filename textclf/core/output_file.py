"""Write the file that a user names with `--output`: a file atomically, anything else as it stands there.

`atomic_file` replaces whatever has the name. That is right inside a run folder, where a link may come from a stranger,
and wrong for a name that the user chose: it may be a link, a device, a pipe or `>(command)`, and an existing file has
an owner and permissions.
"""

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from textclf.core.files import PARTIAL, atomic_file, cannot_write, expand_home, partial_prefix, text_form

MOST_LINKS = 40  # from one to the next, as in Linux
# Names of an open file of this process. Opening them anew would empty the file, or fail for a socket.
OPEN_FILE = re.compile(r"/(?:dev|proc/self|proc/thread-self)/fd/(\d+)")
STANDARD_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
CANNOT_RENAME = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV, errno.EROFS}


@contextmanager
def output_file(path: str | Path, mode: str = "w") -> Iterator[IO]:
    """Open a file that the user names for writing.

    A new file appears complete when the block ends without an error. An existing file keeps its content until then,
    and keeps its mode and owner. A link is followed. Devices, pipes and open files such as `/dev/stdout` receive the
    content as it is written, text line by line.

    Args:
        mode: `w` for text in UTF-8 or `wb` for bytes.

    Raises:
        WriteError: the file cannot be written.
        BrokenPipeError: nobody reads the pipe any more.
    """
    path = Path(expand_home(os.fspath(path)))
    try:
        number, target = _resolved(path)
        status = None if number is not None else _status(target)
    except (OSError, ValueError) as error:  # a ValueError: the name holds a NUL
        raise cannot_write(path, error) from None
    if number is not None:
        opened = _stream(number, mode)
    elif status is None:
        opened = atomic_file(target, mode)
    elif stat.S_ISREG(status.st_mode):
        opened = _existing_file(target, status, mode)
    else:
        opened = _stream(target, mode)
    try:
        with opened as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from None


def check_output(path: str | Path) -> None:
    """Check, before the work that gives its content, that a file can be written.

    Raises:
        WriteError: there is no such folder, or it may not be written to.
    """
    path = Path(expand_home(os.fspath(path)))
    try:
        number, target = _resolved(path)
        if number is None and _status(target) is None and not os.access(target.parent, os.W_OK | os.X_OK):
            missing = errno.EACCES if target.parent.is_dir() else errno.ENOENT
            raise OSError(missing, os.strerror(missing))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None


def would_replace(path: str | Path) -> bool:
    """Return whether a name is that of an ordinary file, whose content would be lost."""
    try:
        number, target = _resolved(Path(expand_home(os.fspath(path))))
        return number is None and target.is_file()
    except (OSError, ValueError):
        return False


def is_standard_output(path: str | Path) -> bool:
    """Return whether a name leads to where this process prints: `-`, `/dev/stdout`, or a link to it."""
    try:
        number, target = _resolved(Path(path))
        return number == 1 or (number is None and os.path.samestat(target.stat(), os.fstat(1)))
    except (OSError, ValueError):
        return False


def _resolved(path: Path) -> tuple[int | None, Path]:
    """Follow links; return the number of the open file that they end at, or the path that they end at."""
    if str(path) == "-":  # as in other programs, and in `--file -`
        return 1, path
    for _ in range(MOST_LINKS):
        name = os.path.abspath(path)  # noqa: PTH100 (Path.resolve would go on to what is open there)
        if (number := _number(name)) is not None:
            return number, path
        if not path.is_symlink():
            return None, path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _number(name: str) -> int | None:
    if name in STANDARD_STREAMS:
        return STANDARD_STREAMS[name]
    found = OPEN_FILE.fullmatch(name.replace(f"/proc/{os.getpid()}/", "/proc/self/"))
    return int(found[1]) if found else None


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextmanager
def _stream(target: Path | int, mode: str) -> Iterator[IO]:
    """Open a device, a pipe or an open file, so that every line of text arrives at once."""
    for printed in (sys.stdout, sys.stderr):  # what was printed before comes before
        with suppress(AttributeError, OSError, ValueError):
            printed.flush()
    buffering = -1 if "b" in mode else 1
    where = os.dup(target) if isinstance(target, int) else target
    with open(where, mode, buffering=buffering, **text_form(mode)) as stream:  # noqa: PTH123 (a number, too)
        yield stream


@contextmanager
def _existing_file(path: Path, status: os.stat_result, mode: str) -> Iterator[IO]:
    """Write a temporary file, and put its content in place of an ordinary file when the block ends without an error."""
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=partial_prefix(path), suffix=PARTIAL)
    except OSError as error:
        if error.errno not in CANNOT_RENAME:
            raise
        handle, temporary = tempfile.mkstemp(suffix=PARTIAL)  # only the file is writable, not its folder
    try:
        with os.fdopen(handle, mode, **text_form(mode)) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _replace(path, status, Path(temporary))
    finally:
        Path(temporary).unlink(missing_ok=True)


def _replace(path: Path, status: os.stat_result, temporary: Path) -> None:
    """Rename a file to an existing one; copy its content where a new file would not have the same owner or names."""
    try:
        if status.st_nlink == 1:
            if hasattr(os, "chown"):
                os.chown(temporary, status.st_uid, status.st_gid)
            temporary.chmod(stat.S_IMODE(status.st_mode))
            temporary.replace(path)
            return
    except OSError as error:
        if error.errno not in CANNOT_RENAME:
            raise
    with temporary.open("rb") as content, path.open("r+b") as stream:
        shutil.copyfileobj(content, stream)
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())
