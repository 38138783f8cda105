"""`textclf tune`: trials one after the other until a budget is used, then the best config trained as a normal run."""

import logging
import shutil
import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textclf.config.config import Config, load_config
from textclf.config.search_space import Space, search_space, value_of, with_values
from textclf.config.tuning_options import TuningOptions
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.run_folder import RunFolder
from textclf.data.loading import read_splits
from textclf.training.check import check_requirements
from textclf.training.locking import resumable_run
from textclf.training.log_file import collected_log
from textclf.training.training_run import config_name, new_part, new_run, training_run
from textclf.training.tuning.best import seconds_of_best, train_best
from textclf.training.tuning.page import write_page
from textclf.training.tuning.process import run_process
from textclf.training.tuning.record import Limits, Trial, append, best_trial, read_record
from textclf.training.tuning.results import SearchResults, metric_of, write_trials
from textclf.training.tuning.sampler import check_optuna, propose
from textclf.training.tuning.trial import RESULT, Task

log = logging.getLogger(__name__)
DEFAULT_MINUTES = 30.0
TRIALS, CSV = "trials", "trials.csv"
MOST_FAILURES = 5  # one after the other
WORTH_STARTING = 0.8  # of the median time of a trial has to be left
# Of the folder of a trial that is not the best, these stay.
KEPT = ("config.yaml", "run.json", "metrics.json", "history.csv", "trial.log", RESULT)


@dataclass(frozen=True)
class Search:
    """A search that runs."""

    folder: RunFolder
    config: Config
    space: Space
    started: float  # by `time.perf_counter`
    seconds_before: float  # of earlier sessions

    @property
    def options(self) -> TuningOptions:
        """The section `tuning`."""
        return self.config.tuning or TuningOptions()

    @property
    def limits(self) -> Limits:
        """What a classifier may be at most."""
        return Limits(self.options.size, self.options.latency)

    @property
    def metric(self) -> str:
        """The metric that decides."""
        return metric_of(self.config)

    @property
    def lower_is_better(self) -> bool:
        """Whether a lower score is better."""
        return self.metric == "loss"

    @property
    def seconds(self) -> float:
        """The time that the search has taken."""
        return self.seconds_before + time.perf_counter() - self.started

    @property
    def seconds_left(self) -> float | None:
        """The rest of the time, `None` without a limit."""
        minutes = self.options.minutes or (None if self.options.trials else DEFAULT_MINUTES)
        return None if minutes is None else 60 * minutes - self.seconds


def tune(config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, run: str | None = None) -> RunFolder:
    """Search for better settings of a config, then train the best ones. The first trial is the config itself.

    If an interrupted search has the name `run`, go on with it.

    Args:
        config: the path of a YAML file, a mapping of its sections, or a `Config`; `tuning` says what is searched.
        overrides: `section.setting=value`, as after `--set`.
        run: name for the folder below `runs/`; by default the date, the name of the config and `-tune`.

    Returns:
        The finished run of the best config. `trials.csv`, `best.yaml` and `search.html` are in its folder.

    Raises:
        ConfigError, DataError: the config or the data cannot be used; nothing was written then.
        TrainingError: the config itself cannot be trained, or no trial ended in time or keeps the limits.
    """
    name = config_name(config)
    config = load_config(config, overrides)
    return tune_run(resumable_run(run, config), config, name, run)


def tune_run(folder: RunFolder | None, config: Config, name: str = "config", run: str | None = None) -> RunFolder:
    """Search in the folder of an interrupted search, or in a new one.

    Args:
        name, run: names of the config and of the folder, for a new run.
    """
    started = time.perf_counter()
    with collected_log() as collected:
        check_optuna()
        check_requirements(config)
        read_splits(config.data, config.targets, config.seed)  # raises now what every trial would raise
        space = search_space(config)
        if not space:
            raise ConfigError("tuning.settings: expected a setting to search, but there is none. Name one.")
        folder = folder or new_run(config, f"textclf tune {name}", f"{name}-tune", run, search=True)
        with training_run(folder, collected, started=started) as results:
            before = folder.read_metadata().get("search_seconds", 0.0)
            search = Search(folder, config, space, started, float(before))
            log.info("run: %s", folder.path)
            log.info("space: %d settings; --show-space prints them", len(space))
            trials = _run_trials(search)
            best = _best(search, trials)
            log.info("best: trial %d; training it for good", best.number)
            results.update(train_best(search.folder, search.config, best, _folder_of(search, best.number)))
            found = SearchResults(search.config, search.space, search.metric, trials)
            write_trials(found, folder.path / CSV)
            write_page(found, folder)
    return folder


