"""The training loop: what `model.fit` does, from wherever an earlier process stopped, with many steps in one call."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from textclf.core.signals import deferred_signals
from textclf.models.checkpoints import assign, damaged, state_of
from textclf.training.fitting.processes import number_of_first, share_file
from textclf.training.fitting.replicas import train_step, vary_seeds
from textclf.training.fitting.state import LoopState, SaveState, read_state, restore_callbacks

log = logging.getLogger(__name__)
LONGEST_CALL = 0.25  # seconds: how long Ctrl-C and the progress bar wait
MOST_STEPS = 64


class LoopPlan(NamedTuple):
    """The length of a fit, and the distance between two savings. An interval is the steps between two validations."""

    num_intervals: int
    interval_steps: int
    save_every: int  # steps between two savings within an interval

    @property
    def num_steps(self) -> int:
        """Return the steps of the whole fit."""
        return self.num_intervals * self.interval_steps


def run_loop(
    model: keras.Model,
    batches_from: Callable[[int], tf.data.Dataset],
    callbacks: Sequence[keras.callbacks.Callback],
    path: Path,
    plan: LoopPlan,
) -> float:
    """Fit a compiled model, and return the seconds it took, including those before an interruption.

    The fit starts where the file at `path` says. A fit that is finished there only restores the callbacks. Weights,
    order of batches, history and the state of the callbacks are bit for bit those of a fit without interruption.

    Args:
        batches_from: number of a step, from 0 -> endless batches from that step on.
        callbacks: Keras calls every interval an epoch. The file includes the state of callbacks with `state_key`.
        path: the file of the state.

    Raises:
        RunError: the file is damaged.
        Interrupted: a signal asked for an end; the state is saved.
    """
    share_file(path)
    state = read_state(path)
    position = state.position
    first_step = position.interval * plan.interval_steps + position.step
    if position.finished:
        restore_callbacks(state, callbacks)
        log.info("fit already finished: %d steps", first_step)
        return position.seconds
    batches = batches_from(first_step)
    _build_metrics(model, batches)
    if not state.is_new:
        _resume(model, callbacks, state, plan)
        log.info("resumed at step %d of %d", first_step, plan.num_steps)
    vary_seeds(model)
    with deferred_signals() as request:
        save = SaveState(path, callbacks, position, save_every=plan.save_every, request=request)
        params = {"epochs": plan.num_intervals, "steps": plan.interval_steps}
        _run(model, iter(batches), keras.callbacks.CallbackList([*callbacks, save], model=model, **params), state, plan)
    return save.position.seconds


def _resume(
    model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], state: LoopState, plan: LoopPlan
) -> None:
    """Give model and callbacks the saved state."""
    interval, step = state.position.interval, state.position.step
    if interval >= plan.num_intervals or step >= plan.interval_steps:
        raise damaged(state.path, f"it continues after the end, at interval {interval} and step {step}")
    assign(state_of(model), state.arrays, path=state.path)
    restore_callbacks(state, callbacks)


def _run(
    model: keras.Model,
    batches: tf.data.Iterator,
    callbacks: keras.callbacks.CallbackList,
    state: LoopState,
    plan: LoopPlan,
) -> None:
    """Run the intervals, of which the first may have begun. Keras's `fit` cannot start within an epoch."""
    make_steps, step = multi_step_function(model), state.position.step
    model.stop_training = False
    callbacks.on_train_begin()
    for interval in range(state.position.interval, plan.num_intervals):
        if not step:
            model.reset_metrics()
        callbacks.on_epoch_begin(interval)
        while step < plan.interval_steps:
            most = min(plan.interval_steps - step, plan.save_every - step % plan.save_every)
            made, metrics = make_steps(batches, most)
            step += made
            callbacks.on_train_batch_end(step - 1, metrics)
        step = 0
        callbacks.on_epoch_end(interval, metrics)
        if number_of_first(int(model.stop_training)):
            break
    callbacks.on_train_end()


def _build_metrics(model: keras.Model, batches: tf.data.Dataset) -> None:
    """Create the variables that Keras would create in the first step: the saved state needs a place to go."""
    _, classes, *_ = batches.element_spec
    one_row = [1, *classes.shape[1:]]
    model.compute_metrics(None, np.zeros(one_row, classes.dtype.as_numpy_dtype), np.zeros((1, model.output_shape[-1])))
    model.reset_metrics()


def multi_step_function(model: keras.Model) -> Callable[[tf.data.Iterator, int], tuple[int, dict[str, float]]]:
    """Return a function (batches, most) that makes up to `most` steps in one call of TensorFlow.

    It returns how many steps it made, and the metrics of the interval so far. It stops after a step whose loss is not
    finite. One call for many steps matters for short texts: what lies between two calls takes as long as such a step.
    Half an epoch of nsmc_200k took 11.7 s instead of 18 to 21 s (docs/experiments.md).
    """
    one_step = tf.function(train_step(model), autograph=False, reduce_retracing=True, jit_compile=model.jit_compile)
    loss = model.metrics[0]

    @tf.function(autograph=False)
    def run_steps(batches: tf.data.Iterator, number: tf.Tensor) -> dict[str, tf.Tensor]:
        def run_step(step):
            one_step(next(batches))
            return step + 1

        tf.while_loop(
            lambda step: (step < number) & tf.math.is_finite(loss.result()), run_step, [0], parallel_iterations=1
        )
        return model.get_metrics_result()

    pace = 1

    def make_steps(batches: tf.data.Iterator, most: int) -> tuple[int, dict[str, float]]:
        nonlocal pace
        number, started = number_of_first(min(pace, most)), time.perf_counter()
        metrics = {name: float(value) for name, value in run_steps(batches, tf.constant(number)).items()}
        pace = steps_per_call((time.perf_counter() - started) / number)
        return number, metrics

    return make_steps


def steps_per_call(seconds: float) -> int:
    """Return how many steps of so many seconds fit into one call."""
    return max(1, min(int(LONGEST_CALL / seconds), MOST_STEPS))
