"""Files of a run or classifier folder, which may come from a stranger: nothing is followed, waited for or unbounded."""

import os
import stat
from pathlib import Path

MIB = 2**20


def read_within(folder: Path, name: str, most_bytes: int) -> bytes:
    """The content of a file that lies in the folder itself.

    Raises:
        OSError: it cannot be read.
        ValueError: it is a symbolic link, no ordinary file, or larger than `most_bytes`; nothing of it was read then.
    """
    path = folder / name
    refuse_links(folder, path)
    # Without O_NONBLOCK a named pipe would wait for ever; O_NOFOLLOW is for a link made since the line above.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("expected an ordinary file, received something else")
        if about.st_size > most_bytes:
            raise ValueError(f"expected at most {_size(most_bytes)}, received {_size(about.st_size)}")
        content = stream.read(about.st_size + 1)
    if len(content) != about.st_size:
        raise ValueError("it changed while it was read")
    return content


def refuse_links(folder: Path, path: Path) -> None:
    """Refuse a path in a folder on which a symbolic link stands: it could lead anywhere.

    Raises:
        ValueError: there is one; the message names it.
    """
    for part in [path, *path.parents]:
        if part == folder:
            return
        if part.is_symlink():
            raise ValueError(f"expected no symbolic links in the folder, but {part.name} is one")


def _size(number: int) -> str:
    return f"{number / MIB:,.0f} MiB" if number >= MIB else f"{number:,} bytes"
