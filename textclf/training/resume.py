"""Resume a run that was interrupted, was killed, or failed."""

from pathlib import Path

from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.find_run import find_run
from textclf.core.run_folder import CROSS_VALIDATION, SEARCH, RunFolder, kind_of
from textclf.data.in_memory import IN_MEMORY
from textclf.training.cross_validation import cross_validate_run
from textclf.training.devices import check_first
from textclf.training.locking import check_unchanged
from textclf.training.train import train_run
from textclf.training.tuning.best import restore_search_config
from textclf.training.tuning.tune import tune_run


def resume(run: str | Path) -> RunFolder:
    """Resume a run. It ends exactly as if it had not been interrupted.

    Args:
        run: the run's folder, or its name below `runs/`. Paths in its config are relative to the working directory.

    Raises:
        RunError: the run is finished or locked, or config, data or versions have changed; nothing was written then.
        DataError, TrainingError, WriteError: as for `train`.
    """
    check_first()
    folder = find_run(run)
    metadata = folder.read_metadata()
    if metadata.get("status") == "finished":
        raise RunError(f"{folder.path} is already finished; there is nothing to resume.")
    kind = kind_of(metadata)
    if kind == SEARCH:
        restore_search_config(folder)
    config = read_run_config(folder)
    if config.data.train == IN_MEMORY:
        raise RunError(
            f"{folder.path}: its data were in memory, and no file has them. Call textclf.train again with the same "
            f"config and data, and run={folder.path.name!r}: it continues the run."
        )
    check_unchanged(folder, config)
    if kind == SEARCH:
        cluster = metadata.get("cluster")
        return tune_run(folder, config, cluster=cluster if isinstance(cluster, str) else None)
    if kind == CROSS_VALIDATION:
        return cross_validate_run(folder, config, metadata["folds"])
    return train_run(folder, config)
