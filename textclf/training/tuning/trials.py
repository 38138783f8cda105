"""Run the trials of a search, several at the same time, until its budget is used.

What trial n tries, and when it is hopeless, depends on the results of the trials up to n - workers alone, and on the
values of those after them. So it does not matter which of the trials that run together ends first, and an interrupted
search ends with the same trials. A trial is recorded when all before it are; until then its result is in its folder.
"""

import logging
import shutil
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, NamedTuple

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.config.search_space import TRIAL_TRAINING, value_of, with_values
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.run_folder import RunFolder
from textclf.training.loggers import LogHistory
from textclf.training.training_run import new_part
from textclf.training.tuning.best import seconds_to_keep
from textclf.training.tuning.loggers import SEARCH, history_of
from textclf.training.tuning.process import LOG, LONGEST_ERROR, result_in
from textclf.training.tuning.record import RECORD, Trial, append, best_trial, read_record
from textclf.training.tuning.sampler import propose
from textclf.training.tuning.search import TRIALS, Search
from textclf.training.tuning.trial import RESULT, Task
from textclf.training.tuning.workers import Entries, Workers

log = logging.getLogger(__name__)
MOST_FAILURES = 5  # one after the other
WORTH_STARTING = 0.8  # of the median time of a trial has to be left
# A trial may take this share of the whole time, or as many times what the config itself took. One that never ends
# would leave no time for others.
SLOWEST_SHARE = 0.25
SLOWEST_TIMES = 2
# Of the folder of a trial that is not the best, these stay.
EVENTS = "events.out"  # beginning of the files of TensorBoard
KEPT = ("config.yaml", "run.json", "metrics.json", "history.csv", LOG, RESULT)


class Begun(NamedTuple):
    """A trial that runs, or has ended before an earlier one."""

    values: dict[str, Any]
    result: Entries
    started: float


def run_trials(search: Search, workers: Workers, log_history: LogHistory) -> list[Trial]:
    """Run trials until the budget is used. Return all of them, those of earlier sessions included.

    Args:
        log_history: from `logging_search`; called after each trial.

    Raises:
        TrainingError: the config itself cannot be trained, or too many trials failed.
    """
    trials = read_record(search.folder.path)
    if _only_failed(trials):  # its reason may be gone by now
        (search.folder.path / RECORD).unlink()
        trials = []
    begun: list[Begun] = []  # those after `trials`, in the order of their numbers
    while True:
        while len(begun) < search.options.workers and not _is_over(search, trials, len(begun)):
            begun.append(_begin(search, trials, [each.values for each in begun], workers))
        if not begun:
            return trials
        try:
            # Nothing can begin before the first one ends, so there is no need to wait for the others.
            entries = begun[0].result.result(_time_for_trials(search, trials))
        except TimeoutError:
            _record_those_that_ended(search, trials, begun)
            log_history(SEARCH, history_of(search, trials))
            return trials
        _record(search, trials, Trial(number=len(trials), values=begun.pop(0).values, **entries))
        log_history(SEARCH, history_of(search, trials))
        _keep_best_only(search, trials)
        _check_failures(trials)


def _is_over(search: Search, trials: Sequence[Trial], running: int) -> bool:
    if search.options.trials and len(trials) + running >= search.options.trials:
        return True
    time_left = _time_for_trials(search, trials)
    usual = [trial.seconds for trial in trials if trial.state == "finished"]
    return time_left is not None and bool(usual) and time_left < WORTH_STARTING * statistics.median(usual)


def _time_for_trials(search: Search, trials: Sequence[Trial]) -> float | None:
    """Return the seconds that trials may still take, so that the best one can still be trained for good."""
    if search.seconds_left is None or search.most_seconds is None:
        return None
    best = best_trial(trials, search.goal)
    kept = seconds_to_keep(search.config, best, search.most_seconds) if best else 0.0
    return max(0.0, search.seconds_left - kept)


def _begin(search: Search, trials: Sequence[Trial], running: Sequence[dict[str, Any]], workers: Workers) -> Begun:
    """Begin the next trial, or take the result that an earlier session of the search has left.

    Args:
        running: the values of the trials after `trials`.
    """
    number = len(trials) + len(running)
    known = known_to(number, [*(trial.values for trial in trials), *running], trials, search.options.workers)
    values = {path: value_of(search.config, path) for path in search.space}
    if number:
        proposed = propose(search.space, known, search.goal, search.config.seed)
        values = {path: proposed[path] for path in search.space}
    started = time.perf_counter()
    try:
        config = _trial_config(with_values(search.config, values))
    except ConfigError as error:  # each value is allowed, and together they are not: TPE learns that they are bad
        reason = " ".join(str(error).split())[:LONGEST_ERROR]
        return Begun(values, _ended({"state": "stopped", "error": reason}), started)
    if left := _left_result(search, number, config):
        return Begun(values, left, started)
    path = search.folder_of(number)
    shutil.rmtree(path, ignore_errors=True)  # of a trial that did not end
    path.parent.mkdir(exist_ok=True)
    folder = new_part(search.folder, f"{TRIALS}/{path.name}", config, f"trial {number}")
    curves = [trial.curve for trial in known if trial.curve]
    options = search.options
    seconds = _longest_trial(search, trials)
    task = Task(str(folder.path), search.goal.metric, options.size, curves, options.folds, search.threads, seconds)
    return Begun(values, workers.start(task), started)


