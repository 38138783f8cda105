"""The exponential moving average of a network's weights, which often answers better than the last weights do.

Kept as how far each weight's average lags behind it. A step changes the lag of the weights it moves; that of all others
shrinks by the same factor, which is one number for all of them. So a step costs as much as the rows of the batch, also
in a table of a million rows, and the average is exact.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

SMALLEST_FACTOR = 1e-12  # below it the lags, which are kept divided by it, are written out anew


class WeightAverage:
    """The averages of an optimizer's weights: average = decay * average + (1 - decay) * weight in each step.

    Over the first steps the decay is smaller, (1 + step) / (10 + step): otherwise the average of a short training would
    be one of its beginning.

    Args:
        optimizer: keeps the state among its own, so that it is saved and restored with it.
        decay: near 1; the average is about one of the last 1 / (1 - decay) steps.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], decay: float):
        self.variables, self.decay = variables, decay
        self.lags = optimizer.add_optimizer_variables(variables, "lag")
        self.factor = optimizer.add_variable(shape=(), initializer="ones", name="lag_factor")
        self.steps = optimizer.add_variable(shape=(), initializer="zeros", dtype="int64", name="averaged_steps")

    def before(self, gradients: list) -> list[tf.Tensor]:
        """What the step that these gradients make is going to move."""
        return [tf.identity(_moved(*pair)) for pair in zip(self.variables, gradients, strict=True)]

    def after(self, gradients: list, before: list[tf.Tensor]) -> None:
        """Take in the step; `before` comes from the method of that name."""
        for variable, lag, gradient, old in zip(self.variables, self.lags, gradients, before, strict=True):
            change = (_moved(variable, gradient) - old) / self.factor
            if isinstance(gradient, tf.IndexedSlices):
                lag.value.scatter_add(tf.IndexedSlices(change, gradient.indices))
            else:
                lag.assign_add(change)
        step = tf.cast(self.steps, tf.float32)
        self.factor.assign(self.factor * tf.minimum(self.decay, (1 + step) / (10 + step)))
        self.steps.assign_add(1)
        tf.cond(self.factor < SMALLEST_FACTOR, self._write_out, lambda: None)

    def take_in(self, variable: keras.Variable, rows: tf.Tensor, change: tf.Tensor) -> None:
        """Rows that have changed between two steps: part of the next one, the average is what it was."""
        lag = next(lag for found, lag in zip(self.variables, self.lags, strict=True) if found is variable)
        lag.value.scatter_add(tf.IndexedSlices(change / self.factor, rows))

    def _write_out(self) -> None:
        for lag in self.lags:
            lag.assign(lag * self.factor)
        self.factor.assign(1.0)

    def values(self) -> list[tf.Tensor]:
        """The averages, in the order of the variables."""
        return [variable - self.factor * lag for variable, lag in zip(self.variables, self.lags, strict=True)]


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """The model with its averaged weights while the block lasts, if its optimizer keeps any."""
    average = getattr(model.optimizer, "average", None)
    if average is None:
        yield
        return
    kept = [tf.identity(variable) for variable in average.variables]
    for variable, value in zip(average.variables, average.values(), strict=True):
        variable.assign(value)
    try:
        yield
    finally:
        for variable, value in zip(average.variables, kept, strict=True):
            variable.assign(value)


def _moved(variable: keras.Variable, gradient) -> tf.Tensor:
    if isinstance(gradient, tf.IndexedSlices):
        return tf.gather(variable.value, gradient.indices)
    return variable.value
