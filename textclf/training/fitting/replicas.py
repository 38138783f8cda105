"""Several devices that fit one network: TensorFlow's strategies, and a training step for each replica.

A replica is the copy of a network on one device. All replicas read the same batches, which are a function of the seed
and of the number of the step, and each computes the gradients of its share of the rows. Their weighted sum is the
gradient of the whole batch. Everything else is computed on every replica from the same numbers: optimizer, EMA,
metrics and schedules. So replicas stay equal, and no variable is ever synchronized.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

SUM = tf.distribute.ReduceOp.SUM
SEED = "seed_generator_state"  # the end of the path of a variable with the state of dropout
SEED_DISTANCE = 0x9E3779B9  # between the seeds of two replicas


@contextmanager
def replicated(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Within the block, networks are made with a replica on each device of a strategy."""
    with strategy.scope(), tf.variable_creator_scope(_unsynchronized):
        yield


def _unsynchronized(make: Callable, **settings) -> tf.Variable:
    # Keras asks for metrics that are added up when they are read, and for optimizers that broadcast their step.
    never, usual = tf.VariableAggregation.NONE, tf.VariableSynchronization.AUTO
    return make(**{**settings, "aggregation": never, "synchronization": usual})


def num_replicas() -> int:
    """Return the number of replicas of the current strategy, 1 without one."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_number() -> tf.Tensor | int:
    """Return the number of the replica whose step is traced, from 0."""
    if num_replicas() == 1:
        return 0
    return tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int64)


def train_step(model: keras.Model) -> Callable:
    """Return a function that makes one step with a batch: Keras's, or one on every replica."""
    if num_replicas() == 1:
        return model.train_step
    strategy = tf.distribute.get_strategy()

    def on_all(batch: tuple) -> None:
        strategy.run(_step_of_replica, args=(model, batch))

    return on_all


def _step_of_replica(model: keras.Model, batch: tuple) -> None:
    """Make the step of one replica: Keras's `train_step` with its share of a batch, and what all shares add up to."""
    context, count = tf.distribute.get_replica_context(), tf.shape(batch[1])[0]
    number, step = context.replica_id_in_sync_group, context.num_replicas_in_sync
    # A replica without a row takes the last one, which counts for nothing.
    has_rows = tf.cast(number < count, tf.float32)
    rows = tf.range(tf.minimum(number, count - 1), count, step)
    share = has_rows * tf.cast(tf.size(rows), tf.float32) / tf.cast(count, tf.float32)
    inputs, classes, *weights = tf.nest.map_structure(lambda values: tf.gather(values, rows), batch)
    with tf.GradientTape() as tape:
        logits = model(inputs, training=True)
        # Keras divides the loss by the number of replicas, as if their shares were equal.
        loss = step * model.compute_loss(inputs, classes, logits, *weights, training=True)
        shared_loss = share * loss
    gradients = tape.gradient(shared_loss, model.trainable_variables)
    model.optimizer.apply(_sum_gradients(gradients, model.optimizer), model.trainable_variables)
    with _summed_metrics(model.metrics_variables, has_rows):
        model.metrics[0].update_state(loss, sample_weight=tf.size(rows))
        model.compute_metrics(inputs, classes, logits)


def _sum_gradients(gradients: list, optimizer: keras.optimizers.Optimizer) -> list:
    """Return the sums of the gradients of all replicas, dense: a collective has one shape in all steps of a call."""
    sums = tf.distribute.get_replica_context().all_reduce(SUM, [tf.convert_to_tensor(one) for one in gradients])
    if not optimizer.weight_decay:
        return sums
    # Weight decay knows an embedding, of which it skips rows, by the type of its gradient.
    return [
        _as_rows(total) if isinstance(one, tf.IndexedSlices) else total
        for one, total in zip(gradients, sums, strict=True)
    ]


def _as_rows(table: tf.Tensor) -> tf.IndexedSlices:
    return tf.IndexedSlices(table, tf.range(tf.shape(table)[0]), tf.shape(table))


@contextmanager
def _summed_metrics(variables: list[keras.Variable], has_rows: tf.Tensor) -> Iterator[None]:
    """Add up over all replicas what the block counts in the variables of metrics."""
    before = [tf.identity(variable.value) for variable in variables]
    for variable in variables:
        variable.assign(tf.zeros_like(variable.value))
    yield
    counted = [has_rows * variable.value for variable in variables]
    sums = tf.distribute.get_replica_context().all_reduce(SUM, counted)
    for variable, value, total in zip(variables, before, sums, strict=True):
        variable.assign(value + total)


def vary_seeds(model: keras.Model) -> None:
    """Give each replica its own seeds of dropout. The first replica keeps those of the model."""
    if num_replicas() == 1:
        return
    seeds = [variable for variable in model.variables if variable.path.endswith(SEED)]

    @tf.function
    def vary() -> None:
        def on_replica():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            distance = tf.cast(tf.cast(number, tf.int64) * SEED_DISTANCE % 2**32, tf.uint32)
            for state in seeds:
                state.assign(state + tf.stack([distance, tf.zeros_like(distance)]))

        tf.distribute.get_strategy().run(on_replica)

    vary()
