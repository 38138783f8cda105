"""The end of a search: train the best config as a normal run, from the weights that its trial already has."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from textclf.config.config import Config
from textclf.config.run_config import CHECKSUM
from textclf.config.search_space import with_values
from textclf.config.serialization import write_config
from textclf.core.files import atomic_file, checksum
from textclf.core.run_folder import RunFolder
from textclf.data.loading import encode_labels, read_splits
from textclf.data.unlabelled import read_unlabelled
from textclf.training.encoded_dataset import TrainingTexts
from textclf.training.locking import run_lock
from textclf.training.train import fit_and_evaluate
from textclf.training.tuning.record import Trial

log = logging.getLogger(__name__)
BEST_CONFIG, SEARCH_CONFIG = "best.yaml", "search.yaml"
REFIT_MORE = 1.25  # times the first fit: it has the validation texts, too
MARGIN = 5.0  # seconds: the report, and what is slower than before
INNER_FOLDS_SHARE = 0.25  # of the whole time, that inner folds may take from the trials
TOLERANCE = 0.05  # of the whole time: a search may take so much more


def seconds_of_best(config: Config, trial: Trial) -> float:
    """Return the time to keep for training a trial's config for good."""
    fits = len(trial.fold_scores) or 1
    start = max(trial.seconds / fits - trial.fitting_seconds, 0.0)
    inner = config.training.inner_folds or 0
    # Cross-validation leaves no networks of the whole data, and inner folds need networks of their own.
    first = (inner or bool(trial.fold_scores)) * trial.fitting_seconds
    refit = REFIT_MORE * trial.fitting_seconds if config.training.refit else 0.0
    return start + first + refit + MARGIN


def as_time_allows(config: Config, trial: Trial, seconds_left: float | None, most_seconds: float | None) -> Config:
    """Return the config of a search without inner folds and refit if there is no time, as when the machine became busy.

    Args:
        trial: the best one.
        seconds_left, most_seconds: the rest of the time, and all of it; None without a limit.
    """
    if seconds_left is None or most_seconds is None:
        return config
    in_time = (
        one for one in _shorter(config) if seconds_of_best(one[1], trial) <= seconds_left + TOLERANCE * most_seconds
    )
    skipped, shorter = next(in_time, _shorter(config)[-1])
    if shorter != config:
        log.warning("skipped the %s, because there is no time left. Allow more minutes for it.", skipped)
    return shorter


def seconds_to_keep(config: Config, trial: Trial, most_seconds: float) -> float:
    """Return the time that a search keeps for its best config. Inner folds may take a quarter of all time."""
    whole, without_folds, _ = (seconds_of_best(shorter, trial) for _, shorter in _shorter(config))
    return whole if whole <= INNER_FOLDS_SHARE * most_seconds else without_folds


def _shorter(config: Config) -> list[tuple[str, Config]]:
    """Return the config and two that take less time, each with the name of what it skips."""
    without_folds = replace(config, training=replace(config.training, inner_folds=None))
    shortest = replace(config, training=replace(config.training, inner_folds=None, refit=False))
    return [("", config), ("choice by inner folds", without_folds), ("refit on train and validation", shortest)]


def train_best(folder: RunFolder, config: Config, trial: Trial, trial_folder: Path) -> dict[str, Any]:
    """Train the config of a trial in the folder of the search. Return the results for `run.json`.

    The networks of the trial are taken over: a fit that is finished there is not repeated, only refitted. Inner folds
    need others.
    """
    best = replace(with_values(config, trial.values), tuning=None)
    splits, targets = read_splits(best.data, best.targets, best.seed)
    if not trial.fold_scores and not best.training.inner_folds:
        _take_networks(trial_folder, folder)
    texts = TrainingTexts(splits, encode_labels(splits, targets), read_unlabelled(best.data, splits))
    results = fit_and_evaluate(folder, best, texts, targets)
    with atomic_file(folder.path / SEARCH_CONFIG, "wb") as stream:
        stream.write(folder.config.read_bytes())
    command = f"textclf tune: trial {trial.number}"
    write_config(best, folder.path / BEST_CONFIG, command)
    write_config(best, folder.config, command)
    return {**results, CHECKSUM: checksum(folder.config), "best_trial": trial.number}


def restore_search_config(folder: RunFolder) -> None:
    """Undo what `train_best` did to `config.yaml`, if the program ended before the run was finished.

    Raises:
        RunError: another process holds the lock.
    """
    kept = folder.path / SEARCH_CONFIG
    with run_lock(folder):
        if kept.exists() and folder.read_metadata().get("status") != "finished":
            kept.replace(folder.config)


def _take_networks(trial: Path, folder: RunFolder) -> None:
    for name in ("checkpoints", "networks"):
        if (trial / name).is_dir():
            shutil.copytree(trial / name, folder.path / name, dirs_exist_ok=True)
    if (trial / folder.history.name).exists():
        shutil.copyfile(trial / folder.history.name, folder.history)