def _run_trials(search: Search) -> list[Trial]:
    """Run trials until the budget is used. Return all of them, those of earlier sessions included."""
    trials = read_record(search.folder.path)
    while not _is_over(search, trials):
        trial = _run_trial(search, trials)
        if trial is None:
            log.info("trial %d: stopped, its time was over", len(trials))
            break
        append(search.folder.path, trial)
        trials.append(trial)
        search.folder.update_metadata(search_seconds=round(search.seconds, 1))
        _log_trial(search, trials)
        _check_failures(trials)
        _keep_best_only(search, trials)
    return trials


def _is_over(search: Search, trials: list[Trial]) -> bool:
    if search.options.trials and len(trials) >= search.options.trials:
        return True
    time_left = _time_for_trial(search, trials)
    usual = [trial.seconds for trial in trials if trial.state == "finished"]
    return time_left is not None and bool(usual) and time_left < WORTH_STARTING * statistics.median(usual)


def _time_for_trial(search: Search, trials: list[Trial]) -> float | None:
    """Return the seconds that the next trial may take, so that the best one can still be trained for good."""
    if search.seconds_left is None:
        return None
    best = best_trial(trials, search.limits, lower_is_better=search.lower_is_better)
    return max(0.0, search.seconds_left - (seconds_of_best(search.config, best) if best else 0.0))


def _run_trial(search: Search, trials: list[Trial]) -> Trial | None:
    """Run one trial; return `None` if it did not end in time."""
    number = len(trials)
    values = {path: value_of(search.config, path) for path in search.space}
    if number:
        proposed = propose(
            search.space, trials, search.limits, seed=search.config.seed, lower_is_better=search.lower_is_better
        )
        values = {path: proposed[path] for path in search.space}
    path = _folder_of(search, number)
    shutil.rmtree(path, ignore_errors=True)  # of a trial that did not end
    path.parent.mkdir(exist_ok=True)
    config = _trial_config(with_values(search.config, values))
    folder = new_part(search.folder, f"{TRIALS}/{path.name}", config, f"trial {number}")
    curves = [trial.curve for trial in trials if trial.curve]
    task = Task(str(folder.path), search.metric, search.options.size, curves, search.options.folds)
    entries = run_process(task, _time_for_trial(search, trials))
    return None if entries is None else Trial(number=number, values=values, **entries)


def _folder_of(search: Search, number: int) -> Path:
    return search.folder.path / TRIALS / f"{number:04}"


def _trial_config(config: Config) -> Config:
    """Return the config of a trial: without a test file, a refit or loggers."""
    return replace(
        config,
        tuning=None,
        data=replace(config.data, test=None),
        training=replace(config.training, refit=False, log_to=[]),
    )


def _log_trial(search: Search, trials: list[Trial]) -> None:
    trial = trials[-1]
    best = best_trial(trials, search.limits, lower_is_better=search.lower_is_better)
    shown = f"{search.metric} {trial.score:.4f}" if trial.score is not None else trial.error or trial.state
    size = f", {trial.size:.2f} MB" if trial.size is not None else ""
    leader = f"; best: trial {best.number} ({best.score:.4f})" if best else ""
    log.info("trial %d: %s%s, %.0f s%s", trial.number, shown, size, trial.seconds, leader)


def _check_failures(trials: list[Trial]) -> None:
    """Stop a search whose config cannot be trained at all."""
    failed = [trial.state == "failed" for trial in trials]
    if failed[0] or (len(failed) >= MOST_FAILURES and all(failed[-MOST_FAILURES:])):
        raise TrainingError(f"trial {trials[-1].number} failed: {trials[-1].error}")


def _keep_best_only(search: Search, trials: list[Trial]) -> None:
    """Remove networks and classifiers of all trials but the best one: they need the most room."""
    best = best_trial(trials, search.limits, lower_is_better=search.lower_is_better)
    for path in (search.folder.path / TRIALS).iterdir():
        if best is None or path != _folder_of(search, best.number):
            for inner in path.iterdir():
                if inner.name not in KEPT:
                    shutil.rmtree(inner) if inner.is_dir() else inner.unlink()


def _best(search: Search, trials: list[Trial]) -> Trial:
    best = best_trial(trials, search.limits, lower_is_better=search.lower_is_better)
    if best:
        return best
    if not trials:
        raise TrainingError(
            f"the first trial, which is the config itself, did not end in {search.options.minutes:g} minutes. Allow "
            "more minutes, or make it smaller."
        )
    smallest: Any = min((trial.size for trial in trials if trial.size is not None), default=None)
    raise TrainingError(
        f"no classifier of {len(trials)} trials keeps the limits (the smallest has {smallest} MB). Allow more, or name "
        "smaller values in tuning.settings."
    )
