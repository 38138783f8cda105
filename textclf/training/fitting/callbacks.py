"""What happens around the steps of a training: measuring, keeping the best, reporting, and stopping in time."""

import csv
import logging
import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from textclf.core.errors import TrainingError
from textclf.core.files import atomic_file
from textclf.core.run_folder import VALIDATION
from textclf.models.checkpoints import save_checkpoint, weights_of
from textclf.training.fitting.optimizers.ema import ema_weights

log = logging.getLogger(__name__)
BETTER_LOWER = {"loss", None}


def in_epochs(validations: int, per_epoch: int) -> int | float:
    """So many validations as epochs: a whole number, or 1.25."""
    return validations // per_epoch if validations % per_epoch == 0 else round(validations / per_epoch, 3)


class CatchUpRows(keras.callbacks.Callback):
    """Complete the lazy updates of embeddings before other callbacks read weights: see `optimizers.lazy_rows`."""

    def on_epoch_end(self, epoch, logs=None):
        """Make what the optimizer has put off."""
        self.model.optimizer.catch_up_rows()


class Validation(keras.callbacks.Callback):
    """Adds every validation metric to the epoch's logs, so that all callbacks after it can use any of them.

    Args:
        measure: all validation texts at once: a mean over batches is not the metric.
        prepare: what the first call would begin with; it runs beside the first steps.
    """

    def __init__(self, measure: Callable[[], dict[str, float]], prepare: Callable[[], None]):
        super().__init__()
        self.measure, self.prepare = measure, prepare
        self.prepared: Future | None = None

    def on_train_batch_end(self, batch, logs=None):
        """The steps are traced by now: Python has time."""
        if self.prepared is None:
            pool = ThreadPoolExecutor(1)
            self.prepared = pool.submit(self.prepare)
            pool.shutdown(wait=False)

    def on_epoch_end(self, epoch, logs):
        """Measure."""
        if self.prepared:
            self.prepared.result()
        logs.update({f"{VALIDATION}{name}": value for name, value in self.measure().items()})


class KeepBest(keras.callbacks.Callback):
    """Writes the weights of the best epoch, and stops when it is long past.

    Args:
        metric: validation metric that decides; a later epoch must be better, not equal. `None`: the last epoch is best.
        patience: epochs without a better one after which training stops; `None` never stops.
        per_epoch: validations in an epoch of the texts. Keras, and `best_epoch` here, call each of them an epoch.
    """

    def __init__(self, best_path: Path, *, metric: str | None, patience: int | None, per_epoch: int = 1):
        super().__init__()
        self.best_path, self.per_epoch = best_path, per_epoch
        self.metric, self.patience = metric, patience
        self.best_epoch, self.epochs_done = 0, 0
        self.best_value: float | None = None

    def on_epoch_end(self, epoch, logs):
        """Compare, keep, and stop if it is time."""
        self.epochs_done = epoch + 1
        value = -epoch if self.metric is None else logs.get(f"{VALIDATION}{self.metric}")
        if value is None:
            raise TrainingError(
                f"training.early_stopping.metric: {self.metric} is not defined on the validation texts, which have "
                "one label only. Choose another metric, or validate on more texts."
            )
        if not math.isfinite(value):
            raise not_finite(self.model, f"validation {self.metric}", value)
        better = self.best_value is None or (
            value < self.best_value if self.metric in BETTER_LOWER else value > self.best_value
        )
        if better:
            self.best_epoch, self.best_value = epoch + 1, value
            with ema_weights(self.model):
                save_checkpoint(self.best_path, weights_of(self.model))
        elif self.patience is not None and epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True
            log.info(
                "stopped early: validation %s has not been better than %.4f of epoch %s for %s epochs",
                self.metric, self.best_value,
                in_epochs(self.best_epoch, self.per_epoch), in_epochs(self.patience, self.per_epoch),
            )  # fmt: skip

    def state(self) -> dict:
        """What another process needs to go on comparing."""
        return {"best_epoch": self.best_epoch, "best_value": self.best_value, "epochs_done": self.epochs_done}

    def restore(self, state: dict) -> None:
        """Take up such a state."""
        self.best_epoch, self.epochs_done = int(state["best_epoch"]), int(state["epochs_done"])
        self.best_value = None if state["best_value"] is None else float(state["best_value"])


