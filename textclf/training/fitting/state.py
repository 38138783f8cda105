"""The state of a fit in one file, from which another process continues bit for bit.

Batches are a function of the seed and the number of the step. All else that a fit changes is in the variables of its
model, or in a callback with `state_key`, `state() -> dict` and `restore(dict)`: plain JSON values and arrays. The key
is the callback's name in the file, so it must not change.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from textclf.core.signals import StopRequest
from textclf.models.checkpoints import damaged, load_checkpoint, save_checkpoint, state_of
from textclf.training.fitting.processes import is_first, numbers_of_all


@dataclass
class LoopPosition:
    """The number of intervals and steps that a fit has made."""

    interval: int = 0  # whole ones; `epoch` in the file
    step: int = 0  # of the next interval
    finished: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict:
        """Return the position as it stands in the file."""
        return {"epoch": self.interval, "step": self.step, "finished": self.finished, "seconds": self.seconds}

    @classmethod
    def from_json(cls, content: dict) -> "LoopPosition":
        """Check and return a position.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        interval, step = content["epoch"], content["step"]
        if not all(type(count) is int and 0 <= count < 2**31 for count in (interval, step)):
            raise TypeError(f"epoch {interval!r}, step {step!r}")
        return cls(interval, step, bool(content.get("finished", False)), float(content.get("seconds", 0.0)))


@dataclass
class LoopState:
    """The content of the file."""

    path: Path
    position: LoopPosition = field(default_factory=LoopPosition)
    callbacks: dict[str, dict] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Return whether no step has been made."""
        return not self.arrays


def read_state(path: Path) -> LoopState:
    """Read what `SaveState` wrote; without a file, return the state of a new fit.

    Raises:
        RunError: the file is damaged.
    """
    if not path.exists():
        return LoopState(path)
    content, arrays = load_checkpoint(path)
    try:
        position, callbacks = LoopPosition.from_json(content["position"]), content["callbacks"]
        if not isinstance(callbacks, dict):
            raise TypeError(f"callbacks {callbacks!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"the position of the fit is missing or not valid: {error}") from None
    return LoopState(path, position, callbacks, arrays)


def write_state(
    path: Path, model: keras.Model, position: LoopPosition, callbacks: Sequence[keras.callbacks.Callback]
) -> None:
    """Write the variables of a model, the position and the states of the callbacks, replacing the file in one step.

    Raises:
        WriteError: the disk is full, or the folder is read-only.
    """
    states: dict[str, dict] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, callback in _by_key(callbacks).items():
        state = callback.state()
        array_keys = {key for key, value in state.items() if isinstance(value, np.ndarray)}
        states[name] = {key: value for key, value in state.items() if key not in array_keys}
        arrays |= {f"callbacks/{name}/{key}": state[key] for key in array_keys}
    save_checkpoint(path, state_of(model), {"position": position.to_json(), "callbacks": states}, arrays)


def restore_callbacks(state: LoopState, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Give every callback with a state its own.

    Raises:
        RunError: it is missing from the file, or not valid.
    """
    for name, callback in _by_key(callbacks).items():
        prefix = f"callbacks/{name}/"
        arrays = {key.removeprefix(prefix): state.arrays[key] for key in state.arrays if key.startswith(prefix)}
        try:
            callback.restore({**state.callbacks[name], **arrays})
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(state.path, f"the state of {name}: {error!r}") from None


class SaveState(keras.callbacks.Callback):
    """Save the state, then end the fit if a signal asked for it. It must be the last callback.

    Args:
        save_every: steps between two savings within an interval.
    """

    def __init__(
        self,
        path: Path,
        callbacks: Sequence[keras.callbacks.Callback],
        position: LoopPosition,
        *,
        save_every: int,
        request: StopRequest,
    ):
        super().__init__()
        self.path, self.callbacks, self.position = path, callbacks, position
        self.save_every, self.request = save_every, request
        self.seconds_before, self.started = position.seconds, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Save within an interval; its last step is left to `on_epoch_end`, which has metrics to save as well."""
        step = batch + 1
        if told := max(numbers_of_all(self.request.number or 0)):  # a signal to one process is for all
            self.request.number = told
        if step < self.params["steps"] and (step % self.save_every == 0 or self.request.number is not None):
            self._save(replace(self.position, step=step))

    def on_epoch_end(self, interval, logs=None):
        """Save at the end of an interval, after all other callbacks."""
        finished = bool(self.model.stop_training) or interval + 1 == self.params["epochs"]
        self._save(LoopPosition(interval + 1, 0, finished))

    def _save(self, position: LoopPosition) -> None:
        seconds = self.seconds_before + time.perf_counter() - self.started
        self.position = replace(position, seconds=seconds)
        if is_first():
            write_state(self.path, self.model, self.position, self.callbacks)
        self.request.raise_if_requested()


def _by_key(callbacks: Sequence[keras.callbacks.Callback]) -> dict[str, keras.callbacks.Callback]:
    return {callback.state_key: callback for callback in callbacks if hasattr(callback, "state_key")}
