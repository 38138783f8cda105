"""Log a search as a training is logged: a run for the search, and one for each of its trials.

The search logs a trial when it has ended, from the files in its folder: processes that log at the same time can damage
the database of MLflow, and the nodes of a cluster need no access to a server.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from textclf.config.run_config import read_run_config
from textclf.core.run_folder import VALIDATION, RunFolder
from textclf.training.loggers import LOGGERS, LogHistory, guarded
from textclf.training.loggers.logger import Logger
from textclf.training.tuning.record import Trial, read_record
from textclf.training.tuning.search import Search

SEARCH, TRIAL = "search", "trial"  # prefixes of the metrics
STATUSES = {"finished": "finished", "stopped": "interrupted", "too large": "interrupted", "failed": "failed"}


def logging_search(search: Search) -> AbstractContextManager[LogHistory]:
    """Start the loggers of a search, and yield a function of `SEARCH` and `history_of` its trials.

    After the block, the training of the best config goes on with the run of the search.
    """
    return guarded({name: _logger(search, name) for name in search.config.training.log_to})


def history_of(search: Search, trials: Sequence[Trial]) -> list[dict]:
    """Return a line for each trial: its seconds, and its score if it has one."""
    name = f"{VALIDATION}{search.goal.metric}"
    return [{"seconds": trial.seconds, **({} if trial.score is None else {name: trial.score})} for trial in trials]


def _logger(search: Search, name: str) -> Logger:
    parent = LOGGERS[name].start(search.folder, None)

    def log_history(network: str, history: list[dict]) -> None:
        parent.log_history("", [])
        for trial in read_record(search.folder.path):
            _log_trial(search, name, trial)
        if history:
            parent.log_history(network, history)

    def end(status: str) -> None:
        if status != "finished":
            parent.end(status)

    return Logger(log_history, end)


def _log_trial(search: Search, name: str, trial: Trial) -> None:
    """Log a trial, unless `run.json` in its folder says that it is logged."""
    folder = RunFolder(search.folder_of(trial.number))
    logged = folder.read_metadata().get("logged", [])
    if name in logged:
        return
    logger = LOGGERS[name].start(folder, read_run_config(folder), search.folder)
    logger.log_history("", [])
    for network, history in _histories(folder.path):
        logger.log_history(network, history)
    figures = {"seconds": trial.seconds, "score": trial.score, "size_mb": trial.size, "latency_ms": trial.latency}
    logger.log_history(TRIAL, [{figure: value for figure, value in figures.items() if value is not None}])
    logger.end(STATUSES[trial.state])
    folder.update_metadata(logged=[*logged, name])


def _histories(folder: Path) -> Iterator[tuple[str, list[dict]]]:
    """Yield the name of each network of a trial, with that of its fold, and its history."""
    for path in sorted(folder.rglob("history.csv")):
        names = [part for part in path.relative_to(folder).parts[:-1] if part != "networks"]
        with path.open(encoding="utf-8", newline="") as stream:
            yield "/".join(names), list(csv.DictReader(stream))
