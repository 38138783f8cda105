"""Fit one Keras network: compile it, run the loop, keep the best weights."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from textclf.config.ensemble import Member
from textclf.config.training_options import TrainingOptions
from textclf.core.memmap import check_not_truncated
from textclf.core.run_folder import RunFolder
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
from textclf.training.fitting.frozen import trained_part, use_trained
from textclf.training.fitting.loop import LoopPlan, run_loop
from textclf.training.fitting.optimizers.schedules import learning_rate
from textclf.training.fitting.replicas import num_replicas
from textclf.training.fitting.task import Task
from textclf.training.fitting.validation import predict_logits, validation_metrics
from textclf.training.fitting.word_vectors import UnfreezeEmbedding

log = logging.getLogger(__name__)
USUAL_EPOCHS = 3  # early stopping seldom ends a training before


class FittedNetwork(NamedTuple):
    """One network with its best weights."""

    model: keras.Model
    logits: np.ndarray  # of the validation texts, (texts, outputs)
    best_interval: int  # the number of the best validation, from 1
    num_intervals: int  # fitted in all
    seconds: float
    inverse_regularization: float | None = None  # that was chosen for a linear model


def fit_network(
    member: Member,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[list[dict]], None],
    *,
    refit_intervals: int | None = None,
) -> FittedNetwork:
    """Fit one network, or continue its interrupted fit, and return it with its best weights.

    Args:
        folder: has the checkpoints and the history, also those of an interrupted fit.
        log_history: called with the whole history so far after every interval.
        refit_intervals: the length of a refit, which has no validation and keeps the last weights. `None` is a fit
            with validation and early stopping.

    Raises:
        TrainingError: the loss is not finite.
        Interrupted: a signal asked for an end. The state is saved.
    """
    options = member.training
    # `model` is the part of `network` that is fitted: all of it, or the layers above a frozen encoder.
    network, model, task = trained_part(member, task, folder.cache, folder.encoder_checkpoint)
    per_epoch = options.validations_per_epoch
    plan = _prepare(model, member, task, refit_intervals)
    is_refit = refit_intervals is not None
    keep_best = _keep_best(options, folder, validated=not is_refit)
    with closing(ProgressBar(per_epoch)) as bar, _errors_of_truncated_files():
        # The order matters: the weights are complete before their validation, and the metrics are known before the
        # history and the best weights are written.
        callbacks = [
            *_weight_callbacks(member),
            StopAtNonFiniteLoss(),
            bar,
            *([] if is_refit else [Validation(partial(validation_metrics, model, task))]),
            History(folder.history, per_epoch, log_history),
            keep_best,
        ]
        seconds = run_loop(model, batches_for(member, task), callbacks, folder.last_checkpoint, plan)
    _, best_weights = load_checkpoint(folder.best_checkpoint)
    assign(weights_of(model), best_weights, path=folder.best_checkpoint)
    log.info("kept the weights of epoch %s", in_epochs(keep_best.best_interval, per_epoch))
    logits = predict_logits(model, task.validation.arrays, padding=task.preprocessor.options.padding)
    use_trained(network, model)
    return FittedNetwork(network, logits, keep_best.best_interval, keep_best.num_intervals, seconds)


def fit_network_as_worker(member: Member, task: Task, folder: RunFolder, *, refit_intervals: int | None = None) -> None:
    """Take part in `fit_network` of the first process of a cluster: the same steps, nothing else.

    Args:
        folder: a temporary one.

    Raises:
        TrainingError, Interrupted: as for `fit_network`.
    """
    _, model, task = trained_part(member, task, folder.cache, folder.encoder_checkpoint)
    plan = _prepare(model, member, task, refit_intervals)
    callbacks = [*_weight_callbacks(member), StopAtNonFiniteLoss()]
    with _errors_of_truncated_files():
        run_loop(model, batches_for(member, task), callbacks, folder.last_checkpoint, plan)


def _prepare(model: keras.Model, member: Member, task: Task, refit_intervals: int | None) -> LoopPlan:
    """Compile a network, choose its kernels, and return the plan of its fit."""
    options = member.training
    longest_fit = _longest_fit(options, len(task.train.classes))
    compile_network(model, member, task, learning_rate(options, num_steps=longest_fit.num_steps))
    _choose_kernels(model, task, options)
    return longest_fit if refit_intervals is None else longest_fit._replace(num_intervals=refit_intervals)


def _longest_fit(options: TrainingOptions, num_rows: int) -> LoopPlan:
    """Return the plan of a fit that does not stop early."""
    interval_steps = max(1, round(num_steps(num_rows, options.batch_size) / options.validations_per_epoch))
    return LoopPlan(options.epochs * options.validations_per_epoch, interval_steps, options.checkpoint_steps)


@contextmanager
def _errors_of_truncated_files() -> Iterator[None]:
    """Within the block, raise the error of a mapped file that became shorter, in place of TensorFlow's error for it."""
    try:
        yield
    except tf.errors.OpError:
        check_not_truncated()
        raise


def _choose_kernels(model: keras.Model, task: Task, options: TrainingOptions) -> None:
    """Choose the kernels that run the LSTMs of a network in training."""
    arrays = task.train.arrays
    steps = min(options.epochs, USUAL_EPOCHS) * num_steps(len(task.train.classes), options.batch_size)
    texts = -(-options.batch_size // num_replicas())
    workload = Workload(mean_length(arrays), longest(next(iter(arrays.values()))), texts, steps)
    choose_kernels(model, workload, padding=task.preprocessor.options.padding)


def _weight_callbacks(member: Member) -> list[keras.callbacks.Callback]:
    """Return the callbacks that change weights at the end of an interval, or begin to train word vectors."""
    vectors = getattr(member.model, "vectors", None)
    frozen = vectors.frozen_epochs * member.training.validations_per_epoch if vectors and vectors.tuned else 0
    return [*([UnfreezeEmbedding(frozen)] if frozen else []), CatchUpRows()]


def _keep_best(options: TrainingOptions, folder: RunFolder, *, validated: bool) -> KeepBest:
    stopping = options.early_stopping
    metric = stopping.metric if stopping else "loss"
    return KeepBest(
        folder.best_checkpoint,
        metric=metric if validated else None,
        patience=stopping.patience if stopping and validated else None,
        per_epoch=options.validations_per_epoch,
    )
