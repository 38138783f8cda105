"""How the learning rate changes over a training: first it may rise, then it falls along a curve, or stays."""

import math

import keras
from keras import ops

# Share of the steps after the rise that are done, 0 to 1 -> share of the learning rate.
SCHEDULES = {
    "constant": ops.ones_like,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + ops.cos(math.pi * done)),  # Loshchilov & Hutter 2017, without restarts
}


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of each step; it knows nothing but the number of the step, which the optimizer counts.

    Args:
        peak: the learning rate after the rise.
        shape: a name in `SCHEDULES`.
        warmup: share of all steps over which it rises in equal steps from near 0.
        num_steps: of the whole training.
    """

    def __init__(self, peak: float, *, shape: str, warmup: float, num_steps: int):
        self.peak, self.shape, self.num_steps = peak, shape, num_steps
        self.warmup_steps = round(warmup * num_steps)

    def __call__(self, step):
        """Number of the step, from 0 -> its learning rate."""
        step = ops.cast(step, "float32")
        risen = (step + 1) / max(self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / max(self.num_steps - self.warmup_steps, 1), 0.0, 1.0)
        return self.peak * ops.where(step < self.warmup_steps, risen, SCHEDULES[self.shape](done))


class Rise(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that grows by the same factor in every step."""

    def __init__(self, lowest: float, highest: float, num_steps: int):
        self.lowest, self.factor = lowest, (highest / lowest) ** (1 / (num_steps - 1))

    def __call__(self, step):
        """Number of the step, from 0 -> its learning rate."""
        return self.lowest * self.factor ** ops.cast(step, "float32")


def learning_rate(peak: float, *, shape: str, warmup: float, num_steps: int) -> float | Schedule:
    """What an optimizer takes: a number where it never changes."""
    if shape == "constant" and not warmup:
        return peak
    return Schedule(peak, shape=shape, warmup=warmup, num_steps=num_steps)