class StopAtNonFiniteLoss(keras.callbacks.Callback):
    """A loss that is not a number never becomes one again."""

    def on_train_batch_end(self, batch, logs):
        """Raise a TrainingError that says where it happened and what to try."""
        if not math.isfinite(logs["loss"]):
            raise not_finite(self.model, "loss", logs["loss"])


def not_finite(model: keras.Model, name: str, value: float) -> TrainingError:
    """The error for a figure that is no number any more."""
    rate = float(model.optimizer.learning_rate)
    return TrainingError(
        f"the {name} became {value} at step {int(model.optimizer.iterations)} with learning rate {rate:g}. Try a tenth "
        f"of it (--set training.learning_rate={rate / 10:g}), or a lower training.clip_norm, under another --run. The "
        "weights of the best epoch before are in checkpoints/best.npz, if there was one."
    )


class StepLosses(keras.callbacks.Callback):
    """The loss of every step by itself, until a function of all of them asks for the end, or one is no number."""

    def __init__(self, is_enough: Callable[[list[float]], bool]):
        super().__init__()
        self.is_enough = is_enough
        self.losses: list[float] = []

    def on_train_batch_end(self, batch, logs):
        """Keras gives the mean of the epoch so far: it begins anew."""
        self.model.reset_metrics()
        if not math.isfinite(logs["loss"]):
            self.model.stop_training = True
            return
        self.losses.append(logs["loss"])
        self.model.stop_training = self.is_enough(self.losses)


class History(keras.callbacks.Callback):
    """`history.csv`, one line a validation, and the same line in the log; `tell` gets all lines so far."""

    def __init__(self, path: Path, per_epoch: int, tell: Callable[[list[dict]], None]):
        super().__init__()
        self.path, self.per_epoch, self.tell = path, per_epoch, tell
        self.rows: list[dict] = []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        """Write all epochs again: a line is never there half, and an epoch that was interrupted never twice."""
        now, last = (in_epochs(number, self.per_epoch) for number in (epoch + 1, self.params["epochs"]))
        self.rows.append({"epoch": now, **{name: f"{value:.6f}" for name, value in logs.items()}})
        with atomic_file(self.path) as stream:
            writer = csv.DictWriter(stream, self.rows[0])
            writer.writeheader()
            writer.writerows(self.rows)
        seconds = time.perf_counter() - self.started
        log.info("epoch %s/%s  %.0f s  %s", now, last, seconds, _by_split(logs))
        self.tell(self.rows)

    def state(self) -> dict:
        """The lines so far."""
        return {"rows": self.rows}

    def restore(self, state: dict) -> None:
        """Take up such a state."""
        self.rows = [dict(row) for row in state["rows"]]


def _by_split(metrics: dict[str, float]) -> str:
    """`train loss 0.1 accuracy 0.9  validation loss 0.2 accuracy 0.8`."""
    splits: dict[str, list[str]] = {"train": [], "validation": []}
    for name, value in sorted(metrics.items(), key=lambda item: not item[0].endswith("loss")):
        split = "validation" if name.startswith(VALIDATION) else "train"
        splits[split].append(f"{name.removeprefix(VALIDATION)} {value:.4f}")
    return "  ".join(" ".join([split, *shown]) for split, shown in splits.items() if shown)


class ProgressBar(keras.callbacks.Callback):
    """A bar for the running epoch, or the part of it up to a validation, on a terminal only."""

    def __init__(self, per_epoch: int = 1):
        super().__init__()
        self.bar: Progress | None = None
        self.per_epoch = per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        """A new bar; it vanishes when the epoch's line is written."""
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
            )
            loss = TextColumn("loss {task.fields[loss]:.4f}")
            self.bar = Progress(*columns, loss, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self.bar.start()
            steps = self.params["steps"]
            done = max(0, int(self.model.optimizer.iterations) - epoch * steps)  # of an epoch that was interrupted
            now, last = (in_epochs(number, self.per_epoch) for number in (epoch + 1, self.params["epochs"]))
            named = f"epoch {now}/{last}"
            self.task = self.bar.add_task(named, total=steps, completed=done, loss=np.nan)

    def on_train_batch_end(self, batch, logs):
        """Some steps further."""
        if self.bar:
            self.bar.update(self.task, completed=batch + 1, loss=logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        """Away with it."""
        self.close()

    def close(self):
        """Also when the training is interrupted."""
        if self.bar:
            self.bar.stop()
            self.bar = None
