"""A fit that goes on where it was killed: its whole state in one file, written every epoch and every so many steps.

Batches are a function of seed, epoch and step, and all else that a fit changes is in the variables of its model, or in
a callback with `state() -> dict` and `restore(dict)`: plain JSON and arrays, to be taken up before the first epoch.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from textclf.checkpoints import assign, damaged, load_checkpoint, save_checkpoint, state_of
from textclf.interruption import Request, noted_signals

log = logging.getLogger(__name__)
REST_DONE = "the rest of an epoch is done"


@dataclass
class Position:
    """How far a fit has come."""

    epoch: int = 0  # whole ones
    step: int = 0  # of the next one
    finished: bool = False
    seconds: float = 0.0


@dataclass
class Saved:
    """What a file says: where to go on, and with what."""

    path: Path
    position: Position = field(default_factory=Position)
    callbacks: dict[str, dict] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def begins(self) -> bool:
        """There is nothing to go on with yet."""
        return not self.arrays


def fit_on(
    model: keras.Model,
    batches_from: Callable[[tuple[int, int]], tf.data.Dataset],
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    path: Path,
    epochs: int,
    epoch_steps: int,
    every: int,
) -> float:
    """`model.fit`, from where the file at `path` says; a fit that is finished there is only read.

    The weights, the order, the history and all that callbacks keep are those of a fit that was never interrupted.

    Args:
        batches_from: (epoch, step) -> endless batches from there on.
        callbacks: the state of those with `state` and `restore` is part of the file.
        every: steps between two writings within an epoch.

    Returns:
        The seconds that it took, those before an interruption with them.

    Raises:
        RunError: the file is damaged.
        Interrupted: a signal asked for an end; the state is written.
    """
    saved = read_state(path)
    position = saved.position
    if position.finished:
        _restore_callbacks(saved, callbacks)
        log.info("a fit of %d epochs was finished already", position.epoch)
        return position.seconds
    batches = batches_from((position.epoch, position.step))
    _build_all(model, batches)
    if not saved.begins:
        log.info("going on after %d epochs and %d steps", position.epoch, position.step)
    with noted_signals() as request:
        save = SaveState(path, callbacks, position, every=every, epoch_steps=epoch_steps, request=request)
        model.fit(
            batches,
            initial_epoch=position.epoch,
            epochs=epochs,
            steps_per_epoch=epoch_steps,
            callbacks=[GoOn(saved, callbacks, epoch_steps), *callbacks, save],
            shuffle=False,  # the batches are
            verbose=0,
        )
    return save.position.seconds


def read_state(path: Path) -> Saved:
    """What `SaveState` wrote; where there is no file, the beginning.

    Raises:
        RunError: the file is damaged.
    """
    if not path.exists():
        return Saved(path)
    about, arrays = load_checkpoint(path)
    try:
        position, callbacks = Position(**about["position"]), about["callbacks"]
        counts = position.epoch, position.step
        if not all(type(count) is int and 0 <= count < 2**31 for count in counts) or not isinstance(callbacks, dict):
            raise TypeError(f"epoch {position.epoch!r}, step {position.step!r}")
        position.seconds = float(position.seconds)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"it does not say where to go on: {error}") from None
    return Saved(path, position, callbacks, arrays)


class GoOn(keras.callbacks.Callback):
    """The first of the callbacks: takes up what was saved, and ends the first epoch after its remaining steps."""

    def __init__(self, saved: Saved, callbacks: Sequence[keras.callbacks.Callback], epoch_steps: int):
        super().__init__()
        self.saved, self.callbacks = saved, callbacks
        self.remaining = epoch_steps - saved.position.step if saved.position.step else None

    def on_epoch_begin(self, epoch, logs=None):
        """Not earlier: Keras has just set the running metrics to zero."""
        if not self.saved.begins:
            assign(self.saved.path, state_of(self.model), self.saved.arrays)
            if not self.saved.position.step:
                self.model.reset_metrics()  # those of the epoch that had just ended
            _restore_callbacks(self.saved, self.callbacks)
            self.saved = Saved(self.saved.path)

    def on_train_batch_end(self, batch, logs=None):
        """Keras would go on for as many steps as a whole epoch has."""
        if batch + 1 == self.remaining:
            self.model.stop_training = REST_DONE

    def on_epoch_end(self, epoch, logs=None):
        """It was the epoch that was to end, unless another callback has asked for the end of all since."""
        self.remaining = None
        if self.model.stop_training == REST_DONE:
            self.model.stop_training = False


class SaveState(keras.callbacks.Callback):
    """The last of the callbacks: writes the state, and obeys a signal once it is written."""

    def __init__(
        self,
        path: Path,
        callbacks: Sequence[keras.callbacks.Callback],
        position: Position,
        *,
        every: int,
        epoch_steps: int,
        request: Request,
    ):
        super().__init__()
        self.path, self.callbacks, self.position = path, callbacks, position
        self.every, self.epoch_steps, self.request = every, epoch_steps, request
        self.skipped, self.seconds_before, self.started = position.step, position.seconds, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """The last step of an epoch is left to its end, which has figures to be saved as well."""
        step = self.skipped + batch + 1
        if self.model.stop_training or step >= self.epoch_steps:
            return
        if step % self.every == 0 or self.request.number is not None:
            self._write(step=step)
            self.request.obey()

    def on_epoch_end(self, epoch, logs=None):
        """All other callbacks have done their part."""
        self.skipped = 0
        finished = bool(self.model.stop_training) or epoch + 1 == self.params["epochs"]
        self._write(epoch=epoch + 1, step=0, finished=finished)
        self.request.obey()

    def _write(self, **changes: int) -> None:
        seconds = self.seconds_before + time.perf_counter() - self.started
        self.position = Position(**{**asdict(self.position), **changes, "seconds": seconds})
        states: dict[str, dict] = {}
        arrays: dict[str, np.ndarray] = {}
        for name, callback in _with_state(self.callbacks).items():
            state = callback.state()
            of_arrays = {key for key, value in state.items() if isinstance(value, np.ndarray)}
            states[name] = {key: value for key, value in state.items() if key not in of_arrays}
            arrays |= {f"callbacks/{name}/{key}": state[key] for key in of_arrays}
        about = {"position": asdict(self.position), "callbacks": states}
        save_checkpoint(self.path, state_of(self.model), about, arrays)


def _build_all(model: keras.Model, batches: tf.data.Dataset) -> None:
    """Make the variables that Keras would make in the first step: what was saved needs a place to go."""
    _, classes, *_ = batches.element_spec
    one_row = [1, *classes.shape[1:]]
    model.compute_metrics(None, np.zeros(one_row, classes.dtype.as_numpy_dtype), np.zeros((1, model.output_shape[-1])))
    model.reset_metrics()


def _restore_callbacks(saved: Saved, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    for name, callback in _with_state(callbacks).items():
        prefix = f"callbacks/{name}/"
        arrays = {key.removeprefix(prefix): saved.arrays[key] for key in saved.arrays if key.startswith(prefix)}
        try:
            callback.restore({**saved.callbacks[name], **arrays})
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(saved.path, f"the state of {name}: {error!r}") from None


def _with_state(callbacks: Sequence[keras.callbacks.Callback]) -> dict[str, keras.callbacks.Callback]:
    return {type(callback).__name__: callback for callback in callbacks if hasattr(callback, "state")}
