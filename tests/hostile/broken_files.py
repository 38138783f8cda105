"""What a stranger, a bad disk or a bad line can make of a file."""

import os
import random

HUGE = 2**40  # bytes, of which the disk holds none


def damages():
    """Name -> a function that damages the file at a path."""
    table = {
        "empty": lambda path: path.write_bytes(b""),
        "one byte": lambda path: path.write_bytes(path.read_bytes()[:1]),
        "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        "without its last bytes": lambda path: path.write_bytes(path.read_bytes()[:-3]),
        "zeros": lambda path: path.write_bytes(bytes(1000)),
        "noise": lambda path: path.write_bytes(random.Random(1).randbytes(5000)),
        "brackets": lambda path: path.write_bytes(b"[" * 1_000_000),
        "a pickle": lambda path: path.write_bytes(b"cposix\nsystem\n(S'touch harmed'\ntR."),
        "a zip": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(500)),
        "missing": lambda path: path.unlink(),
        "a folder": _as_folder,
        "a pipe": _as_pipe,
        "endless": _as_link_to("/dev/zero"),
        "a link out of the folder": _as_link_out,
        "a link to nothing": _as_link_to("../../../nothing"),
        "a link to itself": lambda path: (path.unlink(), path.symlink_to(path.name)),
        "huge": lambda path: os.truncate(path, HUGE),
    }
    return {**table, **{f"bit {number}": _flipped(number) for number in range(8)}}


def flipped(content, seed):
    """One bit of the content is another."""
    pick = random.Random(seed)
    position = pick.randrange(len(content))
    return content[:position] + bytes([content[position] ^ (1 << pick.randrange(8))]) + content[position + 1 :]


def _flipped(seed):
    return lambda path: path.write_bytes(flipped(path.read_bytes(), seed))


def _as_folder(path):
    path.unlink()
    path.mkdir()


def _as_pipe(path):
    path.unlink()
    os.mkfifo(path)


def _as_link_to(target):
    def damage(path):
        path.unlink()
        path.symlink_to(target)

    return damage


def _as_link_out(path):
    """The very same content, but somewhere else."""
    outside = path.parent.parent / f"outside-{path.name}"
    path.rename(outside)
    path.symlink_to(outside)
