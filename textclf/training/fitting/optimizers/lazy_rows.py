"""Adam's steps of rows that a batch does not have, made when they are read again: all rows of a table are too many.

A row without a gradient goes on moving by what is left of its first moment, in every step a known share of the last. So
where it would be by now follows from its moments and from how long ago its last step was.
"""

import keras
import tensorflow as tf

MOST_STEPS = 1_000  # that a row may be behind; then all rows make theirs
ROWS_AT_ONCE = 2**16


class LateRows:
    """What rows of embeddings have yet to make of the steps of an Adam optimizer.

    With all steps made, a table is what it would be if every step moved all of it (Kingma & Ba 2015), to rounding: the
    epsilon beside the second moment is taken as of the last gradient.

    Args:
        optimizer: keeps the state among its own, so that it is saved and restored with it.
        tables: (rows, width), those that are updated by rows.
    """

    def __init__(self, optimizer: keras.optimizers.Adam, tables: list[keras.Variable]):
        self.optimizer, self.tables = optimizer, tables
        self.step = optimizer.add_variable(shape=(), initializer="zeros", dtype="int32", name="step")
        self.made = {}  # of every row of a table, by the table's number among all weights
        for table in tables:
            counts = {"shape": table.shape[:1], "initializer": "zeros", "dtype": "int32"}
            self.made[optimizer._get_variable_index(table)] = optimizer.add_variable(**counts, name="steps_made")
        # How far a row has yet to go, in its first moment over the root of its second, by the step that it made last.
        self.distance = optimizer.add_variable(shape=(MOST_STEPS + 1,), initializer="zeros", name="distance")

    def make(self, table: keras.Variable, rows: tf.Tensor) -> None:
        """Make the steps of some rows, of which none comes twice, so that they can be read."""
        optimizer, index = self.optimizer, self.optimizer._get_variable_index(table)
        made = self.made[index].value
        first, second = optimizer._momentums[index].value, optimizer._velocities[index].value
        last = tf.gather(made, rows)
        behind = tf.cast(self.step - last, table.dtype)[:, None]
        moved, spread = tf.gather(first, rows), tf.gather(second, rows)
        change = -tf.gather(self.distance.value, last)[:, None] * moved / (tf.sqrt(spread) + optimizer.epsilon)
        table.value.scatter_add(tf.IndexedSlices(change, rows))
        if optimizer.average:
            optimizer.average.take_in(table, rows, change)
        first.scatter_update(tf.IndexedSlices(moved * tf.pow(optimizer.beta_1, behind), rows))
        second.scatter_update(tf.IndexedSlices(spread * tf.pow(optimizer.beta_2, behind), rows))
        _note(made, rows, self.step.value)

    def made_now(self, index: int, rows: tf.Tensor) -> None:
        """Note that rows have made the step that is about to end, by their gradient.

        Args:
            index: of the table, among all weights.
        """
        _note(self.made[index].value, rows, self.step + 1)

    def end_step(self, rate: tf.Tensor) -> None:
        """All other rows are one step further behind.

        Args:
            rate: of the step, the correction of both moments included.
        """
        self.step.assign_add(1)
        behind = self.step - tf.range(MOST_STEPS + 1)
        share = self.optimizer.beta_1 / self.optimizer.beta_2**0.5
        distance = rate * tf.pow(share, tf.cast(behind, rate.dtype))
        self.distance.assign_add(tf.where(behind > 0, distance, 0.0))
        tf.cond(self.step >= MOST_STEPS, self.make_all, lambda: None)

    def make_all(self) -> None:
        """Make the steps of all rows, so that a table can be read as a whole."""
        for table, made in zip(self.tables, self.made.values(), strict=True):
            for start in range(0, table.shape[0], ROWS_AT_ONCE):
                self.make(table, tf.range(start, min(start + ROWS_AT_ONCE, table.shape[0])))
            made.assign(tf.zeros_like(made))
        self.distance.assign(tf.zeros_like(self.distance))
        self.step.assign(0)


def _note(made: tf.Variable, rows: tf.Tensor, step) -> None:
    made.scatter_update(tf.IndexedSlices(tf.fill(tf.shape(rows), step), rows))
