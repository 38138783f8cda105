"""Mixup: a loss on every text of a batch mixed with another text."""

from collections.abc import Callable

import keras
import tensorflow as tf

from textclf.training.fitting.replicas import replica_number

TINY = 1e-30  # avoids 0 / 0 when both draws underflow


def mixup_loss(loss: Callable, alpha: float, *, seed: int, step: keras.Variable) -> Callable:
    """Return the mixup loss (Zhang et al. 2018; on features of texts, Guo et al. 2019).

    The last layer of every network is affine, so mixing its outputs equals mixing its inputs. The loss is the sum of
    the losses of the mixed logits for both labels, weighted by their shares.

    Args:
        loss: (classes, logits) -> the loss of each row, or a Keras loss.
        alpha: the shares are drawn from Beta(alpha, alpha).
        step: number of the step. With the seed it determines the pairs and their shares.
    """
    row_loss = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def mixed(classes, logits):
        rows = tf.shape(logits)[0]
        number = tf.cast(step, tf.int64) + replica_number() * 2**40  # each replica mixes its own texts
        seeds = tf.random.split(tf.stack([tf.cast(seed % 2**31, tf.int64), number]), 3)
        partners = tf.argsort(tf.random.stateless_uniform((rows,), seeds[0]))
        first, second = (tf.random.stateless_gamma((rows,), seeds[number], alpha) + TINY for number in (1, 2))
        shares = first / (first + second)
        mixed_logits = shares[:, None] * logits + (1 - shares[:, None]) * tf.gather(logits, partners)
        own, others = row_loss(classes, mixed_logits), row_loss(tf.gather(classes, partners), mixed_logits)
        return shares * tf.reshape(own, (-1,)) + (1 - shares) * tf.reshape(others, (-1,))

    return mixed
