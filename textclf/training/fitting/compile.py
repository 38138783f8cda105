"""A network before its first step, and the batches that it is fitted to."""

import logging
from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from textclf.config.ensemble import Member
from textclf.models import build_model
from textclf.models.sizes import Sizes
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import mean_length
from textclf.training.augmentation import augmented_rows
from textclf.training.class_weights import sample_weights
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.batches import training_batches
from textclf.training.fitting.losses import Objective, build_accuracy, build_loss
from textclf.training.fitting.mixup import mixup_loss
from textclf.training.fitting.optimizers import build_optimizer, use_sparse_updates
from textclf.training.fitting.word_vectors import load_word_vectors

log = logging.getLogger(__name__)


def compile_network(
    member: Member,
    train: EncodedDataset,
    preprocessor: Preprocessor,
    objective: Objective,
    *,
    seed: int,
    rate: float | keras.optimizers.schedules.LearningRateSchedule,
) -> keras.Model:
    """The network of a member with its first weights, its loss and its optimizer.

    Args:
        train: with the arrays that the network reads.
        rate: the learning rate.

    Raises:
        DataError, ConfigError: the file of its word vectors cannot be used.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    options = member.training
    sizes = Sizes(preprocessor.num_ids, preprocessor.options.sequence_length, preprocessor.num_ngrams)
    model = build_model(member.model, sizes, num_units=objective.targets.num_units)
    optimizer = build_optimizer(options, learning_rate=rate)
    use_sparse_updates(model, optimizer, options.batch_size * mean_length(train.arrays))
    loss = build_loss(objective, options.loss)
    if options.augmentation and options.augmentation.mixup:
        loss = mixup_loss(loss, options.augmentation.mixup, seed=seed, step=optimizer.iterations)
    model.compile(optimizer=optimizer, loss=loss, metrics=[build_accuracy(objective.targets)])
    log.info("network %s: %s weights, on %s", member.name, f"{model.count_params():,}", _device())
    if vectors := getattr(member.model, "vectors", None):
        load_word_vectors(model, vectors, preprocessor, train.arrays["token_ids"].values)
    return model


def batches_for(
    member: Member, train: EncodedDataset, preprocessor: Preprocessor, objective: Objective, *, seed: int
) -> Callable[..., tf.data.Dataset]:
    """`training_batches`, all of its arguments given but for `start`."""
    options, read_rows = member.training, None
    if options.augmentation:
        read_rows = augmented_rows(train.arrays, options.augmentation, seed=seed)
    return partial(
        training_batches,
        train.arrays,
        train.classes,
        sample_weights(objective.class_weights, objective.targets, train.classes),
        batch_size=options.batch_size,
        seed=seed,
        padding=preprocessor.options.padding,
        read_rows=read_rows,
    )


def _device() -> str:
    gpus = tf.config.list_physical_devices("GPU")
    return f"{len(gpus)} GPU" if gpus else "the CPU"
