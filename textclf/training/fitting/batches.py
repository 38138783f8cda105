"""Encoded texts -> the batches of a training: shuffled anew each epoch, of similar length, little padding.

Rows of a training are read a pool of batches at a time, so that they may lie in a file; after that all is TensorFlow.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from textclf.core.memmap import check_not_truncated, gather, release_pages
from textclf.preprocessing.ragged import RaggedArrays, lengths_at, lengths_of, num_rows, pad_arrays, take_rows

POOL_BATCHES = 50  # read, sorted by length and shuffled together; the order of texts is random beyond that


def training_batches(
    arrays: RaggedArrays,
    classes: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    batch_size: int,
    seed: int,
    padding: str,
    start: tuple[int, int] = (0, 0),
    read_rows: Callable[[np.ndarray, int], RaggedArrays] | None = None,
) -> tf.data.Dataset:
    """Endless batches ({name: (batch, entries)}, classes, weights if given); `num_steps` are one epoch.

    Args:
        classes: (rows,), or (rows, labels) of 0 and 1.
        weights: what a mistake costs for each row, (rows,).
        start: epoch and step of the first batch, counted from 0. The order is a function of seed and epoch, so that
            nothing before it has to be read.
        read_rows: what stands at some row numbers in an epoch; by default the arrays as they are.
    """
    rows = num_rows(arrays)
    orders: dict[int, Order] = {}
    pools = -(-num_steps(rows, batch_size) // POOL_BATCHES)
    first, skipped = start[0] * pools + start[1] // POOL_BATCHES, start[1] % POOL_BATCHES

    def batches_of(number: int) -> np.ndarray:
        epoch, pool = divmod(number, pools)
        if epoch not in orders:
            orders.clear()
            orders[epoch] = shuffled(rows, batch_size, np.random.default_rng([seed, epoch]))
        of_pool = pool_of(orders[epoch], pool, batch_size, lambda numbers: lengths_at(arrays, numbers))
        return of_pool[skipped:] if number == first else of_pool

    def rows_of(numbers: np.ndarray, pool: int) -> RaggedArrays:
        return read_rows(numbers, pool // pools) if read_rows else take_rows(arrays, numbers)

    beside = (classes,) if weights is None else (classes, weights)
    return _batches(tf.data.Dataset.counter(first), batches_of, rows_of, arrays, beside, padding)


def evaluation_batches(
    arrays: RaggedArrays, *, batch_size: int, padding: str
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Batches of all rows by length: the numbers of the rows, and {name: (batch, entries)}."""
    order = np.argsort(lengths_of(arrays), kind="stable")
    for start in range(0, len(order), batch_size):
        check_not_truncated()
        numbers = order[start : start + batch_size]
        yield numbers, pad_arrays(take_rows(arrays, numbers), padding)
        release_pages()


