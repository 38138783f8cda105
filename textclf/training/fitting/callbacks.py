"""Callbacks of a fit: validate, keep the best weights, stop early, report. Keras calls an interval an epoch.

Keras calls them in the order of their list: `fit.fit_network` says why that order matters.
"""

import csv
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import keras

from textclf.core.errors import TrainingError
from textclf.core.files import atomic_file
from textclf.core.progress import Bar, open_bar
from textclf.core.run_folder import VALIDATION
from textclf.models.checkpoints import save_checkpoint, weights_of
from textclf.training.fitting.optimizers.ema import ema_weights

log = logging.getLogger(__name__)
LOWER_IS_BETTER = {"loss", None}


def in_epochs(intervals: int, per_epoch: int) -> int | float:
    """Return so many intervals as epochs: a whole number, or 1.25."""
    return intervals // per_epoch if intervals % per_epoch == 0 else round(intervals / per_epoch, 3)


class CatchUpRows(keras.callbacks.Callback):
    """Completes the lazy updates of embeddings before other callbacks read weights: see `optimizers.lazy_rows`."""

    def on_epoch_end(self, interval, logs=None):
        """Complete them."""
        self.model.optimizer.catch_up_rows()


class Validation(keras.callbacks.Callback):
    """Adds the validation metrics to the logs of an interval, so that all callbacks after it can use them.

    Args:
        measure: measures all validation texts at once: the mean of a metric over batches is another number.
    """

    def __init__(self, measure: Callable[[], dict[str, float]]):
        super().__init__()
        self.measure = measure

    def on_epoch_end(self, interval, logs):
        """Measure."""
        logs.update({f"{VALIDATION}{name}": value for name, value in self.measure().items()})


class KeepBest(keras.callbacks.Callback):
    """Saves the weights of the best interval, and stops the fit when it is long past.

    Args:
        metric: the validation metric that decides; a later interval must be better, not equal. None: the last is best.
        patience: intervals without a better one after which the fit stops; None: it never does.
        per_epoch: intervals in an epoch.
    """

    state_key = "KeepBest"

    def __init__(self, best_path: Path, *, metric: str | None, patience: int | None, per_epoch: int = 1):
        super().__init__()
        self.best_path, self.per_epoch = best_path, per_epoch
        self.metric, self.patience = metric, patience
        self.best_interval, self.num_intervals = 0, 0
        self.best_value: float | None = None

    def on_epoch_end(self, interval, logs):
        """Compare, save, and stop if it is time."""
        self.num_intervals = interval + 1
        value = -interval if self.metric is None else logs.get(f"{VALIDATION}{self.metric}")
        if value is None:
            raise TrainingError(
                f"training.early_stopping.metric: {self.metric} is not defined on the validation texts, which have "
                "one label only. Choose another metric, or validate on more texts."
            )
        if not math.isfinite(value):
            raise not_finite(self.model, f"validation {self.metric}", value)
        if self._is_better(value):
            self.best_interval, self.best_value = self.num_intervals, value
            with ema_weights(self.model):
                save_checkpoint(self.best_path, weights_of(self.model))
        elif self.patience is not None and self.num_intervals - self.best_interval >= self.patience:
            self.model.stop_training = True
            now, best = (in_epochs(number, self.per_epoch) for number in (self.num_intervals, self.best_interval))
            log.info(
                "stopped early at epoch %s: best validation %s %.4f at epoch %s",
                now,
                self.metric,
                self.best_value,
                best,
            )

    def _is_better(self, value: float) -> bool:
        if self.best_value is None:
            return True
        return value < self.best_value if self.metric in LOWER_IS_BETTER else value > self.best_value

    def state(self) -> dict:
        """Return what another process needs to continue comparing."""
        return {"best_epoch": self.best_interval, "best_value": self.best_value, "epochs_done": self.num_intervals}

    def restore(self, state: dict) -> None:
        """Continue from such a state."""
        self.best_interval, self.num_intervals = int(state["best_epoch"]), int(state["epochs_done"])
        self.best_value = None if state["best_value"] is None else float(state["best_value"])


class StopAtNonFiniteLoss(keras.callbacks.Callback):
    """Ends a fit whose loss is NaN or infinite: it never becomes finite again."""

    def on_train_batch_end(self, batch, logs):
        """Raise a TrainingError that says where it happened and what to try."""
        if not math.isfinite(logs["loss"]):
            raise not_finite(self.model, "loss", logs["loss"])


