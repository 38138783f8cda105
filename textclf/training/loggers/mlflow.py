"""Logger `mlflow`: an MLflow run with the settings, the history, the final metrics and the classifier."""

import logging
import os
import re
import time
from typing import Any

from textclf import __version__
from textclf.config.config import Config, flatten
from textclf.core.options import plain
from textclf.core.run_folder import RUNS, RunFolder
from textclf.training.loggers.logger import Logger

NEEDS = ("mlflow", "sqlalchemy", "alembic")
EXPERIMENT = "textclf"  # unless MLFLOW_EXPERIMENT_NAME names another
STATUSES = {"finished": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}
# Limits of the server: characters, and entries of one request.
LONGEST_NAME, LONGEST_VALUE, MOST_PARAMETERS, MOST_METRICS = 250, 6000, 100, 1000
# Defaults for the environment. Without them the client waits for minutes for a server that is away, and sends usage
# data to its makers.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def start(folder: RunFolder, config: Config | None, parent: RunFolder | None = None) -> Logger:
    """Return the logger. A training is one MLflow run, whose id is in `run.json`; a resumed training continues it.

    The names of metrics are those of `history.csv`, prefixed with the network where there are several, and the step is
    the number of the validation. At the end come those of `metrics.json`, such as `test/accuracy`.

    Args:
        config: `None` for a search, whose settings are known at its end.
        parent: the run of the search of which this run is a trial; its classifier is not sent.
    """
    client: Any = None

    def log_history(network: str, history: list[dict]) -> None:
        nonlocal client
        if client is None:
            connected = _client()
            _begin(connected, folder, config, parent)
            client = connected
        if history:
            _send_history(client, _run_id(folder), f"{network}/" if network else "", history)

    def end(status: str) -> None:
        run_id = _run_id(folder)
        if status == "finished":
            _send_figures(client, run_id, folder)
            if not parent:
                client.log_artifacts(run_id, str(folder.classifier), folder.classifier.name)
        client.set_terminated(run_id, STATUSES[status])

    return Logger(log_history, end)


def _client() -> Any:
    """Return a client for MLFLOW_TRACKING_URI; by default for `mlflow.db` and `mlruns/` in the working directory."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it logs each retry
    return MlflowClient()


def _run_id(folder: RunFolder) -> str | None:
    run_id = folder.read_metadata().get("mlflow_run")
    return run_id if isinstance(run_id, str) else None


def _begin(client: Any, folder: RunFolder, config: Config | None, parent: RunFolder | None) -> None:
    """Find or create the MLflow run, and log the settings that it does not have yet."""
    from mlflow.entities import Param

    if _run_id(folder):
        client.update_run(_run_id(folder), status="RUNNING")
    else:
        name = folder.path.relative_to(RUNS) if folder.path.is_relative_to(RUNS) else folder.path
        tags = {"textclf.version": __version__, "textclf.run": str(folder.path), "mlflow.source.name": "textclf"}
        if parent:
            tags["mlflow.parentRunId"] = str(_run_id(parent))
        run = client.create_run(_experiment_id(client), run_name=str(name), tags=tags)
        folder.update_metadata(mlflow_run=run.info.run_id)
    known = client.get_run(_run_id(folder)).data.params
    settings = _parameters(config) if config else {}
    missing = [Param(key, value) for key, value in settings.items() if key not in known]
    for first in range(0, len(missing), MOST_PARAMETERS):
        client.log_batch(_run_id(folder), params=missing[first : first + MOST_PARAMETERS])


def _parameters(config: Config) -> dict[str, str]:
    """Return the settings of a config in the form that MLflow accepts."""
    settings = flatten(plain(config))
    return {
        re.sub(r"[^\w.\- :/]", "_", path)[:LONGEST_NAME]: ("null" if value is None else str(value))[:LONGEST_VALUE]
        for path, value in settings.items()
    }


def _experiment_id(client: Any) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    found = client.get_experiment_by_name(name)
    return found.experiment_id if found else client.create_experiment(name)


def _send_history(client: Any, run_id: str | None, prefix: str, history: list[dict]) -> None:
    """Send the lines that MLflow does not have yet; it would store a step twice."""
    in_every_line = next(name for name in history[0] if name != "epoch")
    known = {metric.step for metric in client.get_metric_history(run_id, f"{prefix}{in_every_line}")}
    _send(
        client,
        run_id,
        [
            (f"{prefix}{name}", float(value), step)
            for step, line in enumerate(history, start=1)
            if step not in known
            for name, value in line.items()
            if name != "epoch"
        ],
    )


def _send_figures(client: Any, run_id: str | None, folder: RunFolder) -> None:
    """Send the final metrics of each split, the config and the metrics file."""
    known = client.get_run(run_id).data.metrics
    figures = {
        f"{split}/{name}": float(value)
        for split, metrics in folder.read_metrics().items()
        if isinstance(metrics, dict)  # and not the number of folds
        for name, value in metrics.items()
        if isinstance(value, int | float)
    }
    _send(client, run_id, [(name, value, 0) for name, value in figures.items() if name not in known])
    for path in (folder.config, folder.metrics):
        client.log_artifact(run_id, str(path))


def _send(client: Any, run_id: str | None, metrics: list[tuple[str, float, int]]) -> None:
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    for first in range(0, len(metrics), MOST_METRICS):
        part = metrics[first : first + MOST_METRICS]
        client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value, step in part])
