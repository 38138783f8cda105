"""A network before its first step: its weights, loss and optimizer, and the batches that it is fitted to."""

import logging
from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from textclf.config.ensemble import Member
from textclf.models import build_model
from textclf.models.sizes import sizes_of
from textclf.preprocessing.ragged import mean_length
from textclf.training.augmentation import augmented_rows
from textclf.training.class_weights import sample_weights
from textclf.training.fitting.batches import TrainingRows, training_batches
from textclf.training.fitting.losses import build_accuracy, build_loss
from textclf.training.fitting.mixup import mixup_loss
from textclf.training.fitting.optimizers import build_optimizer, use_sparse_updates
from textclf.training.fitting.replicas import num_replicas
from textclf.training.fitting.task import Task
from textclf.training.fitting.word_vectors import load_word_vectors

log = logging.getLogger(__name__)


def build_network(member: Member, task: Task) -> keras.Model:
    """Return the network of a member, with its pretrained weights or word vectors.

    Args:
        task: with the arrays that the network reads.

    Raises:
        DataError, ConfigError: the files of its weights or word vectors cannot be used.
    """
    keras.utils.set_random_seed(task.seed)
    tf.config.experimental.enable_op_determinism()
    preprocessor = task.preprocessor
    model = build_model(member.model, sizes_of(preprocessor), num_outputs=task.objective.targets.num_outputs)
    log.info("network %s: %s weights, device: %s", member.name, f"{model.count_params():,}", _device())
    if vectors := getattr(member.model, "vectors", None):
        unlabelled = None if task.unlabelled is None else task.unlabelled["token_ids"]
        load_word_vectors(model, vectors, preprocessor, task.train.arrays["token_ids"], task.seed, unlabelled)
    return model


def compile_network(
    model: keras.Model,
    member: Member,
    task: Task,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
) -> None:
    """Compile the network of a member, or the part of it that is trained.

    Args:
        task: with the arrays that the model reads.
    """
    options, objective = member.training, task.objective
    optimizer = build_optimizer(options, learning_rate=learning_rate)
    use_sparse_updates(model, optimizer, options.batch_size * mean_length(task.train.arrays))
    loss = build_loss(objective, options.loss)
    if options.augmentation and options.augmentation.mixup:
        loss = mixup_loss(loss, options.augmentation.mixup, seed=task.seed, step=optimizer.iterations)
    model.compile(optimizer=optimizer, loss=loss, metrics=[build_accuracy(objective.targets)])


def batches_for(member: Member, task: Task) -> Callable[[int], tf.data.Dataset]:
    """Return a function: number of a step, from 0 -> endless batches of the training texts from that step on."""
    train, options, read_rows = task.train, member.training, None
    if options.augmentation:
        read_rows = augmented_rows(train.arrays, options.augmentation, seed=task.seed)
    weights = sample_weights(task.objective.class_weights, task.objective.targets, train.classes, train.weights)
    rows = TrainingRows(train.arrays, train.classes, weights, read_rows)
    padding = task.preprocessor.options.padding
    make = partial(training_batches, rows, batch_size=options.batch_size, seed=task.seed, padding=padding)
    return lambda first_step: make(first_step=first_step)


def _device() -> str:
    if tf.distribute.has_strategy():
        return f"{num_replicas()} replicas"
    gpus = tf.config.list_physical_devices("GPU")
    return f"{len(gpus)} GPU" if gpus else "CPU"