def not_finite(model: keras.Model, name: str, value: float) -> TrainingError:
    """Return the error for a value that became NaN or infinite."""
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    step = int(model.optimizer.iterations.numpy())
    return TrainingError(
        f"the {name} became {value} at step {step} with learning rate {rate:g}. Try a tenth of it (--set "
        f"training.learning_rate={rate / 10:g}), or a lower training.clip_norm, under another --run. The best weights "
        "before that step, if any, are in checkpoints/best.npz."
    )


class StepLosses(keras.callbacks.Callback):
    """Keeps the loss of every single step, until `is_enough` of all of them, or until one is not finite."""

    def __init__(self, is_enough: Callable[[list[float]], bool]):
        super().__init__()
        self.is_enough = is_enough
        self.losses: list[float] = []

    def on_train_batch_end(self, batch, logs):
        """Note the loss; Keras reports the mean of the epoch so far, so it is reset after every step."""
        self.model.reset_metrics()
        if not math.isfinite(logs["loss"]):
            self.model.stop_training = True
            return
        self.losses.append(logs["loss"])
        self.model.stop_training = self.is_enough(self.losses)


class History(keras.callbacks.Callback):
    """Writes `history.csv`, one line an interval, and the same to the log; `log_history` gets all lines so far."""

    state_key = "History"

    def __init__(self, path: Path, per_epoch: int, log_history: Callable[[list[dict]], None]):
        super().__init__()
        self.path, self.per_epoch, self.log_history = path, per_epoch, log_history
        self.rows: list[dict] = []

    def on_epoch_begin(self, interval, logs=None):
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, interval, logs):
        """Rewrite all lines: none is ever incomplete, and none of an interrupted interval comes twice."""
        now, last = (in_epochs(number, self.per_epoch) for number in (interval + 1, self.params["epochs"]))
        self.rows.append({"epoch": now, **{name: f"{value:.6f}" for name, value in logs.items()}})
        write_history(self.path, self.rows)
        seconds = time.perf_counter() - self.started
        log.info("epoch %s/%s  %.0f s  %s", now, last, seconds, _format_metrics(logs))
        self.log_history(self.rows)

    def state(self) -> dict:
        """Return the lines so far."""
        return {"rows": self.rows}

    def restore(self, state: dict) -> None:
        """Continue from such a state."""
        self.rows = [dict(row) for row in state["rows"]]


def write_history(path: Path, rows: list[dict]) -> None:
    """Write `history.csv`. The first row names the columns."""
    with atomic_file(path) as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _format_metrics(metrics: dict[str, float]) -> str:
    """Return `train loss 0.1 accuracy 0.9  validation loss 0.2 accuracy 0.8`."""
    splits: dict[str, list[str]] = {"train": [], "validation": []}
    for name, value in sorted(metrics.items(), key=lambda item: not item[0].endswith("loss")):
        split = "validation" if name.startswith(VALIDATION) else "train"
        splits[split].append(f"{name.removeprefix(VALIDATION)} {value:.4f}")
    return "  ".join(" ".join([split, *shown]) for split, shown in splits.items() if shown)


class ProgressBar(keras.callbacks.Callback):
    """Shows a bar for the running interval, on a terminal and in a notebook."""

    def __init__(self, per_epoch: int = 1):
        super().__init__()
        self.bar: Bar | None = None
        self.per_epoch = per_epoch

    def on_epoch_begin(self, interval, logs=None):
        """Show a new bar; it vanishes when the line of the interval is logged."""
        steps = self.params["steps"]
        done = max(0, int(self.model.optimizer.iterations.numpy()) - interval * steps)  # of an interrupted interval
        now, last = (in_epochs(number, self.per_epoch) for number in (interval + 1, self.params["epochs"]))
        self.bar = open_bar(f"epoch {now}/{last}", steps, done)

    def on_train_batch_end(self, batch, logs):
        """Move the bar."""
        if self.bar:
            self.bar.update(batch + 1, f"loss {logs['loss']:.4f}")

    def on_epoch_end(self, interval, logs=None):
        """Remove the bar."""
        self.close()

    def close(self):
        """Remove the bar; also called when the training is interrupted."""
        if self.bar:
            self.bar.close()
            self.bar = None
