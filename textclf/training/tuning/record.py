"""The record of a search: `trials.jsonl`, one line for every trial that ended, flushed to disk at once."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from textclf.core.errors import RunError
from textclf.core.files import cannot_write

RECORD = "trials.jsonl"
State = Literal["finished", "stopped", "too large", "failed", "running"]  # the last one is never written


@dataclass(frozen=True)
class Trial:
    """One trial: that ended, or that still runs."""

    number: int
    state: State
    values: dict[str, Any]  # of the settings that the search changes, by path
    score: float | None = None  # validation metric; only a finished trial has one
    metrics: dict[str, float] = field(default_factory=dict)  # of validation
    fold_scores: list[float] = field(default_factory=list)
    curve: list[float] = field(default_factory=list)  # the metric after every validation
    size: float | None = None  # of the classifier folder, MB
    latency: float | None = None  # of a single text, milliseconds
    seconds: float = 0.0
    fitting_seconds: float = 0.0
    error: str = ""


def read_record(folder: Path) -> list[Trial]:
    """Return the trials in the order of their numbers. A last line that was cut off is removed from the file.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    try:
        trials = [Trial(**json.loads(line)) for line in whole.splitlines()]
    except (ValueError, TypeError) as error:
        raise RunError(f"{path}: damaged: {error}. Restore it from a backup, or start the search again.") from None
    if [trial.number for trial in trials] != list(range(len(trials))):
        raise RunError(f"{path}: damaged: expected the trials 0, 1, 2 … in this order. Start the search again.")
    return trials


def append(folder: Path, trial: Trial) -> None:
    """Add a trial.

    Raises:
        WriteError: the disk is full.
    """
    line = json.dumps(asdict(trial), ensure_ascii=False, allow_nan=False)
    path = folder / RECORD
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise cannot_write(path, error) from None


@dataclass(frozen=True)
class Limits:
    """What a classifier may be at most."""

    size: float | None = None  # MB
    latency: float | None = None  # milliseconds

    def excess(self, trial: Trial) -> dict[str, float]:
        """Return by how much a trial is above each limit; at most 0 where it keeps it."""
        measured = {"size": trial.size, "latency": trial.latency}
        limits = {"size": self.size, "latency": self.latency}
        return {
            name: value - limit
            for name, value in measured.items()
            if value is not None and (limit := limits[name]) is not None
        }

    def kept_by(self, trial: Trial) -> bool:
        """Return whether a trial keeps the limits."""
        return all(value <= 0 for value in self.excess(trial).values())


@dataclass(frozen=True)
class Goal:
    """What decides which trial is best."""

    metric: str  # of validation
    limits: Limits = Limits()

    @property
    def sign(self) -> int:
        """By which to multiply a score so that lower is better."""
        return 1 if self.metric == "loss" else -1


def best_trial(trials: Sequence[Trial], goal: Goal) -> Trial | None:
    """Return the best of the finished trials that keep the limits; of equal ones the first."""
    candidates = [trial for trial in trials if trial.score is not None and goal.limits.kept_by(trial)]
    return min(candidates, key=lambda trial: goal.sign * (trial.score or 0.0), default=None)


def nested_score(trials: Sequence[Trial], goal: Goal) -> float | None:
    """Return an honest estimate of the best trial's score, from the folds; `None` without folds.

    For each fold the best trial is chosen by the other folds, and its score on this fold counts (Tibshirani and
    Tibshirani 2009): choosing among many trials flatters the chosen one.
    """
    scores = [trial.fold_scores for trial in trials if trial.score is not None and trial.fold_scores]
    if not scores:
        return None
    folds = range(len(scores[0]))
    chosen = [min(scores, key=lambda row: goal.sign * (sum(row) - row[fold])) for fold in folds]
    return sum(row[fold] for fold, row in zip(folds, chosen, strict=True)) / len(folds)
