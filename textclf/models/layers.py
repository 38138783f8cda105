"""Layers of ours: those that have to know where a text ends, and embeddings. Padding, on either side, is never read.

Imported only when a network is built: this module imports Keras.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

LOWEST = -1e9  # stands where there is no token: never the maximum, and a weight of 0 after a softmax


class MaxPooling(keras.layers.Layer):
    """The largest value of each number over the tokens of a text: (batch, tokens, dim) -> (batch, dim)."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.supports_masking = True

    def compute_mask(self, states, previous):
        """None: a text has no padding."""

    def call(self, states, mask=None):
        """States and where there is a token -> features."""
        return ops.max(ops.where(mask[..., None], states, LOWEST), axis=1)

    def compute_output_shape(self, shape):
        """(batch, dim)."""
        return shape[0], shape[2]


class AttentionPooling(keras.layers.Layer):
    """A mean over tokens with weights that are learned: (batch, tokens, dim) -> (batch, dim).

    How much a token counts is the softmax of its likeness with a learned query (Yang et al. 2016, word attention).
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.supports_masking = True

    def compute_mask(self, states, previous):
        """None: a text has no padding."""

    def build(self, shape):
        """A hidden layer as wide as the states, and the query."""
        dim = shape[-1]
        self.kernel = self.add_weight(shape=(dim, dim), name="kernel")
        self.bias = self.add_weight(shape=(dim,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(dim, 1), name="query")

    def call(self, states, mask=None):
        """States and where there is a token -> features."""
        scores = ops.matmul(ops.tanh(ops.matmul(states, self.kernel) + self.bias), self.query)  # (batch, tokens, 1)
        shares = ops.softmax(ops.where(mask[..., None], scores, LOWEST), axis=1)
        return ops.sum(shares * states, axis=1)

    def compute_output_shape(self, shape):
        """(batch, dim)."""
        return shape[0], shape[2]


class WeightedSum(keras.layers.Layer):
    """The sum of the rows of a text by their weights, and a bias: (batch, entries, width) -> (batch, width)."""

    def build(self, shapes):
        """The bias."""
        self.bias = self.add_weight(shape=(shapes[0][-1],), initializer="zeros", name="bias")

    def call(self, inputs):
        """[rows (batch, entries, width), weights (batch, entries)] -> (batch, width)."""
        rows, weights = inputs
        return ops.squeeze(ops.matmul(weights[:, None, :], rows), 1) + self.bias

    def compute_output_shape(self, shapes):
        """(batch, width)."""
        return shapes[0][0], shapes[0][2]


class Embedding(keras.layers.Embedding):
    """An embedding that reads only the rows of its token ids.

    Keras's reads the whole table; TensorFlow then copies it in every step once a step has updated only some rows of it.
    """

    before_reading: Callable | None = None  # in training: gets the token ids, brings their rows up to date

    def call(self, token_ids, training=False):
        """(batch, tokens) -> (batch, tokens, dim)."""
        if training and self.before_reading:
            self.before_reading(token_ids)
        return tf.gather(self.embeddings.value, token_ids)

    def compute_output_spec(self, token_ids, training=False):
        """Whether it is a training makes no difference to the shape."""
        return super().compute_output_spec(token_ids)


class FreezableEmbedding(Embedding):
    """An embedding that is not trained before the weight `tuned`, which nothing trains, is set to 1.

    What is trainable is decided for good when a model is compiled; a factor of the gradient can change.
    """

    def build(self, shape=None):
        """The table, and the switch."""
        super().build(shape)
        self.tuned = self.add_weight(shape=(), initializer="zeros", trainable=False, name="tuned")

    def call(self, token_ids, training=False):
        """(batch, tokens) -> (batch, tokens, dim)."""
        rows = super().call(token_ids, training=training)
        return ops.where(self.tuned > 0, rows, ops.stop_gradient(rows))


class MaskedConv1D(keras.layers.Conv1D):
    """A convolution that finds zeros in the place of padding, as it does beyond both ends of a batch."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.supports_masking = True

    def call(self, states, mask=None):
        """(batch, tokens, dim) -> (batch, tokens, filters)."""
        return super().call(ops.where(mask[..., None], states, 0.0))


class Positions(keras.layers.Layer):
    """Adds to every token a vector for its place in the text, counted from its first token.

    Args:
        kind: "learned", or "sinusoidal" (Vaswani et al. 2017, section 3.5).
        length: places there are; tokens beyond the last one share it.
    """

    def __init__(self, kind: str, length: int, **settings):
        super().__init__(**settings)
        self.kind, self.length = kind, length
        self.supports_masking = True

    def build(self, shape):
        """A row for each place."""
        learned = self.kind == "learned"
        self.table = self.add_weight(
            shape=(self.length, shape[-1]), initializer="uniform", trainable=learned, name="table"
        )
        if not learned:
            self.table.assign(sinusoids(*self.table.shape))

    def call(self, states, mask=None):
        """(batch, tokens, dim) -> the same."""
        places = ops.clip(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0, self.length - 1)
        return states + ops.take(self.table, places, axis=0)

    def get_config(self):
        """What the layer was made with."""
        return {**super().get_config(), "kind": self.kind, "length": self.length}


def sinusoids(length: int, dim: int) -> np.ndarray:
    """Sines of falling frequency beside their cosines, float32 (length, dim).

    Scaled down to the first weights of an embedding, which would not be seen beside numbers of up to 1.
    """
    half = (dim + 1) // 2
    angles = np.arange(length)[:, None] / 10_000 ** (np.arange(half) / half)
    return 0.05 * np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :dim].astype(np.float32)


def _max_mean(states, name: str):
    """The largest value and the mean of each number, side by side (Howard & Ruder 2018)."""
    return keras.layers.Concatenate(name=name)([POOLINGS[part](states, f"{name}_{part}") for part in ("max", "mean")])


# Every one takes the states (batch, tokens, dim) and a name for the layer.
POOLINGS = {
    "max": lambda states, name: MaxPooling(name=name)(states),
    "mean": lambda states, name: keras.layers.GlobalAveragePooling1D(name=name)(states),
    "max_mean": _max_mean,
    "attention": lambda states, name: AttentionPooling(name=name)(states),
}
