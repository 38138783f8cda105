"""The contrastive step of a frozen encoder: before its vectors are computed, texts of one label move together.

Each step reads a batch with several texts of a few labels, and compares all pairs of the batch. So memory does not
depend on the number of texts or labels. Tunstall et al. 2022 (SetFit) put such a step before a linear classifier.
"""

import logging
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from textclf.config.ensemble import Member, check_labels
from textclf.config.training_options import TrainingOptions
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.progress import open_bar
from textclf.core.signals import deferred_signals
from textclf.models.checkpoints import assign, load_checkpoint, save_checkpoint, trained_weights_of
from textclf.preprocessing.ragged import mean_length, pad_arrays, take_rows
from textclf.training.fitting.optimizers import build_optimizer, use_sparse_updates
from textclf.training.fitting.optimizers.schedules import learning_rate
from textclf.training.fitting.replicas import num_replicas
from textclf.training.fitting.task import Task

log = logging.getLogger(__name__)
# All values as measured in docs/experiments.md.
MOST_LABELS, MOST_OF_A_LABEL, MOST_TEXTS = 8, 8, 32  # of a batch
TEMPERATURE = 0.3
TUNING = TrainingOptions(learning_rate=1e-4, schedule="linear", weight_decay=0.01, clip_norm=1.0)


def tune_encoder(encoder: keras.Model, member: Member, task: Task, path: Path | None) -> bool:
    """Tune an encoder on pairs of training texts, or read the weights of an interrupted run. Return whether it changed.

    An interrupted step starts again, with the same result.

    Args:
        encoder: token ids -> vectors of length 1, (batch, width); all its layers train.
        task: of one label for each text.
        path: of the file for its weights; None: they are not written.

    Raises:
        ConfigError: the texts have several labels, or several devices train together.
        TrainingError: the loss is not finite.
        RunError: the file is damaged.
        Interrupted: a signal asked for an end.
    """
    check_labels(member.model, task.objective.targets)
    if num_replicas() > 1:
        raise ConfigError(
            f"model.contrastive_steps: expected 0 on several devices, got {num_replicas()} devices. Set "
            "training.devices to 1."
        )
    weights = trained_weights_of(encoder)
    if path and path.exists():
        assign(weights, load_checkpoint(path)[1], path=path)
        log.info("reused the encoder of the contrastive step from %s", path)
        return True
    sampler = BatchSampler(task.train.classes, task.seed)
    if len(sampler.rows_by_label) < 2:
        log.warning("skipped the contrastive step: it needs two labels with two training texts each")
        return False
    _run_steps(encoder, member.model.contrastive_steps, sampler, task)
    if path:
        save_checkpoint(path, weights)
    return True


class BatchSampler:
    """Draws the training texts of each step: a function of the seed and the number of the step.

    Args:
        classes: of the training texts, (rows,). A label with one text has no pair, so no batch has it.
        seed: of the run.
    """

    def __init__(self, classes: np.ndarray, seed: int):
        order = np.argsort(classes, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(classes[order])) + 1)
        self.rows_by_label = [rows for rows in groups if len(rows) > 1]
        self.seed = seed

    def rows(self, step: int) -> np.ndarray:
        """Return the numbers of the texts of a step, counted from 0: at most `MOST_TEXTS`."""
        random = np.random.default_rng([self.seed, step])
        num_labels = min(MOST_LABELS, len(self.rows_by_label))
        of_a_label = min(MOST_OF_A_LABEL, MOST_TEXTS // num_labels)
        labels = random.choice(len(self.rows_by_label), num_labels, replace=False)
        groups = [self.rows_by_label[label] for label in labels]
        return np.concatenate([random.choice(rows, min(of_a_label, len(rows)), replace=False) for rows in groups])


def contrastive_loss(vectors: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Return the supervised contrastive loss (Khosla et al. 2020, L_out), the mean of a batch.

    Args:
        vectors: of length 1, (batch, width).
        classes: (batch,).
    """
    others = 1.0 - tf.eye(tf.shape(classes)[0])
    similarities = tf.matmul(vectors, vectors, transpose_b=True) / TEMPERATURE  # at most 1 / TEMPERATURE: no overflow
    log_shares = similarities - tf.math.log(tf.reduce_sum(tf.exp(similarities) * others, axis=1, keepdims=True))
    same = tf.cast(classes[:, None] == classes, tf.float32) * others
    return -tf.reduce_mean(tf.reduce_sum(log_shares * same, axis=1) / tf.reduce_sum(same, axis=1))


def _run_steps(encoder: keras.Model, num_steps: int, sampler: BatchSampler, task: Task) -> None:
    arrays, classes = task.train.arrays, task.train.classes
    make_step = _step_function(encoder, num_steps, MOST_TEXTS * mean_length(arrays))
    log.info("contrastive step: %s", f"{num_steps:,} steps on {len(classes):,} training texts")
    bar, losses = open_bar("contrastive step", num_steps), []
    with deferred_signals() as request, closing(bar) if bar else nullcontext():
        for step in range(num_steps):
            rows = sampler.rows(step)
            inputs = pad_arrays(take_rows(arrays, rows), task.preprocessor.options.padding)
            losses.append(float(make_step(inputs, classes[rows])))
            request.raise_if_requested()
            if not np.isfinite(losses[-1]):
                raise TrainingError(
                    f"the contrastive loss became {losses[-1]} at step {step + 1}. Set model.contrastive_steps to 0."
                )
            if bar:
                bar.update(step + 1, f"loss {losses[-1]:.3f}")
    tenth = max(1, num_steps // 10)
    log.info("contrastive loss: %.3f at first, %.3f at the end", np.mean(losses[:tenth]), np.mean(losses[-tenth:]))


def _step_function(encoder: keras.Model, num_steps: int, ids_per_step: float) -> Callable:
    """Return a function (inputs, classes) that makes a step and returns its loss."""
    optimizer = build_optimizer(TUNING, learning_rate=learning_rate(TUNING, num_steps=num_steps))
    use_sparse_updates(encoder, optimizer, ids_per_step)
    variables = encoder.trainable_variables
    inputs = {tensor.name: tf.TensorSpec((None, None), tensor.dtype) for tensor in encoder.inputs}

    @tf.function(input_signature=[inputs, tf.TensorSpec((None,), tf.int32)], autograph=False)
    def make_step(inputs: dict[str, tf.Tensor], classes: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = contrastive_loss(encoder(inputs, training=True), classes)
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    return make_step
