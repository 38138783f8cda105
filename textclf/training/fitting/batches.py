"""Batches: encoded texts -> padded tensors, shuffled anew in every epoch, texts of similar length together.

The rows of a training are read one pool of batches at a time, so that they may lie in a mapped file. TensorFlow pads
them.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from textclf.core.memmap import check_not_truncated, gather, release_pages
from textclf.preprocessing.ragged import RaggedArrays, lengths_at, lengths_of, num_rows, pad_arrays, take_rows

POOL_BATCHES = 50  # read, sorted by length and shuffled together; beyond that the order of texts is random


class TrainingRows(NamedTuple):
    """The rows from which batches are taken."""

    arrays: RaggedArrays
    classes: np.ndarray  # (rows,), or (rows, labels) of 0 and 1
    weights: np.ndarray | None = None  # of each row in the loss, (rows,)
    read_rows: Callable[[np.ndarray, int], RaggedArrays] | None = None  # row numbers, epoch -> rows; None: as they are

    @property
    def targets(self) -> tuple[np.ndarray, ...]:
        """Everything that a batch has beside its inputs."""
        return (self.classes,) if self.weights is None else (self.classes, self.weights)


def training_batches(
    rows: TrainingRows, *, batch_size: int, seed: int, padding: str, first_step: int = 0
) -> tf.data.Dataset:
    """Return endless batches ({name: (batch, entries)}, classes, weights if there are any).

    Args:
        padding: the side on which `token_ids` are padded.
        first_step: number of the first batch, from 0; an epoch has `num_steps`. The order of an epoch is a function of
            seed and epoch, so nothing before the first batch is read.
    """
    pools = _Pools(rows, batch_size, seed, first_step)
    flat = [part for row in rows.arrays.values() for part in row]  # ids and offsets of every array
    dtypes = [tf.int64, *(tf.as_dtype(values.dtype) for values in (*flat, *rows.targets))]
    shapes = [(None, None), *((None,) for _ in flat), *((None, *values.shape[1:]) for values in rows.targets)]

    def batches_of_pool(number: tf.Tensor) -> tf.data.Dataset:
        content = tf.numpy_function(pools.read, [number], dtypes)
        positions, *parts = (tf.ensure_shape(tensor, shape) for tensor, shape in zip(content, shapes, strict=True))
        ragged, targets = parts[: len(flat)], parts[len(flat) :]
        arrays = dict(zip(rows.arrays, zip(ragged[::2], ragged[1::2], strict=True), strict=True))
        return tf.data.Dataset.from_tensor_slices(positions).map(lambda batch: _pad(batch, arrays, targets, padding))

    # The autotuner sleeps for up to a minute, and the end of a training waits for it. There is nothing to tune.
    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    numbers = tf.data.Dataset.counter(pools.first)
    return numbers.flat_map(batches_of_pool).prefetch(2 * POOL_BATCHES).with_options(untuned)


def evaluation_batches(
    arrays: RaggedArrays, *, batch_size: int, padding: str
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield all rows in batches of similar length: the numbers of the rows, and {name: (batch, entries)}."""
    order = np.argsort(lengths_of(arrays), kind="stable")
    for start in range(0, len(order), batch_size):
        check_not_truncated()
        numbers = order[start : start + batch_size]
        yield numbers, pad_arrays(take_rows(arrays, numbers), padding)
        release_pages()


def num_steps(num_rows: int, batch_size: int) -> int:
    """Return the number of batches in an epoch."""
    return -(-num_rows // batch_size)


class Order(NamedTuple):
    """The order of the rows in an epoch."""

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
    """Return the row numbers of one pool, int32 (batches, batch_size), -1 where the one incomplete batch has no row.

    A pool is the next rows of the order, sorted by length and cut into batches, which are then shuffled.
    """
    size = POOL_BATCHES * batch_size
    rows = order.rows[number * size : (number + 1) * size]
    by_length = rows[np.argsort(lengths_of_rows(rows), kind="stable")]
    return _cut(by_length, batch_size)[order.batches[number]]


def _cut(rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Return row numbers cut into batches, the last one filled with -1."""
    missing = -len(rows) % batch_size
    return np.concatenate([rows, np.full(missing, -1, rows.dtype)]).reshape(-1, batch_size)


class _Pools:
    """Read the pools of a training, which are numbered through all epochs."""

    def __init__(self, rows: TrainingRows, batch_size: int, seed: int, first_step: int):
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.num_rows = num_rows(rows.arrays)
        steps = num_steps(self.num_rows, batch_size)
        self.pools_per_epoch = num_steps(steps, POOL_BATCHES)
        epoch, step = divmod(first_step, steps)
        self.first = epoch * self.pools_per_epoch + step // POOL_BATCHES
        self.skipped = step % POOL_BATCHES  # batches of the first pool
        self.epoch, self.order = -1, Order(np.empty(0, np.int32), [])  # the order of the last epoch that was read

    def read(self, number: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return a pool: each batch as positions among the rows that follow, ids and offsets of each array, targets."""
        check_not_truncated()
        batches = self._batches(int(number))
        is_row = batches >= 0
        numbers = batches[is_row]
        arrays = self._arrays(numbers, int(number) // self.pools_per_epoch)
        release_pages()
        # The rows are in the order of the batches, so a count of them gives their positions.
        positions = np.where(is_row, np.cumsum(is_row.ravel()).reshape(is_row.shape) - 1, -1)
        return (
            positions,
            *(part for row in arrays.values() for part in row),
            *(gather(values, numbers) for values in self.rows.targets),
        )

    def _batches(self, number: int) -> np.ndarray:
        """Return the row numbers of a pool, (batches, batch_size)."""
        epoch, pool = divmod(number, self.pools_per_epoch)
        if epoch != self.epoch:
            random = np.random.default_rng([self.seed, epoch])
            self.epoch, self.order = epoch, shuffled(self.num_rows, self.batch_size, random)
        batches = pool_of(self.order, pool, self.batch_size, lambda numbers: lengths_at(self.rows.arrays, numbers))
        return batches[self.skipped :] if number == self.first else batches

    def _arrays(self, numbers: np.ndarray, epoch: int) -> RaggedArrays:
        if self.rows.read_rows:
            return self.rows.read_rows(numbers, epoch)
        return take_rows(self.rows.arrays, numbers)


def _pad(batch: tf.Tensor, arrays: dict[str, tuple], targets: list[tf.Tensor], padding: str) -> tuple:
    """Return one batch, (inputs, targets …), from the positions of its rows in a pool."""
    positions = tf.boolean_mask(batch, batch >= 0)
    inputs = {
        name: _pad_rows(positions, ids, offsets, padding if name == "token_ids" else "right")
        for name, (ids, offsets) in arrays.items()
    }
    return inputs, *(tf.gather(values, positions) for values in targets)


def _pad_rows(positions: tf.Tensor, ids: tf.Tensor, offsets: tf.Tensor, side: str) -> tf.Tensor:
    """Return some rows of a ragged array, padded with zeros to the longest of them."""
    starts, ends = tf.gather(offsets, positions)[:, None], tf.gather(offsets, positions + 1)[:, None]
    lengths = ends - starts  # (batch, 1)
    width = tf.reduce_max(lengths)
    columns = tf.range(width)[None, :]  # (1, entries)
    padded = width - lengths if side == "left" else tf.zeros_like(lengths)
    real = (columns >= padded) & (columns < padded + lengths)
    entries = tf.where(real, starts + columns - padded, 0)
    return tf.where(real, tf.gather(ids, entries), tf.zeros((), ids.dtype))
