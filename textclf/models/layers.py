"""Layers of ours: from the states of tokens to one vector a text, with padding never read.

Imported only when a network is built: this module imports Keras.
"""

import keras
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
