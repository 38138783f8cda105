"""Layers that Keras lacks: pooling, convolution and positions that respect the mask, and embeddings.

Masks are bool (batch, tokens), True at a token. Padding may stand on either side; no layer lets it change an output.
This module imports Keras: import it only where a network is built.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from textclf.models.sizes import MASKED


class MaxPooling(keras.layers.Layer):
    """The maximum over the tokens of a text: (batch, tokens, dim) -> (batch, dim).

    Mask: required; padding is never the maximum. The output has no mask.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.supports_masking = True

    def compute_mask(self, states, previous):
        """Return None: one vector a text has no padding."""

    def call(self, states, mask=None):
        """Return the maxima, (batch, dim)."""
        return ops.max(ops.where(mask[..., None], states, MASKED), axis=1)

    def compute_output_shape(self, shape):
        """Return (batch, dim)."""
        return shape[0], shape[2]


class AttentionPooling(keras.layers.Layer):
    """A weighted mean over the tokens of a text: (batch, tokens, dim) -> (batch, dim).

    The weights are a softmax of the similarity of each token with a learned query (Yang et al. 2016, word attention).

    Mask: required; padding has weight 0. The output has no mask.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.supports_masking = True

    def compute_mask(self, states, previous):
        """Return None: one vector a text has no padding."""

    def build(self, shape):
        """Create a hidden layer of the width of the states, and the query."""
        dim = shape[-1]
        self.kernel = self.add_weight(shape=(dim, dim), name="kernel")
        self.bias = self.add_weight(shape=(dim,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(dim, 1), name="query")

    def call(self, states, mask=None):
        """Return the weighted means, (batch, dim)."""
        scores = ops.matmul(ops.tanh(ops.matmul(states, self.kernel) + self.bias), self.query)  # (batch, tokens, 1)
        weights = ops.softmax(ops.where(mask[..., None], scores, MASKED), axis=1)
        return ops.sum(weights * states, axis=1)

    def compute_output_shape(self, shape):
        """Return (batch, dim)."""
        return shape[0], shape[2]


class WeightedSum(keras.layers.Layer):
    """The sum of weighted rows, plus a bias: (batch, entries, width) and (batch, entries) -> (batch, width).

    Mask: none is read or passed on; a padded entry has weight 0.
    """

    def build(self, shapes):
        """Create the bias."""
        self.bias = self.add_weight(shape=(shapes[0][-1],), initializer="zeros", name="bias")

    def call(self, inputs):
        """Return the sums of [rows, weights], (batch, width)."""
        rows, weights = inputs
        return ops.squeeze(ops.matmul(weights[:, None, :], rows), 1) + self.bias

    def compute_output_shape(self, shapes):
        """Return (batch, width)."""
        return shapes[0][0], shapes[0][2]


class Embedding(keras.layers.Embedding):
    """An embedding that gathers only the rows of its token ids: (batch, tokens) -> (batch, tokens, dim).

    Keras reads the whole table. TensorFlow then copies it in every step that follows a sparse update.

    Mask: made from the token ids, where id 0 is padding, if `mask_zero` is set.
    """

    before_reading: Callable | None = None  # in training: called with the token ids; see `optimizers.lazy_rows`

    def call(self, token_ids, training=False):
        """Return the rows, (batch, tokens, dim)."""
        if training and self.before_reading:
            self.before_reading(token_ids)
        return tf.gather(self.embeddings.value, token_ids)

    def compute_output_spec(self, token_ids, training=False):
        """Return the spec of the rows, the same in training and inference."""
        return super().compute_output_spec(token_ids)


class FreezableEmbedding(Embedding):
    """An embedding that stays frozen until its weight `tuned` is set to 1. Shapes and mask as for `Embedding`.

    Keras decides at compile time which weights are trainable, so a switch in the graph stops the gradient instead.
    """

    def build(self, shape=None):
        """Create the table and the switch."""
        super().build(shape)
        self.tuned = self.add_weight(shape=(), initializer="zeros", trainable=False, name="tuned")

    def call(self, token_ids, training=False):
        """Return the rows, (batch, tokens, dim)."""
        rows = super().call(token_ids, training=training)
        return ops.where(self.tuned > 0, rows, ops.stop_gradient(rows))


class MaskedConv1D(keras.layers.Conv1D):
    """A convolution over tokens: (batch, tokens, dim) -> (batch, tokens, filters).

    Mask: required; the convolution reads zeros in place of padding, as it does beyond the ends of a batch. A text then
    has the same outputs whatever its padding. The mask is passed on.
    """

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.supports_masking = True

    def call(self, states, mask=None):
        """Return the outputs of the filters, (batch, tokens, filters)."""
        return super().call(ops.where(mask[..., None], states, 0.0))


class Positions(keras.layers.Layer):
    """Add a vector for its position to every token: (batch, tokens, dim) -> the same shape.

    Mask: required; positions are counted from the first token of a text, not from the left of the row. Passed on.

    Args:
        kind: "learned", or "sinusoidal" (Vaswani et al. 2017, section 3.5).
        length: number of positions; tokens beyond share the last one.
    """

    def __init__(self, kind: str, length: int, **settings):
        super().__init__(**settings)
        self.kind, self.length = kind, length
        self.supports_masking = True

    def build(self, shape):
        """Create the table, (length, dim)."""
        learned = self.kind == "learned"
        self.table = self.add_weight(
            shape=(self.length, shape[-1]), initializer="uniform", trainable=learned, name="table"
        )
        if not learned:
            self.table.assign(sinusoids(*self.table.shape))

    def call(self, states, mask=None):
        """Return states plus positions, (batch, tokens, dim)."""
        places = ops.clip(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0, self.length - 1)
        return states + ops.take(self.table, places, axis=0)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "kind": self.kind, "length": self.length}


def sinusoids(length: int, dim: int) -> np.ndarray:
    """Return sines of falling frequency beside their cosines, float32 (length, dim).

    They are scaled by 0.05, the range of a new embedding, which values up to 1 would drown.
    """
    half = (dim + 1) // 2
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(half) / half)
    return 0.05 * np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :dim].astype(np.float32)


def _max_mean(states, name: str):
    """Return maximum and mean side by side, (batch, 2 * dim) (Howard & Ruder 2018)."""
    return keras.layers.Concatenate(name=name)(
        [POOLINGS[part](states, name=f"{name}_{part}") for part in ("max", "mean")]
    )


# Each takes the states, (batch, tokens, dim), and the name of the layer.
POOLINGS = {
    "max": lambda states, name: MaxPooling(name=name)(states),
    "mean": lambda states, name: keras.layers.GlobalAveragePooling1D(name=name)(states),
    "max_mean": _max_mean,
    "attention": lambda states, name: AttentionPooling(name=name)(states),
}
