"""Layers of pretrained encoders that Keras lacks, or has with other masks.

Masks are bool (batch, tokens), True at a token, as in `models/layers.py`. This module imports Keras: import it only
where a network is built.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from textclf.models.sizes import MASKED


class SelfAttention(keras.layers.Layer):
    """Scaled dot-product self-attention (Vaswani et al. 2017): (batch, tokens, dim) -> the same shape.

    Mask: required; padding has weight 0. It is passed on. Keras's `MultiHeadAttention` removes the mask of its *inputs*
    when it runs. In a post-norm block the sum then has no mask, and all later layers read padding.

    Args:
        num_heads: must divide dim.
        dropout: share of the attention weights dropped in training.
    """

    def __init__(self, num_heads: int, dropout: float = 0.0, **settings):
        super().__init__(**settings)
        self.num_heads, self.dropout = num_heads, dropout
        self.supports_masking = True
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape):
        """Create the kernels of query, key and value side by side, and of the output."""
        dim = shape[-1]
        self.kernel = self.add_weight(shape=(dim, 3 * dim), name="kernel")
        self.bias = self.add_weight(shape=(3 * dim,), initializer="zeros", name="bias")
        self.output_kernel = self.add_weight(shape=(dim, dim), name="output_kernel")
        self.output_bias = self.add_weight(shape=(dim,), initializer="zeros", name="output_bias")

    def call(self, states, mask=None, training=False):
        """Return the projected means of the values, (batch, tokens, dim)."""
        batch, tokens, dim = ops.shape(states)
        size = dim // self.num_heads
        projected = ops.matmul(states, self.kernel) + self.bias
        by_head = ops.reshape(projected, (batch, tokens, 3, self.num_heads, size))
        query, key, value = ops.unstack(ops.transpose(by_head, (2, 0, 3, 1, 4)), 3)  # each (batch, heads, tokens, size)
        scores = ops.matmul(query * size**-0.5, ops.transpose(key, (0, 1, 3, 2)))  # (batch, heads, tokens, tokens)
        # MASKED is beyond the range of float16.
        scores = ops.where(mask[:, None, None, :], ops.cast(scores, "float32"), MASKED)
        shares = self.drop(ops.cast(ops.softmax(scores, axis=-1), value.dtype), training=training)
        means = ops.transpose(ops.matmul(shares, value), (0, 2, 1, 3))
        return ops.matmul(ops.reshape(means, (batch, tokens, dim)), self.output_kernel) + self.output_bias

    def compute_output_shape(self, shape):
        """Return the shape of the input."""
        return shape

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "num_heads": self.num_heads, "dropout": self.dropout}


class QuantizedEmbedding(keras.layers.Layer):
    """A word table that is not trained, in 8 bits with a scale a row: token ids -> vectors (batch, tokens, dim).

    A quarter of the size, in the classifier as in each checkpoint. The network is trained on the values that it later
    reads, so that Keras and ONNX agree.

    Mask: True where the id is not 0.

    Args:
        num_rows: of the table.
        dim: numbers of a row.
    """

    def __init__(self, num_rows: int, dim: int, **settings):
        super().__init__(**settings)
        self.num_rows, self.dim = num_rows, dim
        self.supports_masking = True

    def build(self, shape):
        """Create the codes and the scales."""
        codes = {"shape": (self.num_rows, self.dim), "dtype": "int8"}
        self.codes = self.add_weight(**codes, initializer="zeros", trainable=False, name="codes")
        self.scales = self.add_weight(shape=(self.num_rows, 1), initializer="ones", trainable=False, name="scales")

    def set_table(self, table: np.ndarray) -> None:
        """Take the values of a float32 table (num_rows, dim), rounded."""
        scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.finfo(np.float32).tiny * 127) / 127
        self.set_weights([np.rint(table / scales).astype(np.int8), scales])

    def call(self, token_ids):
        """Return the vectors."""
        codes, scales = (tf.gather(weight.value, token_ids) for weight in (self.codes, self.scales))
        return ops.cast(ops.cast(codes, "float32") * ops.cast(scales, "float32"), self.compute_dtype)

    def compute_mask(self, token_ids, previous=None):
        """Return the mask of padding."""
        return ops.not_equal(token_ids, 0)

    def compute_output_shape(self, shape):
        """Return (batch, tokens, dim)."""
        return *shape, self.dim

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "num_rows": self.num_rows, "dim": self.dim}


class FirstToken(keras.layers.Layer):
    """The vector of the first token of a text: (batch, tokens, dim) -> (batch, dim).

    Mask: required; padding may stand on either side. The output has no mask.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.supports_masking = True

    def compute_mask(self, states, previous):
        """Return None: one vector a text has no padding."""

    def call(self, states, mask=None):
        """Return the vectors, (batch, dim)."""
        return tf.gather(states, tf.argmax(tf.cast(mask, tf.int32), axis=1), batch_dims=1)

    def compute_output_shape(self, shape):
        """Return (batch, dim)."""
        return shape[0], shape[2]
