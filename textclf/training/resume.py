"""Going on with a run that was interrupted, killed or failed."""

from pathlib import Path

from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.find_run import find_run
from textclf.core.run_folder import RunFolder
from textclf.training.cross_validation import cross_validate_in
from textclf.training.locking import check_unchanged
from textclf.training.train import train_in


def resume(run: str | Path) -> RunFolder:
    """Go on with a run; it ends exactly as if it had never been interrupted.

    Args:
        run: its folder, or its name below `runs/`. Paths in its config are relative to the working directory.

    Raises:
        RunError: it is finished, or at work, or config, data or versions have changed; nothing was written then.
        DataError, TrainingError, WriteError: as for `train`.
    """
    folder = find_run(run)
    about = folder.read_metadata()
    if about.get("status") == "finished":
        raise RunError(f"{folder.path}: expected a run that is not finished, but this one is.")
    config = read_run_config(folder)
    check_unchanged(folder, config)
    folds = about.get("folds")
    return cross_validate_in(folder, config, folds) if isinstance(folds, int) else train_in(folder, config)
