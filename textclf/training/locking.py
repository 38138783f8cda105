"""Run locks, and which interrupted runs can resume: one process trains in a run at a time, with unchanged inputs."""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.options import plain
from textclf.core.run_folder import RUNS, TRAINING, RunFolder, check_name, kind_of
from textclf.data.dataset import Dataset
from textclf.training.provenance import changes, provenance, use_encoders

log = logging.getLogger(__name__)
LOCK = ".lock"  # in the run folder, while a process holds it
# Settings of `training` that may change when a run resumes: they do not affect what it learns.
WITHOUT_EFFECT = ("log_to", "checkpoint_steps")


def resumable_run(
    name: str | None, config: Config, in_memory: Mapping[str, Dataset] | None = None, *, kind: str = TRAINING
) -> RunFolder | None:
    """Return the interrupted run of that name, or `None` if no run has the name.

    Args:
        in_memory: the splits, if the config names no files.
        kind: see `kind_of`.

    Raises:
        RunError: the run is finished, locked or of another kind, or config, data or versions have changed since it
            started.
    """
    folder = interrupted_run(name, kind)
    if folder:
        check_unchanged(folder, config, in_memory)
    return folder


def interrupted_run(name: str | None, kind: str) -> RunFolder | None:
    """Return the interrupted run of that name and kind, or `None` if no run has the name.

    Raises:
        RunError: the run is finished or of another kind.
    """
    check_name(name)
    if name is None or not os.path.lexists(RUNS / name):
        return None
    folder = RunFolder(RUNS / name)
    metadata = folder.read_metadata()
    if metadata.get("status") == "finished":
        raise RunError(f"{folder.path}: a run of this name exists. Choose another --run, or remove it.")
    if (found := kind_of(metadata)) != kind:
        raise RunError(
            f"{folder.path}: cannot resume: expected a {kind}, but the run started as a {found}. To continue it: "
            f"textclf resume {folder.path}. To start over, remove it, or choose another --run."
        )
    return folder


def check_unchanged(folder: RunFolder, config: Config, in_memory: Mapping[str, Dataset] | None = None) -> None:
    """Check that a run can resume and end as if it had not been interrupted.

    Args:
        in_memory: the splits, if the config names no files.

    Raises:
        RunError: config, data or versions have changed, another process holds the lock, or the folder has a link.
        DataError: a data file is no longer readable.
    """
    with run_lock(folder):
        for path in folder.path.rglob("*"):
            folder.inside(path)
        metadata = folder.read_metadata()
        use_encoders(metadata, config)
        before, now = (_with_effect(plain(one)) for one in (read_run_config(folder), config))
        found = list(changes(before, now))
        made_with = provenance(config, in_memory)
        for entry in ("data_sha256", "versions"):
            old = metadata.get(entry)
            found += changes({entry: old if isinstance(old, dict) else {}}, {entry: made_with[entry]})
    if found:
        raise RunError(
            f"{folder.path}: cannot resume: these have changed since the run started:\n"
            + "".join(f"  {line}\n" for line in found)
            + f"Undo the changes to resume. To start over, remove {folder.path}, or choose another --run.",
            multiline=True,
        )


def _with_effect(settings: Any) -> Any:
    """Return settings without those of `WITHOUT_EFFECT`, in members of an ensemble too."""
    if isinstance(settings, list):
        return [_with_effect(item) for item in settings]
    if not isinstance(settings, dict):
        return settings
    return {name: _with_effect(value) for name, value in settings.items() if name not in WITHOUT_EFFECT}


def is_locked(folder: RunFolder) -> bool:
    """Return whether a process trains in the run. A killed process cannot say in `run.json` that it has stopped."""
    if not (folder.path / LOCK).is_file():  # taking the lock would make the file, in a folder that may be read-only
        return False
    try:
        with run_lock(folder):
            return False
    except RunError:
        return True


@contextmanager
def run_lock(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run within the block. The system releases it when the process ends, however it ends.

    Raises:
        RunError: another process holds it, or the folder belongs to another user.
    """
    import filelock

    lock = filelock.FileLock(folder.path / LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise RunError(
            f"{folder.path}: another process is training in this run. Wait until it ends, or choose another --run.",
            multiline=True,
        ) from None
    except PermissionError as error:  # of another user, who may be training
        raise RunError(f"{folder.path}: cannot lock the run: {error.strerror}. Check who owns the folder.") from None
    except (OSError, NotImplementedError) as error:
        log.debug("%s: not locked: %s", folder.path, error)  # a read-only disk, or a file system without locks
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):  # on Windows an open file stays
                (folder.path / LOCK).unlink()
            lock.release()
