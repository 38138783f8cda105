"""What makes the steps of a training. `OPTIMIZERS` is the list of what `training.optimizer` can be.

An embedding's gradient comes as rows, a row each time a token occurs. Here the rows of a token are added up first, and
then either the whole table is updated or only the rows of the batch, whatever is quicker: what is learned is the same.
"""

import logging
from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from textclf.models.layers import Embedding
from textclf.training.fitting.optimizers.ema import WeightAverage
from textclf.training.fitting.optimizers.lazy_rows import LateRows

log = logging.getLogger(__name__)
# Measured on two cores (docs/experiments.md): moving a weight takes 2 ns when the whole table moves. Of the rows of
# a batch an id takes 200 ns (finding the row, adding up) and 6 ns a weight; below half a millisecond nothing pays.
FEWEST_WEIGHTS = 250_000
WEIGHTS_OF_AN_ID = 100
WEIGHTS_OF_A_ROW = 3


def build_optimizer(options, *, learning_rate) -> "Adam | Adagrad":
    """The optimizer of `training.optimizer`.

    Args:
        options: `TrainingOptions`.
        learning_rate: a number, or a Keras schedule.
    """
    return OPTIMIZERS[options.optimizer](options, learning_rate)


def move_by_rows(model: keras.Model, optimizer: "Adam | Adagrad", ids_per_step: float) -> None:
    """Build an optimizer that moves, of every embedding where that is quicker, only the rows of the batch.

    Args:
        ids_per_step: token ids, or n-gram ids, in a batch, padding left out.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, Embedding) and layer.trainable and rows_pay(layer.embeddings.shape, ids_per_step):
            table = layer.embeddings
            log.info("of the %d rows of %s each step moves only those of its batch", table.shape[0], table.path)
            optimizer.by_rows.append(table)
            if isinstance(optimizer, Adam):
                layer.before_reading = partial(optimizer.before_reading, table)
    optimizer.build(model.trainable_variables)


class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), with the gradients of a token that occurs several times in a batch added up first.

    Keras 3 squares them one by one, so that the second moment of every frequent word is wrong (Keras 2 and
    PyTorch add them up first). The dense update is TensorFlow's own kernel, one pass over memory where Keras's takes
    ten; it computes the same.

    Of the tables in `by_rows` a step moves only the rows of its batch; the others make up for it before they are read
    (`LateRows`), which is the same algorithm. TensorFlow Addons' LazyAdam and PyTorch's SparseAdam leave that out, and
    with it up to nine tenths of the steps of a rare word.

    Args:
        ema_decay: of the average of the weights, `average` once it is built; `None`: there is none.
        weight_decay: share of a weight by which it shrinks, times the learning rate (Loshchilov & Hutter 2019); rows
            of an embedding that had no gradient, and biases, stay as they are.
    """

    def __init__(self, *arguments, ema_decay: float | None = None, **settings):
        super().__init__(*arguments, **settings)
        self.by_rows: list[keras.Variable] = []
        self.ema_decay = ema_decay
        self.average: WeightAverage | None = None
        self.late: LateRows | None = None

    def build(self, variables):
        """The state of every weight."""
        if not self.built:
            super().build(variables)
            self.average = WeightAverage(self, variables, self.ema_decay) if self.ema_decay else None
            self.late = LateRows(self, self.by_rows) if self.by_rows else None

    def before_reading(self, table: keras.Variable, rows: tf.Tensor) -> None:
        """Rows of a table in `by_rows` as they would be if every step had moved all of it."""
        if self.late:
            self.late.make(table, tf.unique(tf.reshape(rows, [-1]))[0])

    def make_late_steps(self) -> None:
        """All weights as they would be if every step had moved all of them; between steps, before they are read."""
        if self.late:
            self.late.make_all()

    def apply(self, grads, trainable_variables=None):
        """Gradients -> updated weights."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        rate = self._corrected_rate(self.learning_rate)
        _make_step(self, grads, variables, lambda gradients: keras.optimizers.Adam.apply(self, gradients, variables))
        if self.late:
            self.late.end_step(rate)

    def _corrected_rate(self, learning_rate) -> tf.Tensor:
        """The rate of the step to come, corrected for moments that began at 0."""
        step = tf.cast(self.iterations + 1, tf.float32)
        return learning_rate * tf.sqrt(1 - tf.pow(self.beta_2, step)) / (1 - tf.pow(self.beta_1, step))

    def _apply_weight_decay(self, variables):
        """Done before, where rows without a gradient are known."""

    def _clip_gradients(self, grads):
        return _clipped(grads, self.global_clipnorm)

    def update_step(self, gradient, variable, learning_rate):
        """One weight, its gradient dense or some rows of it."""
        index = self._get_variable_index(variable)
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
        moved = tf.gather(first, rows) * self.beta_1 + values * (1 - self.beta_1)
        spread = tf.gather(second, rows) * self.beta_2 + tf.square(values) * (1 - self.beta_2)
        first.scatter_update(tf.IndexedSlices(moved, rows))
        second.scatter_update(tf.IndexedSlices(spread, rows))
        change = self._corrected_rate(learning_rate) * moved / (tf.sqrt(spread) + self.epsilon)
        variable.scatter_sub(tf.IndexedSlices(change, rows))
        if self.late:
            self.late.made_now(index, rows)


class Adagrad(keras.optimizers.Adagrad):
    """Adagrad (Duchi et al. 2011), with the gradients of a token added up first.

    A row without a gradient stays as it is, so that updating the rows of the batch only is the same algorithm.

    Args:
        ema_decay, weight_decay: as for `Adam`.
    """

    def __init__(self, *arguments, ema_decay: float | None = None, **settings):
        super().__init__(*arguments, **settings)
        self.by_rows: list[keras.Variable] = []
        self.ema_decay = ema_decay
        self.average: WeightAverage | None = None

    def build(self, variables):
        """The state of every weight."""
        if not self.built:
            super().build(variables)
            self.average = WeightAverage(self, variables, self.ema_decay) if self.ema_decay else None

    def make_late_steps(self) -> None:
        """Nothing: a row without a gradient stays where it is."""

    def apply(self, grads, trainable_variables=None):
        """Gradients -> updated weights."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        _make_step(self, grads, variables, lambda gradients: keras.optimizers.Adagrad.apply(self, gradients, variables))

    def _apply_weight_decay(self, variables):
        """Done before, where rows without a gradient are known."""

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


