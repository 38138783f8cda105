"""The results of a search: which trial is best, which ones no other beats, and `trials.csv`."""

from pathlib import Path
from typing import NamedTuple

from textclf.config.config import Config, load_config
from textclf.config.search_space import Space, search_space
from textclf.config.tuning_options import TuningOptions
from textclf.core.csv_lines import csv_lines
from textclf.core.files import atomic_file
from textclf.core.formatting import short_repr
from textclf.training.tuning.best import SEARCH_CONFIG
from textclf.training.tuning.record import Goal, Limits, Trial, best_trial, nested_score, read_record

COLUMNS = ("trial", "state", "score", "accuracy", "f1_macro", "log_loss", "size_mb", "latency_ms", "seconds")


class SearchResults(NamedTuple):
    """A search and its trials."""

    config: Config  # of the search
    space: Space
    trials: list[Trial]

    @property
    def goal(self) -> Goal:
        """What decides which trial is best."""
        return goal_of(self.config)

    @property
    def best(self) -> Trial | None:
        """The best trial that keeps the limits."""
        return best_trial(self.trials, self.goal)

    @property
    def nested_score(self) -> float | None:
        """An honest estimate of the best score; `None` without folds."""
        return nested_score(self.trials, self.goal)

    @property
    def ranked(self) -> list[Trial]:
        """The finished trials, the best first."""
        sign = self.goal.sign
        return sorted((trial for trial in self.trials if trial.score is not None), key=lambda t: sign * (t.score or 0))

    @property
    def front(self) -> list[Trial]:
        """The finished trials of which no other is as good, as small and as quick, and better in one of these."""
        return [trial for trial in self.ranked if not any(self._beats(other, trial) for other in self.ranked)]

    def _beats(self, one: Trial, other: Trial) -> bool:
        sign = self.goal.sign
        figures = [(sign * (t.score or 0.0), t.size or 0.0, t.latency or 0.0) for t in (one, other)]
        return figures[0] != figures[1] and all(a <= b for a, b in zip(*figures, strict=True))


def goal_of(config: Config) -> Goal:
    """Return what decides which trial is best: without a metric for it, that of early stopping."""
    options, stopping = config.tuning or TuningOptions(), config.training.early_stopping
    return Goal(options.metric or (stopping.metric if stopping else "loss"), Limits(options.size, options.latency))


def read_results(folder: Path) -> SearchResults:
    """Return the results of a finished search.

    Raises:
        ConfigError, RunError: a file of the folder is damaged.
    """
    config = load_config(folder / SEARCH_CONFIG)
    return SearchResults(config, search_space(config), read_record(folder))


def write_trials(results: SearchResults, path: Path) -> None:
    """Write `trials.csv`: one line for each trial, with the settings that the search changed.

    Raises:
        WriteError: the disk is full.
    """
    rows: list[list] = [[*COLUMNS, *results.space]]
    for trial in results.trials:
        figures = [trial.metrics.get(name) for name in ("accuracy", "f1_macro", "log_loss")]
        measured = [trial.size, trial.latency, trial.seconds]
        settings = [short_repr(trial.values[path]).strip("'") for path in results.space]
        rows.append([trial.number, trial.state, trial.score, *figures, *measured, *settings])
    with atomic_file(path) as stream:
        stream.writelines(f"{line}\n" for line in csv_lines(rows))
