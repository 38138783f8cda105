"""Adam with exact sparse updates."""

import keras
import tensorflow as tf

from textclf.training.fitting.optimizers.lazy_rows import LazyRowUpdates
from textclf.training.fitting.optimizers.updates import SparseUpdates, common_settings


class Adam(SparseUpdates, keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that sums the gradients of a repeated token before it squares them.

    Keras 3 squares them one by one, so that the second moment of every frequent word is wrong. Keras 2 and PyTorch sum
    them first. The dense update is TensorFlow's kernel, one pass over memory where Keras makes ten; it computes the
    same.

    A row that skips a step catches up by `LazyRowUpdates`, so that the result equals dense Adam. TensorFlow Addons'
    LazyAdam and PyTorch's SparseAdam skip these updates for good, up to nine tenths of the steps of a rare word.
    """

    lazy_rows: LazyRowUpdates | None = None

    def _build_sparse_state(self) -> None:
        self.lazy_rows = LazyRowUpdates(self, self.sparse_tables) if self.sparse_tables else None

    def before_reading(self, table: keras.Variable, rows: tf.Tensor) -> None:
        """See `lazy_rows`: catch up rows of a table, of any shape and with repetitions, before a layer reads them."""
        if self.lazy_rows:
            self.lazy_rows.catch_up(table, tf.unique(tf.reshape(rows, [-1]))[0])

    def catch_up_rows(self) -> None:
        """See `lazy_rows`: catch up all rows, between two steps."""
        if self.lazy_rows:
            self.lazy_rows.catch_up_all()

    def apply(self, grads, trainable_variables=None):
        """Update the weights by their gradients."""
        rate = self._corrected_rate(self.learning_rate)  # Keras counts the step while it applies it
        super().apply(grads, trainable_variables)
        if self.lazy_rows:
            self.lazy_rows.finish_step(rate)

    def _corrected_rate(self, learning_rate) -> tf.Tensor:
        """Return the rate of the next step, corrected for moments that start at 0."""
        step = tf.cast(self.iterations + 1, tf.float32)
        return learning_rate * tf.sqrt(1 - tf.pow(self.beta_2, step)) / (1 - tf.pow(self.beta_1, step))

    def update_step(self, gradient, variable, learning_rate):
        """Update one weight, its gradient dense or sparse."""
        index = self._get_variable_index(variable)
        learning_rate = learning_rate * self.rate_of(index)
        first, second = self._momentums[index].value, self._velocities[index].value
        if not isinstance(gradient, tf.IndexedSlices):
            step = tf.cast(self.iterations + 1, variable.dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle, grad=gradient,
                beta1_power=tf.pow(self.beta_1, step), beta2_power=tf.pow(self.beta_2, step),
                lr=tf.cast(learning_rate, variable.dtype),
                beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon,
            )  # fmt: skip
            return
        rows, values = gradient.indices, gradient.values
        momentum = tf.gather(first, rows) * self.beta_1 + values * (1 - self.beta_1)
        velocity = tf.gather(second, rows) * self.beta_2 + tf.square(values) * (1 - self.beta_2)
        first.scatter_update(tf.IndexedSlices(momentum, rows))
        second.scatter_update(tf.IndexedSlices(velocity, rows))
        change = self._corrected_rate(learning_rate) * momentum / (tf.sqrt(velocity) + self.epsilon)
        variable.scatter_sub(tf.IndexedSlices(change, rows))
        if self.lazy_rows:
            self.lazy_rows.mark_current(index, rows)


def build_adam(options, learning_rate) -> Adam:
    """Return the optimizer for `TrainingOptions`."""
    return Adam(learning_rate, **common_settings(options))