def _longest_trial(search: Search, trials: Sequence[Trial]) -> float | None:
    """Return the seconds that the next trial may take. There is no limit for the config itself."""
    if search.most_seconds is None or not trials:
        return None
    return max(SLOWEST_SHARE * search.most_seconds, SLOWEST_TIMES * trials[0].seconds)


def known_to(number: int, values: Sequence[dict], trials: Sequence[Trial], workers: int) -> list[Trial]:
    """Return the trials before a trial as it may know them: the latest `workers - 1` of them still run, as it were."""
    ended = max(0, number - workers + 1)
    return [*trials[:ended], *(Trial(each, "running", values[each]) for each in range(ended, number))]


def _left_result(search: Search, number: int, config: Config) -> Entries | None:
    """Return the result of a trial that ended in an earlier session, while a trial before it still ran."""
    path = search.folder_of(number)
    entries = result_in(path)
    if entries is None or entries["state"] == "failed" or read_run_config(RunFolder(path)) != config:
        return None
    return _ended(entries)


def _ended(entries: dict[str, Any]) -> Entries:
    done: Entries = Future()
    done.set_result(entries)
    return done


def _trial_config(config: Config) -> Config:
    """Return the config of a trial: without a test file, inner folds, a refit or loggers.

    With unlabelled texts, a trial reads the test file, because texts of it are left out of them.
    """
    data = config.data if config.data.unlabelled else replace(config.data, test=None)
    return replace(
        config,
        tuning=None,
        data=data,
        training=replace(config.training, **TRIAL_TRAINING),
    )


def _record_those_that_ended(search: Search, trials: list[Trial], begun: list[Begun]) -> None:
    """Record the trials that ended in time. Those before them that did not are recorded as stopped."""
    over = {"state": "stopped", "error": "its time was over"}
    last = max((place for place, each in enumerate(begun) if each.result.done()), default=-1)
    for each in begun[: last + 1]:
        stopped = {**over, "seconds": round(time.perf_counter() - each.started, 1)}
        entries = each.result.result() if each.result.done() else stopped
        _record(search, trials, Trial(number=len(trials), values=each.values, **entries))
    for place in range(len(begun) - last - 1):
        log.info("trial %d: stopped at the time limit", len(trials) + place)


def _record(search: Search, trials: list[Trial], trial: Trial) -> None:
    append(search.folder.path, trial)
    trials.append(trial)
    search.folder.update_metadata(search_seconds=round(search.seconds, 1))
    _log_trial(search, trials)


def _log_trial(search: Search, trials: list[Trial]) -> None:
    trial = trials[-1]
    best = best_trial(trials, search.goal)
    shown = f"{search.goal.metric} {trial.score:.4f}" if trial.score is not None else trial.error or trial.state
    size = f", {trial.size:.2f} MB" if trial.size is not None else ""
    latency = f", {trial.latency:.2f} ms a text" if trial.latency is not None else ""
    leader = f"; best: trial {best.number} ({best.score:.4f})" if best else ""
    log.info("trial %d: %s%s%s, %.0f s%s", trial.number, shown, size, latency, trial.seconds, leader)


def _check_failures(trials: list[Trial]) -> None:
    """Stop a search whose config cannot be trained at all."""
    failed = [trial.state == "failed" for trial in trials]
    if _only_failed(trials) or (len(failed) >= MOST_FAILURES and all(failed[-MOST_FAILURES:])):
        raise TrainingError(f"trial {trials[-1].number} failed: {trials[-1].error}")


def _only_failed(trials: list[Trial]) -> bool:
    """Return whether the config itself failed, and nothing else was tried."""
    return [trial.state for trial in trials] == ["failed"]


def _keep_best_only(search: Search, trials: list[Trial]) -> None:
    """Remove networks and classifiers of the recorded trials but the best one: they need the most room."""
    best = best_trial(trials, search.goal)
    for trial in trials:
        if best is None or trial.number != best.number:
            for path in sorted(search.folder_of(trial.number).rglob("*"), reverse=True):  # files before their folders
                if path.is_dir():
                    if not any(path.iterdir()):
                        path.rmdir()
                elif path.name not in KEPT and not path.name.startswith(EVENTS):
                    path.unlink()
