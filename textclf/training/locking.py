"""Runs at work: each in one process only, and one that was interrupted goes on only if nothing has changed since."""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError, TextclfError
from textclf.core.files import remove_partial, write_json
from textclf.core.run_folder import RUNS, RunFolder, check_name
from textclf.training.provenance import changes, provenance

log = logging.getLogger(__name__)
# Settings that may change on the way: where a training is shown and when its state is kept is not what it learns.
WITHOUT_EFFECT = {"training": {"log_to", "checkpoint_steps"}}
EXCLUDED: dict = {**WITHOUT_EFFECT, "model": {"members": {"__all__": WITHOUT_EFFECT}}}


def resumable_run(name: str | None, config: Config) -> RunFolder | None:
    """The run of that name, if there is one that can go on; none if the name is free.

    Raises:
        RunError: it is finished, or at work, or something has changed since it began.
    """
    check_name(name)
    if name is None or not os.path.lexists(RUNS / name):
        return None
    folder = RunFolder(RUNS / name)
    if folder.read_metadata().get("status") == "finished":
        raise RunError(f"{folder.path}: a run of this name exists. Choose another --run, or remove it.")
    check_unchanged(folder, config)
    return folder


def check_unchanged(folder: RunFolder, config: Config) -> None:
    """Refuse to go on with a run that would end otherwise than it began, or whose folder leads elsewhere.

    Raises:
        RunError: config, data or versions have changed; another process is at work; a link is in the folder.
        DataError: a file of texts cannot be read any more.
    """
    with run_lock(folder):
        for path in folder.path.rglob("*"):
            folder.inside(path)
        about = folder.read_metadata()
        before, now = (one.model_dump(mode="json", exclude=EXCLUDED) for one in (read_run_config(folder), config))
        found = list(changes(before, now))
        made_with = provenance(config)
        for entry in ("data_sha256", "versions"):
            old = about.get(entry)
            found += changes({entry: old if isinstance(old, dict) else {}}, {entry: made_with[entry]})
    if found:
        raise RunError(
            f"{folder.path}: not finished, and it cannot go on, because since it began there were changes:\n"
            + "".join(f"  {line}\n" for line in found)
            + f"Undo them and it goes on. To start over, remove {folder.path}, or choose another --run."
        )


@contextmanager
def at_work(folder: RunFolder, *, whole: bool = True) -> Iterator[None]:
    """A run that this process works on. `run.json` says so, and how it ended if it does not finish.

    Args:
        whole: it is no part of another run.

    Raises:
        RunError: another process works on it, or it is finished; or the folder is removed meanwhile.
    """
    with run_lock(folder):
        _begin(folder)
        try:
            yield
        except KeyboardInterrupt:
            _note(folder, status="interrupted")
            if whole:
                log.warning("interrupted: %s is not finished; textclf resume %s goes on", folder.path, folder.path)
            raise
        except BaseException as error:
            if not folder.path.exists():
                raise RunError(f"{folder.path}: was removed while the training wrote to it. Train again.") from None
            _note(folder, status="failed", error=f"{type(error).__name__}: {error}")
            raise


def is_locked(folder: RunFolder) -> bool:
    """Whether a process works on the run now: one that was killed could not say so in `run.json`."""
    try:
        with run_lock(folder):
            return False
    except RunError:
        return True


@contextmanager
def run_lock(folder: RunFolder) -> Iterator[None]:
    """A lock on the folder that dies with its process, however that ends.

    Raises:
        RunError: another process has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        yield
        return
    handle = os.open(folder.path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"{folder.path}: another process is training in it. Wait for it, or choose another --run."
            ) from None
        except OSError:  # a file system without locks
            log.debug("%s cannot be locked", folder.path)
        yield
    finally:
        os.close(handle)


def _begin(folder: RunFolder) -> None:
    about = folder.read_metadata()
    if about.get("status") == "finished":
        raise RunError(f"{folder.path}: another process has finished it. Choose another --run, or remove it.")
    remove_partial(folder.path)
    if folder.log.exists():
        about.pop("error", None)
        about["resumed"] = [*about.get("resumed", ()), time.strftime("%Y-%m-%dT%H:%M:%S%z")]
        write_json(folder.metadata, {**about, "status": "running"})


def _note(folder: RunFolder, **entries: str) -> None:
    """What went wrong is more important than that it cannot be written."""
    with contextlib.suppress(TextclfError):
        folder.update_metadata(**entries)
