"""A search that runs: its budget, and what it may try."""

import time
from dataclasses import dataclass
from pathlib import Path

from textclf.config.config import Config
from textclf.config.search_space import Space
from textclf.config.tuning_options import TuningOptions
from textclf.core.run_folder import RunFolder
from textclf.training.tuning.record import Goal
from textclf.training.tuning.results import goal_of

DEFAULT_MINUTES = 30.0
TRIALS = "trials"


@dataclass(frozen=True)
class Search:
    """A search that runs."""

    folder: RunFolder
    config: Config
    space: Space
    started: float  # by `time.perf_counter`
    seconds_before: float  # of earlier sessions
    threads: int | None = None  # of each trial; one for each core

    @property
    def options(self) -> TuningOptions:
        """The section `tuning`."""
        return self.config.tuning or TuningOptions()

    @property
    def goal(self) -> Goal:
        """What decides which trial is best."""
        return goal_of(self.config)

    @property
    def seconds(self) -> float:
        """The time that the search has taken."""
        return self.seconds_before + time.perf_counter() - self.started

    @property
    def seconds_left(self) -> float | None:
        """The rest of the time, `None` without a limit."""
        return None if self.most_seconds is None else self.most_seconds - self.seconds

    @property
    def most_seconds(self) -> float | None:
        """The time that the search may take, `None` without a limit."""
        minutes = self.options.minutes or (None if self.options.trials else DEFAULT_MINUTES)
        return None if minutes is None else 60 * minutes

    def folder_of(self, number: int) -> Path:
        """Return the folder of a trial."""
        return self.folder.path / TRIALS / f"{number:04}"
