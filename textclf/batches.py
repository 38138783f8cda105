"""Encoded texts -> the batches of a training: shuffled anew each epoch, of similar length, little padding."""

import numpy as np
import tensorflow as tf

from textclf.preprocessing.token_ids import PADDING_ID, TokenIds

POOL_BATCHES = 50  # batches that are sorted by length together; the order of texts stays random beyond that


def training_batches(
    rows: TokenIds,
    classes: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    batch_size: int,
    seed: int,
    padding: str,
) -> tf.data.Dataset:
    """Endless batches ({"token_ids": (batch, tokens)}, classes, weights if given); `num_steps` are one epoch.

    Args:
        classes: (rows,), or (rows, labels) of 0 and 1.
        weights: what a mistake costs for each row, (rows,).
    """

    def order_of(epoch: np.ndarray) -> np.ndarray:
        return shuffled_batches(rows.lengths, batch_size, np.random.default_rng([seed, int(epoch)]))

    def batches_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.numpy_function(order_of, [epoch], tf.int64, stateful=False)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(order, (None, batch_size)))

    batches = tf.data.Dataset.counter().flat_map(batches_of)
    return batches.map(_gather(rows, (classes,) if weights is None else (classes, weights), padding)).prefetch(4)


def evaluation_batches(rows: TokenIds, *, batch_size: int, padding: str) -> tuple[tf.data.Dataset, np.ndarray]:
    """Batches ({"token_ids": …},) of all rows by length, and the row numbers in the order in which they come."""
    order = np.argsort(rows.lengths, kind="stable")
    batches = tf.data.Dataset.from_tensor_slices(_filled(order, batch_size))
    return batches.map(_gather(rows, (), padding)).prefetch(4), order


def num_steps(num_rows: int, batch_size: int) -> int:
    """Batches of one epoch."""
    return -(-num_rows // batch_size)


def shuffled_batches(lengths: np.ndarray, batch_size: int, random: np.random.Generator) -> np.ndarray:
    """Row numbers, int64 (steps, batch_size), every row once, -1 where the one incomplete batch is not filled.

    Shuffle, sort pools of `POOL_BATCHES` batches by length, cut them into batches, shuffle the batches.
    """
    order = random.permutation(len(lengths))
    pool_size = POOL_BATCHES * batch_size
    pools = [order[start : start + pool_size] for start in range(0, len(order), pool_size)]
    batches = np.concatenate([_filled(pool[np.argsort(lengths[pool], kind="stable")], batch_size) for pool in pools])
    return batches[random.permutation(len(batches))]


def _filled(order: np.ndarray, batch_size: int) -> np.ndarray:
    """Row numbers cut into batches, the last one filled up with -1."""
    missing = -len(order) % batch_size
    return np.concatenate([order, np.full(missing, -1)]).reshape(-1, batch_size).astype(np.int64)


def _gather(rows: TokenIds, beside: tuple[np.ndarray, ...], padding: str):
    """A function from row numbers to a padded batch, all of it TensorFlow operations: no Python in the loop.

    Args:
        beside: arrays with a row for each text, given along with it.
    """
    ids, starts = tf.constant(rows.ids), tf.constant(rows.offsets[:-1])
    lengths, others = tf.constant(rows.lengths), [tf.constant(values) for values in beside]

    def batch_of(numbers: tf.Tensor) -> tuple:
        numbers = tf.boolean_mask(numbers, numbers >= 0)
        row_lengths = tf.gather(lengths, numbers)[:, None]  # (batch, 1)
        width = tf.reduce_max(row_lengths)
        columns = tf.range(width)[None, :]  # (1, tokens)
        skipped = width - row_lengths if padding == "left" else tf.zeros_like(row_lengths)
        real = (columns >= skipped) & (columns < skipped + row_lengths)
        positions = tf.where(real, tf.gather(starts, numbers)[:, None] + columns - skipped, 0)
        token_ids = tf.where(real, tf.gather(ids, positions), PADDING_ID)
        return {"token_ids": token_ids}, *(tf.gather(values, numbers) for values in others)

    return batch_of
