"""One trial, in a process of its own: memory comes back, and a crash is one failed trial.

    python -m textclf.training.tuning.trial

The process reads a `Task` as JSON from its standard input, and writes `trial.json` into the folder of the trial. It
ends when its standard input ends, so it does not survive the search.
"""

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.cores import limited_threads
from textclf.core.errors import TextclfError, TrainingError
from textclf.core.files import write_json
from textclf.core.run_folder import VALIDATION, RunFolder
from textclf.training.tuning.halving import is_hopeless
from textclf.training.tuning.record import Goal

if TYPE_CHECKING:
    from textclf.training.encoded_dataset import TrainingTexts

RESULT = "trial.json"
MB = 1_000_000
BYTES_PER_WEIGHT = 4
TIMED_TEXTS = 50
NAMES = {"loss": "log_loss"}  # metrics of a history -> of metrics.json


@dataclass(frozen=True)
class Task:
    """What a trial has to know."""

    folder: str  # a run folder within that of the search
    metric: str
    largest: float | None  # MB
    curves: list[list[float]]  # the metric of earlier trials after every validation
    folds: int | None = None
    threads: int | None = None  # one for each core
    seconds: float | None = None  # that it may take; no limit


class TrialStopped(Exception):  # noqa: N818 (not an error)
    """The trial is not worth finishing.

    Args:
        state: of the trial, see `Trial.state`.
    """

    def __init__(self, state: str, **entries: Any):
        super().__init__(state)
        self.entries = {"state": state, **entries}