def _adam(options, learning_rate) -> Adam:
    return Adam(learning_rate, **_common(options))


def _adagrad(options, learning_rate) -> Adagrad:
    return Adagrad(learning_rate, initial_accumulator_value=options.initial_accumulator, **_common(options))


def _common(options) -> dict:
    return {
        "ema_decay": options.ema_decay,
        "weight_decay": options.weight_decay or None,
        "global_clipnorm": options.clip_norm,
    }


OPTIMIZERS: dict[str, Callable[..., Adam | Adagrad]] = {
    "adam": _adam,
    "adagrad": _adagrad,
}


def rows_pay(shape: tuple[int, ...], ids_per_step: float) -> bool:
    """Whether it is quicker to update only the rows of the batch, of a table (rows, width)."""
    if tf.config.list_physical_devices("GPU"):
        return False  # a GPU writes a whole table faster than it finds the rows
    rows, width = shape
    return rows * width >= FEWEST_WEIGHTS + ids_per_step * (WEIGHTS_OF_AN_ID + WEIGHTS_OF_A_ROW * width)


def _make_step(optimizer: Adam | Adagrad, given: list, variables: list[keras.Variable], apply: Callable) -> None:
    """A step, with the decay of the weights before it and their average after it, where they are wanted."""
    if not optimizer.built:
        optimizer.build(variables)
    gradients = _summed(given, variables, optimizer.by_rows)
    before = optimizer.average.before(gradients) if optimizer.average else None
    if optimizer.weight_decay:
        share = optimizer.learning_rate * optimizer.weight_decay
        for variable, raw, gradient in zip(variables, given, gradients, strict=True):
            if gradient is not None and len(variable.shape) > 1:
                _shrink(variable.value, gradient, share, rows_only=isinstance(raw, tf.IndexedSlices))
    apply(gradients)
    if optimizer.average and before is not None:
        optimizer.average.after(gradients, before)


def _shrink(variable: tf.Variable, gradient, share: tf.Tensor, *, rows_only: bool) -> None:
    """A weight by a share of itself; of a table only rows with a gradient."""
    if isinstance(gradient, tf.IndexedSlices):
        moved = tf.reduce_any(gradient.values != 0, axis=-1, keepdims=True)
        shrunk = tf.where(moved, share * tf.gather(variable, gradient.indices), 0.0)
        variable.scatter_sub(tf.IndexedSlices(shrunk, gradient.indices))
    elif rows_only:
        moved = tf.reduce_any(gradient != 0, axis=-1, keepdims=True)
        variable.assign_sub(tf.where(moved, share * variable, 0.0))
    else:
        variable.assign_sub(share * variable)


def _summed(gradients, variables, by_rows: list[keras.Variable]) -> list:
    """Each gradient dense, or as rows of which none comes twice."""

    def summed(gradient, variable):
        if any(variable is table for table in by_rows):
            return _summed_rows(gradient)
        return gradient if gradient is None else tf.convert_to_tensor(gradient)

    return [summed(*pair) for pair in zip(gradients, variables, strict=True)]


def _summed_rows(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    rows, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _clipped(gradients, largest_norm: float | None) -> list:
    """All gradients of a step scaled down together, so that their direction stays; rows must be summed already."""
    return gradients if largest_norm is None else tf.clip_by_global_norm(gradients, largest_norm)[0]
