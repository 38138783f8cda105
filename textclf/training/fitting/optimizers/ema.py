"""The exponential moving average (EMA) of a network's weights.

`training.ema_decay` switches it on. Without it imdb needs up to twice as many steps to the same accuracy
(docs/performance.md); the small networks of docs/experiments.md gain nothing.

The optimizer keeps the lag of each weight's EMA behind the weight, divided by the product of all decays so far. A step
changes only the lags of the weights that it updates; one factor shrinks all others. So a step costs as much as the rows
of the batch, also for a table of a million rows, and the EMA is exact.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

SMALLEST_FACTOR = 1e-12  # below it the lags are multiplied out, before float32 loses them


class ExponentialMovingAverage:
    """The EMA of an optimizer's weights: ema = decay * ema + (1 - decay) * weight in each step.

    In the first steps the decay is (1 + step) / (10 + step) where that is smaller, as in TensorFlow's
    `ExponentialMovingAverage`. Otherwise the EMA of a short training would be that of its start.

    Args:
        optimizer: holds the state among its own variables, which saves and restores it.
        decay: near 1; the EMA averages over about 1 / (1 - decay) steps.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable], decay: float):
        self.variables, self.decay = variables, decay
        self.lags = optimizer.add_optimizer_variables(variables, "lag")
        self.factor = optimizer.add_variable(shape=(), initializer="ones", name="lag_factor")
        self.steps = optimizer.add_variable(shape=(), initializer="zeros", dtype="int64", name="averaged_steps")

    def values_before(self, gradients: list) -> list[tf.Tensor]:
        """Return a copy of the weights, or rows of them, that a step with these gradients is going to update."""
        return [tf.identity(_updated_part(*pair)) for pair in zip(self.variables, gradients, strict=True)]

    def include_step(self, gradients: list, before: list[tf.Tensor]) -> None:
        """Include a step that has updated the weights.

        Args:
            before: what `values_before` returned before the step.
        """
        for variable, lag, gradient, old in zip(self.variables, self.lags, gradients, before, strict=True):
            change = (_updated_part(variable, gradient) - old) / self.factor
            if isinstance(gradient, tf.IndexedSlices):
                lag.value.scatter_add(tf.IndexedSlices(change, gradient.indices))
            else:
                lag.assign_add(change)
        step = tf.cast(self.steps, tf.float32)
        self.factor.assign(self.factor * tf.minimum(self.decay, (1 + step) / (10 + step)))
        self.steps.assign_add(1)
        tf.cond(self.factor < SMALLEST_FACTOR, self._multiply_out, lambda: None)

    def include_rows(self, variable: keras.Variable, rows: tf.Tensor, change: tf.Tensor) -> None:
        """Count a change of rows between two steps as part of the next step; the EMA itself does not move."""
        lag = next(lag for found, lag in zip(self.variables, self.lags, strict=True) if found is variable)
        lag.value.scatter_add(tf.IndexedSlices(change / self.factor, rows))

    def _multiply_out(self) -> None:
        for lag in self.lags:
            lag.assign(lag * self.factor)
        self.factor.assign(1.0)

    def values(self) -> list[tf.Tensor]:
        """Return the EMA of each weight, in the order of the variables."""
        return [variable - self.factor * lag for variable, lag in zip(self.variables, self.lags, strict=True)]


@contextmanager
def ema_weights(model: keras.Model) -> Iterator[None]:
    """Within the block the model has the EMA of its weights, if its optimizer keeps one."""
    ema = getattr(model.optimizer, "ema", None)
    if ema is None:
        yield
        return
    kept = [tf.identity(variable) for variable in ema.variables]
    for variable, value in zip(ema.variables, ema.values(), strict=True):
        variable.assign(value)
    try:
        yield
    finally:
        for variable, value in zip(ema.variables, kept, strict=True):
            variable.assign(value)


def _updated_part(variable: keras.Variable, gradient) -> tf.Tensor:
    if isinstance(gradient, tf.IndexedSlices):
        return tf.gather(variable.value, gradient.indices)
    return variable.value
