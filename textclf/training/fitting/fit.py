"""Fit one Keras network: compile it, run the loop, keep the best weights."""

import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from textclf.config.ensemble import Member
from textclf.config.training_options import TrainingOptions
from textclf.core.memmap import check_not_truncated
from textclf.core.run_folder import RunFolder
from textclf.models import ARCHITECTURES
from textclf.models.checkpoints import assign, load_checkpoint, weights_of
from textclf.models.xla_lstm.layer import Workload, choose_kernels
from textclf.preprocessing.ragged import longest, mean_length
from textclf.training.fitting.batches import num_steps
from textclf.training.fitting.callbacks import (
    CatchUpRows,
    History,
    KeepBest,
    ProgressBar,
    StopAtNonFiniteLoss,
    Validation,
    in_epochs,
)
from textclf.training.fitting.compile import batches_for, compile_network
from textclf.training.fitting.loop import LoopPlan, run_loop
from textclf.training.fitting.optimizers.schedules import Schedule, learning_rate
from textclf.training.fitting.task import Task
from textclf.training.fitting.validation import predict_logits, validation_metrics
from textclf.training.fitting.word_vectors import UnfreezeEmbedding

log = logging.getLogger(__name__)
USUAL_EPOCHS = 3  # early stopping seldom needs fewer


class FittedNetwork(NamedTuple):
    """One network with its best weights."""

    model: keras.Model
    logits: np.ndarray  # of the validation texts, (texts, outputs)
    best_interval: int  # the number of the best validation, from 1
    intervals: int
    seconds: float


def fit_network(
    member: Member,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[list[dict]], None],
    *,
    intervals: int | None = None,
) -> FittedNetwork:
    """Fit one network, from where an earlier process stopped, with its checkpoints and its history in `folder`.

    Args:
        log_history: called with the whole history so far after every interval.
        intervals: fit for so many without validation and keep the last weights; by default early stopping decides.

    Raises:
        TrainingError: the loss is not finite.
        Interrupted: a signal asked for an end; the state is saved.
    """
    task, options = task.select(ARCHITECTURES[member.model.architecture].INPUTS), member.training
    per_epoch = options.validations_per_epoch
    interval_steps = max(1, round(num_steps(len(task.train.classes), options.batch_size) / per_epoch))
    most = options.epochs * per_epoch
    model = compile_network(member, task, _learning_rate(options, most * interval_steps))
    _choose_kernels(model, task, options)
    validation = None if intervals else Validation(partial(validation_metrics, model, task))
    bar, history = ProgressBar(per_epoch), History(folder.history, per_epoch, log_history)
    keep_best = _keep_best(options, folder, validated=not intervals)
    callbacks = [*_before_validation(member), bar, validation, history, keep_best]
    try:
        seconds = run_loop(
            model,
            batches_for(member, task),
            [callback for callback in callbacks if callback],
            folder.last_checkpoint,
            LoopPlan(intervals or most, interval_steps, options.checkpoint_steps),
        )
    except tf.errors.OpError:
        check_not_truncated()  # TensorFlow hides the error of a truncated file in one of its own
        raise
    finally:
        bar.close()
    assign(folder.best_checkpoint, weights_of(model), load_checkpoint(folder.best_checkpoint)[1])
    log.info("kept the weights of epoch %s", in_epochs(keep_best.best_interval, per_epoch))
    logits = predict_logits(model, task.validation.arrays, padding=task.preprocessor.options.padding)
    return FittedNetwork(model, logits, keep_best.best_interval, keep_best.intervals, seconds)


def _learning_rate(options: TrainingOptions, num_steps: int) -> float | Schedule:
    return learning_rate(options.learning_rate, shape=options.schedule, warmup=options.warmup, num_steps=num_steps)


def _choose_kernels(model: keras.Model, task: Task, options: TrainingOptions) -> None:
    """Choose how the LSTMs of a network run in training."""
    arrays = task.train.arrays
    steps = min(options.epochs, USUAL_EPOCHS) * num_steps(len(task.train.classes), options.batch_size)
    workload = Workload(mean_length(arrays), longest(next(iter(arrays.values()))), options.batch_size, steps)
    choose_kernels(model, workload, padding=task.preprocessor.options.padding)


def _before_validation(member: Member) -> list[keras.callbacks.Callback]:
    """Return the callbacks that must have run before the weights of an interval are read."""
    vectors = getattr(member.model, "vectors", None)
    frozen = vectors.frozen_epochs * member.training.validations_per_epoch if vectors and vectors.tuned else 0
    return [*([UnfreezeEmbedding(frozen)] if frozen else []), CatchUpRows(), StopAtNonFiniteLoss()]


def _keep_best(options: TrainingOptions, folder: RunFolder, *, validated: bool) -> KeepBest:
    stopping = options.early_stopping
    metric = stopping.metric if stopping else "loss"
    return KeepBest(
        folder.best_checkpoint,
        metric=metric if validated else None,
        patience=stopping.patience if stopping and validated else None,
        per_epoch=options.validations_per_epoch,
    )