def num_steps(num_rows: int, batch_size: int) -> int:
    """Batches of one epoch."""
    return -(-num_rows // batch_size)


class Order(NamedTuple):
    """In which order an epoch takes the rows."""

    rows: np.ndarray  # int32 (rows,): all of them, shuffled
    batches: list[np.ndarray]  # for each pool the order of its batches


def shuffled(num_rows: int, batch_size: int, random: np.random.Generator) -> Order:
    """Return a random order of all rows."""
    rows = np.arange(num_rows, dtype=np.int32)
    random.shuffle(rows)
    steps = num_steps(num_rows, batch_size)
    batches = [random.permutation(min(POOL_BATCHES, steps - first)) for first in range(0, steps, POOL_BATCHES)]
    return Order(rows, batches)


def pool_of(
    order: Order, number: int, batch_size: int, lengths_of_rows: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Row numbers of one pool, int32 (batches, batch_size), -1 where the one incomplete batch is not filled.

    The next rows of the order, sorted by length, cut into batches, and these shuffled.
    """
    size = POOL_BATCHES * batch_size
    rows = order.rows[number * size : (number + 1) * size]
    by_length = rows[np.argsort(lengths_of_rows(rows), kind="stable")]
    return _filled(by_length, batch_size)[order.batches[number]]


def _filled(order: np.ndarray, batch_size: int) -> np.ndarray:
    """Row numbers cut into batches, the last one filled up with -1."""
    missing = -len(order) % batch_size
    return np.concatenate([order, np.full(missing, -1, order.dtype)]).reshape(-1, batch_size)


def _batches(
    pools: tf.data.Dataset,
    batches_of: Callable[[int], np.ndarray],
    rows_of: Callable[[np.ndarray, int], RaggedArrays],
    arrays: RaggedArrays,
    beside: tuple[np.ndarray, ...],
    padding: str,
) -> tf.data.Dataset:
    """Padded batches of all pools.

    Args:
        batches_of: number of a pool -> its batches of row numbers, (batches, batch_size).
        rows_of: row numbers and the number of their pool -> their rows.
        arrays: what the rows are from: their names and types.
        beside: arrays with a row for each text, given along with it.
    """

    def read(pool: np.ndarray) -> tuple[np.ndarray, ...]:
        check_not_truncated()
        batches = batches_of(int(pool))
        wanted = batches[batches >= 0]
        rows = rows_of(wanted, int(pool))
        release_pages()
        # Each batch as positions in the pool: what is wanted is numbered in the order of the batches.
        positions = np.where(batches >= 0, np.cumsum(batches.ravel() >= 0).reshape(batches.shape) - 1, -1)
        return (
            positions,
            *(part for row in rows.values() for part in row),
            *(gather(values, wanted) for values in beside),
        )

    flat = [part for rows in arrays.values() for part in rows]
    types = [tf.int64, *(tf.as_dtype(values.dtype) for values in (*flat, *beside))]
    ranks = [(None, None), *((None,) for _ in flat), *((None, *values.shape[1:]) for values in beside)]

    def of_pool(pool: tf.Tensor) -> tf.data.Dataset:
        content = tf.numpy_function(read, [pool], types)
        positions, *others = (tf.ensure_shape(tensor, rank) for tensor, rank in zip(content, ranks, strict=True))
        rows = dict(zip(arrays, zip(others[: len(flat) : 2], others[1 : len(flat) : 2], strict=True), strict=True))
        batches = tf.data.Dataset.from_tensor_slices(positions)
        return batches.map(lambda numbers: _padded(numbers, rows, others[len(flat) :], padding))

    # Whoever tunes sleeps for up to a minute, and is waited for when a training ends; there is nothing to tune.
    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    return pools.flat_map(of_pool).prefetch(2 * POOL_BATCHES).with_options(untuned)


def _padded(numbers: tf.Tensor, rows: dict[str, tuple], others: list[tf.Tensor], padding: str) -> tuple:
    """One batch, of TensorFlow operations only: positions of rows -> (inputs, what stands beside them …)."""
    numbers = tf.boolean_mask(numbers, numbers >= 0)
    inputs = {
        name: _filled_up(numbers, ids, offsets, padding if name == "token_ids" else "right")
        for name, (ids, offsets) in rows.items()
    }
    return inputs, *(tf.gather(values, numbers) for values in others)


def _filled_up(numbers: tf.Tensor, ids: tf.Tensor, offsets: tf.Tensor, side: str) -> tf.Tensor:
    """The rows at `numbers`, filled up with zeros to the longest of them."""
    starts, ends = tf.gather(offsets, numbers)[:, None], tf.gather(offsets, numbers + 1)[:, None]
    lengths = ends - starts  # (batch, 1)
    width = tf.reduce_max(lengths)
    columns = tf.range(width)[None, :]  # (1, entries)
    skipped = width - lengths if side == "left" else tf.zeros_like(lengths)
    real = (columns >= skipped) & (columns < skipped + lengths)
    positions = tf.where(real, starts + columns - skipped, 0)
    return tf.where(real, tf.gather(ids, positions), tf.zeros((), ids.dtype))
