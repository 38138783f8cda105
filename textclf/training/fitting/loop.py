"""Several steps of a training in one call: what lies between two calls takes as long as a step of short texts."""

import time
from collections.abc import Callable

import keras
import tensorflow as tf

LONGEST_CALL = 0.25  # seconds: how long Ctrl-C and the bar wait
MOST_STEPS = 64


def multi_step_function(model: keras.Model) -> Callable[[tf.data.Iterator, int], tuple[int, dict[str, float]]]:
    """A function that makes some steps with the next batches, as many as it likes but no more than it is told.

    It gives their number and the metrics of the epoch so far. A step after which the loss is no number is the last.
    """
    one_step = tf.function(model.train_step, autograph=False, reduce_retracing=True, jit_compile=model.jit_compile)
    loss = model.metrics[0]

    @tf.function(autograph=False)
    def steps(batches: tf.data.Iterator, number: tf.Tensor) -> dict[str, tf.Tensor]:
        def go_on(step):
            one_step(next(batches))
            return step + 1

        tf.while_loop(
            lambda step: (step < number) & tf.math.is_finite(loss.result()), go_on, [0], parallel_iterations=1
        )
        return model.get_metrics_result()

    pace = 1

    def call(batches: tf.data.Iterator, most: int) -> tuple[int, dict[str, float]]:
        nonlocal pace
        number, started = min(pace, most), time.perf_counter()
        metrics = {name: float(value) for name, value in steps(batches, tf.constant(number)).items()}
        seconds = (time.perf_counter() - started) / number
        pace = max(1, min(int(LONGEST_CALL / seconds), MOST_STEPS))
        return number, metrics

    return call
