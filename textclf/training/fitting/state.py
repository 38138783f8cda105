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

from textclf.core.signals import StopRequest, deferred_signals
from textclf.models.checkpoints import assign, damaged, load_checkpoint, save_checkpoint, state_of
from textclf.training.fitting.loop import multi_step_function

log = logging.getLogger(__name__)


@dataclass
class LoopPosition:
    """How far a fit has come."""

    epoch: int = 0  # whole ones
    step: int = 0  # of the next one
    finished: bool = False
    seconds: float = 0.0


@dataclass
class LoopState:
    """What a file says: where to go on, and with what."""

    path: Path
    position: LoopPosition = field(default_factory=LoopPosition)
    callbacks: dict[str, dict] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def begins(self) -> bool:
        """There is nothing to go on with yet."""
        return not self.arrays


def run_loop(
    model: keras.Model,
    batches_from: Callable[[tuple[int, int]], tf.data.Dataset],
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    path: Path,
    epochs: int,
    epoch_steps: int,
    every: int,
) -> float:
    """What `model.fit` does, from where the file at `path` says; a fit that is finished there is only read.

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
    if position.epoch >= epochs or position.step >= epoch_steps:
        raise damaged(path, f"it goes on behind the end, at epoch {position.epoch} and step {position.step}")
    batches = batches_from((position.epoch, position.step))
    _build_all(model, batches)
    if not saved.begins:
        log.info("going on after %d epochs and %d steps", position.epoch, position.step)
        assign(path, state_of(model), saved.arrays)
        _restore_callbacks(saved, callbacks)
    with deferred_signals() as request:
        save = SaveState(path, callbacks, position, every=every, request=request)
        told = keras.callbacks.CallbackList([*callbacks, save], model=model, epochs=epochs, steps=epoch_steps)
        _fit(model, iter(batches), told, position, every=every)
    return save.position.seconds


def _fit(
    model: keras.Model,
    batches: tf.data.Iterator,
    callbacks: keras.callbacks.CallbackList,
    position: LoopPosition,
    *,
    every: int,
) -> None:
    """Keras's `fit` makes the same number of steps in every call: an epoch, or the rest of one, may have any number."""
    make_steps, step = multi_step_function(model), position.step
    epochs, epoch_steps = (callbacks.params[name] for name in ("epochs", "steps"))
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(position.epoch, epochs):
        if not step:
            model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        while step < epoch_steps:
            made, metrics = make_steps(batches, min(epoch_steps - step, every - step % every))
            step += made
            callbacks.on_train_batch_end(step - 1, metrics)
        step = 0
        callbacks.on_epoch_end(epoch, metrics)
        if model.stop_training:
            break
    callbacks.on_train_end()


def read_state(path: Path) -> LoopState:
    """What `SaveState` wrote; where there is no file, the beginning.

    Raises:
        RunError: the file is damaged.
    """
    if not path.exists():
        return LoopState(path)
    about, arrays = load_checkpoint(path)
    try:
        position, callbacks = LoopPosition(**about["position"]), about["callbacks"]
        counts = position.epoch, position.step
        if not all(type(count) is int and 0 <= count < 2**31 for count in counts) or not isinstance(callbacks, dict):
            raise TypeError(f"epoch {position.epoch!r}, step {position.step!r}")
        position.seconds = float(position.seconds)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"it does not say where to go on: {error}") from None
    return LoopState(path, position, callbacks, arrays)


class SaveState(keras.callbacks.Callback):
    """The last of the callbacks: writes the state, and obeys a signal once it is written."""

    def __init__(
        self,
        path: Path,
        callbacks: Sequence[keras.callbacks.Callback],
        position: LoopPosition,
        *,
        every: int,
        request: StopRequest,
    ):
        super().__init__()
        self.path, self.callbacks, self.position = path, callbacks, position
        self.every, self.request = every, request
        self.seconds_before, self.started = position.seconds, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """The last step of an epoch is left to its end, which has figures to be saved as well."""
        step = batch + 1
        if step < self.params["steps"] and (step % self.every == 0 or self.request.number is not None):
            self._write(step=step)
            self.request.raise_if_requested()

    def on_epoch_end(self, epoch, logs=None):
        """All other callbacks have done their part."""
        finished = bool(self.model.stop_training) or epoch + 1 == self.params["epochs"]
        self._write(epoch=epoch + 1, step=0, finished=finished)
        self.request.raise_if_requested()

    def _write(self, **changes: int) -> None:
        seconds = self.seconds_before + time.perf_counter() - self.started
        self.position = LoopPosition(**{**asdict(self.position), **changes, "seconds": seconds})
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


def _restore_callbacks(saved: LoopState, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    for name, callback in _with_state(callbacks).items():
        prefix = f"callbacks/{name}/"
        arrays = {key.removeprefix(prefix): saved.arrays[key] for key in saved.arrays if key.startswith(prefix)}
        try:
            callback.restore({**saved.callbacks[name], **arrays})
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(saved.path, f"the state of {name}: {error!r}") from None


def _with_state(callbacks: Sequence[keras.callbacks.Callback]) -> dict[str, keras.callbacks.Callback]:
    return {type(callback).__name__: callback for callback in callbacks if hasattr(callback, "state")}
