"""The number of cores that this process may use, and a limit that a caller sets."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")

_limit: ContextVar[int | None] = ContextVar("threads", default=None)


def num_threads() -> int:
    """Return how many threads to start: the limit of `limited_threads`, or one for each core.

    The cores are those that the process may run on (`taskset`), and not more than the CPU quota of its container:
    `os.cpu_count` counts all of the machine.
    """
    limit = _limit.get()
    if limit is not None:
        return limit
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


@contextmanager
def limited_threads(number: int | None) -> Iterator[None]:
    """Start at most so many threads within the block; `None` changes nothing."""
    token = _limit.set(_limit.get() if number is None else number)
    try:
        yield
    finally:
        _limit.reset(token)


@cache
def cpu_quota(root: Path = CGROUPS, own: Path = OWN_CGROUPS) -> float | None:
    """Return how many cores' time the control groups of this process may use, `None` without a limit."""
    found = [quota for folder in _folders(root, own) if (quota := _quota_of(folder)) is not None]
    return min(found, default=None)


def _folders(root: Path, own: Path) -> Iterator[Path]:
    """Yield the folders of the control groups of this process, up to the one of the container."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ["0::/"]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        group = base / path.lstrip("/")
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(base))
        if controllers:
            yield root / "cpu"


def _quota_of(folder: Path) -> float | None:
    """Return the quota of a control group: of version 2 in one file, of version 1 in two."""
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        except OSError:
            return None
    try:
        return int(quota) / int(period) if int(quota) > 0 else None
    except (ValueError, ZeroDivisionError):  # "max"
        return None
