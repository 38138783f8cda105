"""The frame of every run: create its folder, lock it, write its log, and record in `run.json` how it ended."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from pathlib import Path

from textclf.config.config import Config
from textclf.config.run_config import write_run_config
from textclf.core.errors import RunError, TextclfError
from textclf.core.files import remove_partial, write_json
from textclf.core.run_folder import CACHE, RunFolder, create_part, create_run
from textclf.data.dataset import Dataset
from textclf.training.locking import run_lock
from textclf.training.log_file import write_log
from textclf.training.provenance import provenance

log = logging.getLogger(__name__)


def config_name(config: str | Path | Mapping | Config) -> str:
    """Return the name of a config, for the names of its runs: that of its file, or "config"."""
    return Path(config).stem if isinstance(config, str | Path) else "config"


def new_run(
    config: Config,
    command: str,
    name: str,
    run: str | None,
    in_memory: Mapping[str, Dataset] | None = None,
    **entries: object,
) -> RunFolder:
    """Create the folder of a run with its config and what it was made with.

    Args:
        command: resolved the config, for its first line.
        name: of the folder, after the date, where `run` is None.
        run: name for the folder below `runs/`.
        in_memory: the splits, if the config names no files.
        entries: more entries for `run.json`.

    Raises:
        RunError: a run of that name exists.
        WriteError: the folder cannot be made.
    """
    metadata = {**provenance(config, in_memory), **entries}
    return create_run(run, name, metadata, lambda made: write_run_config(made, config, command))


def new_run_in(place: Path, config: Config, in_memory: Mapping[str, Dataset] | None = None) -> RunFolder:
    """Create the folder of a run within a folder outside of `runs/`; see `new_run`. Its cache is there, too."""
    metadata = provenance(config, in_memory)
    folder = create_part(RunFolder(place), "run", metadata, lambda made: write_run_config(made, config, "textclf"))
    folder.cache = place / CACHE
    return folder


def new_part(whole: RunFolder, name: str, config: Config, command: str) -> RunFolder:
    """Create the folder of a run within another run; see `new_run`."""
    return create_part(whole, name, provenance(config), lambda made: write_run_config(made, config, command))


@contextmanager
def training_run(folder: RunFolder, collected: MemoryHandler | None = None, *, started: float) -> Iterator[dict]:
    """Hold the lock of a run within the block, and finish the run after it.

    Args:
        collected: the log so far, from `log_file.collected_log`; `None` for a part of another run, which has the log.
        started: `time.perf_counter()` at the start of the training.

    Yields:
        A dict. Its entries go into `run.json` when the run finishes.

    Raises:
        RunError: another process trains in the run or has finished it, or the folder was removed meanwhile.
    """
    with run_lock(folder):
        _start(folder)
        if collected:
            write_log(collected, folder.log)
        results: dict = {}
        try:
            yield results
            folder.finish(**results, seconds=round(time.perf_counter() - started, 1))
        except KeyboardInterrupt:
            _record(folder, status="interrupted")
            if collected:
                log.warning("interrupted: %s is not finished. To continue: textclf resume %s", folder.path, folder.path)
            raise
        except BaseException as error:
            if not folder.path.exists():
                raise RunError(f"{folder.path}: the folder was removed during training. Train again.") from None
            _record(folder, status="failed", error=f"{type(error).__name__}: {error}")
            raise


def _start(folder: RunFolder) -> None:
    metadata = folder.read_metadata()
    if metadata.get("status") == "finished":
        raise RunError(f"{folder.path}: another process has finished it. Choose another --run, or remove it.")
    remove_partial(folder.path)
    if folder.log.exists() or metadata.get("status") != "running":  # a part of a run has no log
        metadata.pop("error", None)
        metadata["resumed"] = [*metadata.get("resumed", ()), time.strftime("%Y-%m-%dT%H:%M:%S%z")]
        write_json(folder.metadata, {**metadata, "status": "running"})


def _record(folder: RunFolder, **entries: str) -> None:
    # If this fails too, the first error is the one to raise.
    with contextlib.suppress(TextclfError):
        folder.update_metadata(**entries)