def main() -> int:
    """Run the trial that standard input describes."""
    task = Task(**json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    folder = RunFolder(task.folder)
    started = time.perf_counter()
    try:
        with limited_threads(task.threads):
            result = run_trial(folder, read_run_config(folder), task)
    except TrialStopped as stopped:
        result = stopped.entries
    except (TextclfError, MemoryError) as error:
        result = {"state": "failed", "error": f"{type(error).__name__}: {error}"}
    write_json(folder.path / RESULT, {**result, "seconds": round(time.perf_counter() - started, 1)})
    return 0


def run_trial(folder: RunFolder, config: Config, task: Task) -> dict[str, Any]:
    """Train with the config of a trial, and return the entries of its record.

    Raises:
        TrialStopped: it cannot be the best, or its classifier would be too large.
    """
    if task.folds:
        return _by_folds(folder, config, task)
    from textclf.data.loading import encode_labels, read_splits
    from textclf.data.unlabelled import read_unlabelled
    from textclf.training.encoded_dataset import TrainingTexts
    from textclf.training.train import fit_and_evaluate
    from textclf.training.training_run import training_run

    splits, targets = read_splits(config.data, config.targets, config.seed)
    unlabelled = read_unlabelled(config.data, splits)
    splits.pop("test", None)  # a search must not see it
    texts = TrainingTexts(splits, encode_labels(splits, targets), unlabelled)
    watch = Watch(task)
    with training_run(folder, started=time.perf_counter()) as results:
        _check_size(config, texts, folder, targets.num_outputs, task.largest)
        results.update(fit_and_evaluate(folder, config, texts, targets, watch=watch))
    metrics = folder.read_metrics()[VALIDATION.rstrip("_")]
    return {
        "state": "finished",
        "score": _score(metrics, task.metric, "the validation texts"),
        "metrics": {name: metrics[name] for name in ("accuracy", "f1_macro", "log_loss") if name in metrics},
        "curve": watch.curve,
        "fitting_seconds": results["seconds_fitting"],
        **measured(folder.classifier, list(splits["validation"].texts[:TIMED_TEXTS].to_pylist())),
    }


def _score(metrics: dict[str, Any], metric: str, texts: str) -> float:
    score = metrics.get(NAMES.get(metric, metric))
    if score is None:
        raise TrainingError(
            f"tuning.metric: {metric} is not defined on {texts}, because no text has some label, or every text has it. "
            "Choose another metric, or validate on more texts."
        )
    return score


class Watch:
    """Follows the metric of a trial after each validation, and stops a hopeless one."""

    def __init__(self, task: Task):
        self.task = task
        self.curve: list[float] = []

    def __call__(self, network: str, history: list[dict]) -> None:
        """Look at the history of a network. Members of an ensemble are not judged alone."""
        name = f"{VALIDATION}{self.task.metric}"
        if network or not history or name not in history[-1]:
            return
        self.curve = [float(row[name]) for row in history if name in row]
        if is_hopeless(self.curve, self.task.curves, Goal(self.task.metric).sign):
            raise TrialStopped("stopped", curve=self.curve)


def _by_folds(folder: RunFolder, config: Config, task: Task) -> dict[str, Any]:
    from textclf.training.cross_validation import cross_validate_run, fold_of

    cross_validate_run(folder, config, task.folds or 2)
    metrics = folder.read_metrics()
    first = fold_of(folder, 1)
    fitting = [fold_of(folder, number).read_metadata()["seconds_fitting"] for number in range(1, metrics["folds"] + 1)]
    return {
        "state": "finished",
        "score": _score(metrics["mean"], task.metric, "the texts of a fold"),
        "fold_scores": metrics["by_fold"][NAMES.get(task.metric, task.metric)],
        "metrics": {
            key: metrics["mean"][key] for key in ("accuracy", "f1_macro", "log_loss") if key in metrics["mean"]
        },
        "fitting_seconds": statistics.mean(fitting),
        **measured(first.classifier, _texts_of(first)),
    }


def _texts_of(folder: RunFolder) -> list[str]:
    from textclf.evaluation.predictions_file import read_predictions
    from textclf.inference.classifier import load_classifier

    return read_predictions(folder, load_classifier(folder.classifier)).texts[:TIMED_TEXTS]


def measured(classifier: Path, texts: Sequence[str]) -> dict[str, float]:
    """Return the size of a classifier folder in MB, and the median time of a single text in milliseconds."""
    from textclf.inference.classifier import load_classifier

    loaded = load_classifier(classifier)
    loaded.predict(texts[:1])
    seconds = []
    for text in texts:
        started = time.perf_counter()
        loaded.predict([text])
        seconds.append(time.perf_counter() - started)
    return {"size": folder_size(classifier), "latency": round(1000 * statistics.median(seconds), 3)}


def folder_size(folder: Path) -> float:
    """Return the size of all files of a folder in MB."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB, 4)


def _check_size(
    config: Config, texts: "TrainingTexts", folder: RunFolder, num_outputs: int, largest: float | None
) -> None:
    """Stop a trial before it is trained if its weights and its tokenizer alone are above the limit of size."""
    if largest is None:
        return
    from textclf.config.ensemble import members_of
    from textclf.core.tensorflow_import import importing_tensorflow
    from textclf.models import build_model
    from textclf.models.sizes import sizes_of
    from textclf.training.encoded_dataset import encode

    preprocessor = encode(config, texts, folder.cache).preprocessor
    with importing_tensorflow():
        weights = sum(
            build_model(member.model, sizes_of(preprocessor), num_outputs=num_outputs).count_params()
            for member in members_of(config.model, config.training)
        )
    tokenizer = folder.path / "tokenizer.json"
    preprocessor.save(tokenizer)
    size = (weights * BYTES_PER_WEIGHT + tokenizer.stat().st_size) / MB
    tokenizer.unlink()
    if size > largest:
        raise TrialStopped("too large", size=round(size, 4))


def _exit_with_parent() -> None:
    """End this process when the search has ended, however it did: then standard input ends."""
    while os.read(sys.stdin.fileno(), 1):  # without the lock of `sys.stdin`, which Python takes when it ends
        pass
    os._exit(1)


def to_json(task: Task) -> bytes:
    """Return a task as the line that `main` reads."""
    return json.dumps(asdict(task)).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
