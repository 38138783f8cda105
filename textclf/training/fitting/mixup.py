"""Mix-up: every text of a batch mixed with another one, and what is asked of the network mixed likewise."""

from collections.abc import Callable

import keras
import tensorflow as tf

TINY = 1e-30  # keeps two shares that are too small to be told from 0 from being divided by each other


def mixup_loss(loss: Callable, alpha: float, *, seed: int, step: keras.Variable) -> Callable:
    """A loss of logits mixed in pairs (Zhang et al. 2018; of features of texts: Guo et al. 2019).

    The last layer of every network here is affine, so that logits are mixed exactly as its features are. The loss is
    that of the mixed logits for the one label and for the other, by their shares.

    Args:
        loss: (classes, logits) -> a loss for each row, or a Keras loss.
        alpha: of the distribution Beta(alpha, alpha) of the shares.
        step: its number; with the seed it decides who is mixed with whom and how much.
    """
    loss_of_rows = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def mixed(classes, logits):
        rows = tf.shape(logits)[0]
        seeds = tf.random.split(tf.stack([tf.cast(seed % 2**31, tf.int64), tf.cast(step, tf.int64)]), 3)
        partners = tf.argsort(tf.random.stateless_uniform((rows,), seeds[0]))
        first, second = (tf.random.stateless_gamma((rows,), seeds[number], alpha) + TINY for number in (1, 2))
        shares = first / (first + second)
        mixed_logits = shares[:, None] * logits + (1 - shares[:, None]) * tf.gather(logits, partners)
        own, others = loss_of_rows(classes, mixed_logits), loss_of_rows(tf.gather(classes, partners), mixed_logits)
        return shares * tf.reshape(own, (-1,)) + (1 - shares) * tf.reshape(others, (-1,))

    return mixed
