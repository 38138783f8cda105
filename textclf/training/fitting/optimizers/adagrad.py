"""Adagrad with sparse updates."""

import keras
import tensorflow as tf

from textclf.training.fitting.optimizers.updates import SparseUpdates, common_settings


class Adagrad(SparseUpdates, keras.optimizers.Adagrad):
    """Adagrad (Duchi et al. 2011) that sums the gradients of a repeated token before it squares them.

    Adagrad leaves a row without a gradient unchanged, so that sparse and dense updates are equal.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Update one weight, its gradient dense or sparse."""
        index = self._get_variable_index(variable)
        accumulator = self._accumulators[index].value
        rate = tf.cast(learning_rate * self.rate_of(index), variable.dtype)
        state = {"var": variable.handle, "accum": accumulator.handle, "lr": rate}
        if isinstance(gradient, tf.IndexedSlices):
            tf.raw_ops.ResourceSparseApplyAdagradV2(
                **state, epsilon=self.epsilon, grad=gradient.values, indices=gradient.indices
            )
        else:
            tf.raw_ops.ResourceApplyAdagradV2(**state, epsilon=self.epsilon, grad=gradient)


def build_adagrad(options, learning_rate) -> Adagrad:
    """Return the optimizer for `TrainingOptions`."""
    settings = common_settings(options)
    return Adagrad(learning_rate, initial_accumulator_value=options.initial_accumulator, **settings)
