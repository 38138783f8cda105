"""Learning-rate schedules: an optional linear warm-up, then constant, linear or cosine decay.

Keras's `CosineDecay(warmup_target=…)` gives other numbers: its warm-up never reaches the peak within the warm-up steps.
And Keras has no linear decay with a warm-up. So one class here covers all three.
"""

import math

import keras
from keras import ops

from textclf.config.training_options import TrainingOptions

# Share of the steps after the warm-up that are done, 0 to 1 -> share of the peak.
SCHEDULES = {
    "constant": ops.ones_like,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + ops.cos(math.pi * done)),  # Loshchilov & Hutter 2017, without restarts
}


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate as a function of the step, which the optimizer counts.

    Args:
        peak: learning rate after the warm-up.
        shape: a name in `SCHEDULES`.
        warmup: share of all steps in which the rate rises linearly to the peak.
        num_steps: steps of the whole training.
    """

    def __init__(self, peak: float, *, shape: str, warmup: float, num_steps: int):
        self.peak, self.shape, self.num_steps = peak, shape, num_steps
        self.warmup_steps = round(warmup * num_steps)

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        warmed_up = (step + 1) / max(self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / max(self.num_steps - self.warmup_steps, 1), 0.0, 1.0)
        return self.peak * ops.where(step < self.warmup_steps, warmed_up, SCHEDULES[self.shape](done))


class ExponentialGrowth(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that grows by the same factor in every step, from `lowest` to `highest`."""

    def __init__(self, lowest: float, highest: float, num_steps: int):
        self.lowest, self.factor = lowest, (highest / lowest) ** (1 / (num_steps - 1))

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        return self.lowest * self.factor ** ops.cast(step, "float32")


def learning_rate(options: TrainingOptions, *, num_steps: int) -> float | Schedule:
    """Return the learning rate of a training of `num_steps`: a `Schedule`, or a number if it never changes."""
    if options.schedule == "constant" and not options.warmup:
        return options.learning_rate
    return Schedule(options.learning_rate, shape=options.schedule, warmup=options.warmup, num_steps=num_steps)
