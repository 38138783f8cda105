"""What makes the steps of a training. `OPTIMIZERS` is the list of what `training.optimizer` can be.

An embedding's gradient comes as rows, a row each time a token occurs. Here the rows of a token are added up first, and
then either the whole table is updated or only the rows of the batch.
"""

import logging

import keras
import tensorflow as tf

log = logging.getLogger(__name__)
# Measured on two cores (docs/experiments.md): moving a weight takes 2 ns when the whole table moves. Of the rows of
# a batch an id takes 200 ns (finding the row, adding up) and 6 ns a weight; below half a millisecond nothing pays.
FEWEST_WEIGHTS = 250_000
WEIGHTS_OF_AN_ID = 100
WEIGHTS_OF_A_ROW = 3


def build_optimizer(options, *, learning_rate, ids_per_step: float) -> keras.optimizers.Optimizer:
    """The optimizer of `training.optimizer`.

    Args:
        options: `TrainingOptions`.
        learning_rate: a number, or a Keras schedule.
        ids_per_step: token ids, or n-gram ids, in a batch, padding left out.
    """
    return OPTIMIZERS[options.optimizer](options, learning_rate, ids_per_step)


class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), with the gradients of a token that occurs several times in a batch added up first.

    Keras 3 squares them one by one, so that the second moment of every frequent word is wrong (Keras 2 and
    PyTorch add them up first). The dense update is TensorFlow's own kernel, one pass over memory where Keras's takes
    ten; it computes the same.

    A table much larger than a batch is updated in the rows of the batch only. This is another algorithm, the one of
    TensorFlow Addons' LazyAdam and PyTorch's SparseAdam: the moments of a row that is not in the batch stay as they are
    instead of decaying, and it makes no step of what is left of its first moment.

    Args:
        ids_per_step: as for `build_optimizer`; `None` updates every table as a whole.
    """

    def __init__(self, *arguments, ids_per_step: float | None = None, **settings):
        super().__init__(*arguments, **settings)
        self.ids_per_step = ids_per_step

    def apply(self, grads, trainable_variables=None):
        """Gradients -> updated weights."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        super().apply(_summed(grads, variables, self.ids_per_step), trainable_variables)

    def _clip_gradients(self, grads):
        return _clipped(grads, self.global_clipnorm)

    def update_step(self, gradient, variable, learning_rate):
        """One weight, its gradient dense or some rows of it."""
        index = self._get_variable_index(variable)
        first, second = self._momentums[index].value, self._velocities[index].value
        rate, step = tf.cast(learning_rate, variable.dtype), tf.cast(self.iterations + 1, variable.dtype)
        power_1, power_2 = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)
        if not isinstance(gradient, tf.IndexedSlices):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle, grad=gradient,
                beta1_power=power_1, beta2_power=power_2,
                lr=rate, beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon,
            )  # fmt: skip
            return
        rows, values = gradient.indices, gradient.values
        moved = tf.gather(first, rows) * self.beta_1 + values * (1 - self.beta_1)
        spread = tf.gather(second, rows) * self.beta_2 + tf.square(values) * (1 - self.beta_2)
        first.scatter_update(tf.IndexedSlices(moved, rows))
        second.scatter_update(tf.IndexedSlices(spread, rows))
        rate = rate * tf.sqrt(1 - power_2) / (1 - power_1)
        variable.scatter_sub(tf.IndexedSlices(rate * moved / (tf.sqrt(spread) + self.epsilon), rows))


class Adagrad(keras.optimizers.Adagrad):
    """Adagrad (Duchi et al. 2011), with the gradients of a token added up first.

    A row without a gradient stays as it is, so that updating the rows of the batch only is the same algorithm.

    Args:
        ids_per_step: as for `Adam`.
    """

    def __init__(self, *arguments, ids_per_step: float | None = None, **settings):
        super().__init__(*arguments, **settings)
        self.ids_per_step = ids_per_step

    def apply(self, grads, trainable_variables=None):
        """Gradients -> updated weights."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        super().apply(_summed(grads, variables, self.ids_per_step), trainable_variables)

    def _clip_gradients(self, grads):
        return _clipped(grads, self.global_clipnorm)

    def update_step(self, gradient, variable, learning_rate):
        """One weight, its gradient dense or some rows of it."""
        accumulator = self._accumulators[self._get_variable_index(variable)].value
        state = {"var": variable.handle, "accum": accumulator.handle, "lr": tf.cast(learning_rate, variable.dtype)}
        if isinstance(gradient, tf.IndexedSlices):
            tf.raw_ops.ResourceSparseApplyAdagradV2(
                **state, epsilon=self.epsilon, grad=gradient.values, indices=gradient.indices
            )
        else:
            tf.raw_ops.ResourceApplyAdagradV2(**state, epsilon=self.epsilon, grad=gradient)


def _adam(options, learning_rate, ids_per_step: float) -> Adam:
    return Adam(learning_rate, ids_per_step=ids_per_step, global_clipnorm=options.clip_norm)


def _adagrad(options, learning_rate, ids_per_step: float) -> Adagrad:
    return Adagrad(
        learning_rate,
        initial_accumulator_value=options.initial_accumulator,
        ids_per_step=ids_per_step,
        global_clipnorm=options.clip_norm,
    )


OPTIMIZERS = {
    "adam": _adam,
    "adagrad": _adagrad,
}


def rows_pay(shape: tuple[int, ...], ids_per_step: float | None) -> bool:
    """Whether it is quicker to update only the rows of the batch, of a table (rows, width)."""
    if ids_per_step is None or tf.config.list_physical_devices("GPU"):
        return False  # a GPU writes a whole table faster than it finds the rows
    rows, width = shape
    return rows * width >= FEWEST_WEIGHTS + ids_per_step * (WEIGHTS_OF_AN_ID + WEIGHTS_OF_A_ROW * width)


def _summed(gradients, variables, ids_per_step: float | None) -> list:
    """Each gradient dense, or as rows of which none comes twice."""
    summed = []
    for gradient, variable in zip(gradients, variables, strict=True):
        if isinstance(gradient, tf.IndexedSlices) and rows_pay(variable.shape, ids_per_step):
            log.info("of the %d rows of %s each step moves only those of its batch", variable.shape[0], variable.path)
            summed.append(_summed_rows(gradient))
        else:
            summed.append(gradient if gradient is None else tf.convert_to_tensor(gradient))
    return summed


def _summed_rows(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    rows, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _clipped(gradients, largest_norm: float | None) -> list:
    """All gradients of a step scaled down together, so that their direction stays; rows must be summed already."""
    return gradients if largest_norm is None else tf.clip_by_global_norm(gradients, largest_norm)[0]
