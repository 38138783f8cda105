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


class Windows(keras.layers.Layer):
    """Rows of windows -> a row for each window: int32 (batch, tokens) -> (batch * windows, tokens of a window).

    A text with fewer windows than others of its batch gets rows of padding after one token, of which `MeanOfWindows`
    reads nothing: a row of padding alone has no mean.

    Args:
        length: tokens of a window. Padding must be on the right.
    """

    def __init__(self, length: int, **settings):
        super().__init__(**settings)
        self.length = length

    def call(self, token_ids):
        """Return the windows."""
        width = tf.shape(token_ids)[1]
        size, count = tf.minimum(width, self.length), -(-width // self.length)
        windows = tf.reshape(tf.pad(token_ids, [[0, 0], [0, count * size - width]]), (-1, size))
        return windows + tf.cast((windows == 0) & (tf.range(size) == 0), windows.dtype)

    def compute_output_spec(self, token_ids):
        """Return (batch * windows, tokens), integers as the input."""
        return keras.KerasTensor((None, None), dtype=token_ids.dtype)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "length": self.length}


class MeanOfWindows(keras.layers.Layer):
    """The mean vector of the windows of each text: (batch * windows, dim), token ids (batch, tokens) -> (batch, dim).

    Args:
        length: as of `Windows`.
    """

    def __init__(self, length: int, **settings):
        super().__init__(**settings)
        self.length = length

    def call(self, inputs):
        """Return the means."""
        vectors, token_ids = inputs
        count = -(-tf.shape(token_ids)[1] // self.length)
        used = -(-tf.math.count_nonzero(token_ids, axis=1, keepdims=True, dtype=tf.int32) // self.length)
        by_text = tf.reshape(vectors, (-1, count, vectors.shape[-1]))
        is_used = tf.cast(tf.range(count) < used, vectors.dtype)[:, :, None]
        return tf.reduce_sum(by_text * is_used, axis=1) / tf.cast(used, vectors.dtype)

    def compute_output_shape(self, shapes):
        """Return (batch, dim)."""
        return shapes[1][0], shapes[0][-1]

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "length": self.length}
