"""The steps that every optimizer adds to its update: summed gradients, sparse updates, clipping, weight decay, EMA."""

import logging
from functools import partial

import keras
import tensorflow as tf

from textclf.models.layers import Embedding
from textclf.training.fitting.optimizers.ema import ExponentialMovingAverage

log = logging.getLogger(__name__)
# Measured on two cores (docs/experiments.md): a dense update takes 2 ns a weight. A sparse one takes 200 ns for each id
# of the batch (finding the row, summing) and 6 ns a weight. It does not pay where a dense one takes 0.5 ms.
FEWEST_WEIGHTS = 250_000
WEIGHTS_OF_AN_ID = 100
WEIGHTS_OF_A_ROW = 3


def use_sparse_updates(model: keras.Model, optimizer: "SparseUpdates", ids_per_step: float) -> None:
    """Build the optimizer for a model, with sparse updates for every embedding where they are faster.

    Measured for one update of Adam: 20,000 x 64 weights 4.2 ms instead of 7.7 ms, 30,000 x 100 weights 5.9 ms instead
    of 16.8 ms (docs/experiments.md).

    A layer of the model may have `rate_factor`, by which the learning rate of its weights is multiplied.

    Args:
        model: its embeddings of class `Embedding` call `before_reading` of an optimizer that updates rows lazily.
        optimizer: not built yet.
        ids_per_step: token or n-gram ids in a batch, without padding.
    """
    for layer in model.layers:
        if factor := getattr(layer, "rate_factor", None):
            optimizer.rate_factors |= {weight.path: factor for weight in layer.trainable_weights}
    for layer in model._flatten_layers():
        if not isinstance(layer, Embedding) or not layer.trainable:
            continue
        table = layer.embeddings
        if sparse_updates_pay(table.shape, ids_per_step):
            log.info("%s (%s rows): sparse updates", table.path, f"{table.shape[0]:,}")
            optimizer.sparse_tables.append(table)
            if hasattr(optimizer, "before_reading"):
                layer.before_reading = partial(optimizer.before_reading, table)
    optimizer.build(model.trainable_variables)


def sparse_updates_pay(shape: tuple[int, ...], ids_per_step: float) -> bool:
    """Return whether a sparse update of a table (rows, width) is faster than a dense one."""
    if tf.config.list_physical_devices("GPU") or tf.distribute.has_strategy():
        return False  # a GPU writes a whole table faster than it finds the rows; replicas exchange whole tables
    rows, width = shape
    return rows * width >= FEWEST_WEIGHTS + ids_per_step * (WEIGHTS_OF_AN_ID + WEIGHTS_OF_A_ROW * width)


def common_settings(options) -> dict:
    """Return the arguments that every optimizer takes from `TrainingOptions`."""
    return {
        "ema_decay": options.ema_decay,
        "weight_decay": options.weight_decay or None,
        "global_clipnorm": options.clip_norm,
    }


class SparseUpdates(keras.optimizers.Optimizer):
    """A mixin: the first base class of an optimizer whose second one is Keras's.

    Args:
        ema_decay: decay of the EMA of the weights, which is `ema` once the optimizer is built. `None`: no EMA.
        weight_decay: share of a weight by which a step shrinks it, times the learning rate (Loshchilov & Hutter 2019).
            Biases, and rows of an embedding that had no gradient, do not shrink.
    """

    def __init__(self, *arguments, ema_decay: float | None = None, **settings):
        super().__init__(*arguments, **settings)
        self.sparse_tables: list[keras.Variable] = []  # fill it before the optimizer is built
        self.rate_factors: dict[str, float] = {}  # path of a weight -> factor of its learning rate, if not 1
        self.ema_decay = ema_decay
        self.ema: ExponentialMovingAverage | None = None

    def build(self, variables):
        """Make the state of every weight."""
        if not self.built:
            super().build(variables)
            self.ema = ExponentialMovingAverage(self, variables, self.ema_decay) if self.ema_decay else None
            self._build_sparse_state()

    def _build_sparse_state(self) -> None:
        """Make what sparse updates need beside the optimizer's own state."""

    def rate_of(self, index: int) -> float:
        """Return the factor of the learning rate of a weight.

        Args:
            index: of the weight among all. Keras's update steps get TensorFlow's variables, which have no path.
        """
        return self.rate_factors.get(self._trainable_variables[index].path, 1.0)

    def catch_up_rows(self) -> None:
        """See `lazy_rows`: without lazy updates there is nothing to catch up."""

    def apply(self, grads, trainable_variables=None):
        """Update the weights by their gradients: decay before it, EMA after it."""
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        if not self.built:
            self.build(variables)
        gradients = _sum_gradients(grads, variables, self.sparse_tables)
        before = self.ema.values_before(gradients) if self.ema else None
        if self.weight_decay:
            shares = [self.learning_rate * self.weight_decay * self.rate_of(index) for index in range(len(variables))]
            _decay_weights(variables, grads, gradients, shares)
        super().apply(gradients, variables)
        if self.ema and before is not None:
            self.ema.include_step(gradients, before)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        """Update each weight. Keras would add up the gradients of all replicas, which `replicas` has done."""
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable.value, learning_rate)

    def _apply_weight_decay(self, variables):
        """Do nothing for Keras: `apply` shrinks the weights, because only it knows the rows without a gradient."""

    def _clip_gradients(self, grads):
        """Scale all gradients down together, which keeps their direction. Sparse ones must be summed already."""
        norm = self.global_clipnorm
        return grads if norm is None else tf.clip_by_global_norm(grads, norm)[0]


def _sum_gradients(gradients: list, variables: list[keras.Variable], sparse_tables: list[keras.Variable]) -> list:
    """Return each gradient dense, or, for a sparse table, with each row once."""

    def summed(gradient, variable):
        if any(variable is table for table in sparse_tables):
            return _sum_rows(gradient)
        return gradient if gradient is None else tf.convert_to_tensor(gradient)

    return [summed(*pair) for pair in zip(gradients, variables, strict=True)]


def _sum_rows(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    rows, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _decay_weights(variables: list[keras.Variable], given: list, summed: list, shares: list[tf.Tensor]) -> None:
    """Shrink all weights by a share of themselves, biases excepted.

    Args:
        given, summed: the gradients before and after `_sum_gradients`.
        shares: of each weight.
    """
    for variable, raw, gradient, share in zip(variables, given, summed, shares, strict=True):
        if gradient is not None and len(variable.shape) > 1:
            _shrink(variable.value, gradient, share, rows_only=isinstance(raw, tf.IndexedSlices))


def _shrink(variable: tf.Variable, gradient, share: tf.Tensor, *, rows_only: bool) -> None:
    """Shrink a weight by a share of itself; of an embedding (`rows_only`) only the rows with a gradient."""
    if isinstance(gradient, tf.IndexedSlices):
        has_gradient = tf.reduce_any(gradient.values != 0, axis=-1, keepdims=True)
        shrunk = tf.where(has_gradient, share * tf.gather(variable, gradient.indices), 0.0)
        variable.scatter_sub(tf.IndexedSlices(shrunk, gradient.indices))
    elif rows_only:
        has_gradient = tf.reduce_any(gradient != 0, axis=-1, keepdims=True)
        variable.assign_sub(tf.where(has_gradient, share * variable, 0.0))
    else:
        variable.assign_sub(share * variable)
