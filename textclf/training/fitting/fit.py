"""Fitting one Keras network: compile, fit, keep the best."""

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
from textclf.data.targets import Targets
from textclf.evaluation.metrics import measure
from textclf.models import ARCHITECTURES
from textclf.models.checkpoints import assign, load_checkpoint, weights_of
from textclf.models.xla_lstm.layer import choose_kernels
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import longest, mean_length
from textclf.training.encoded_dataset import EncodedDataset
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
from textclf.training.fitting.losses import Objective
from textclf.training.fitting.optimizers.ema import ema_weights
from textclf.training.fitting.optimizers.schedules import Schedule, learning_rate
from textclf.training.fitting.state import run_loop
from textclf.training.fitting.validation import ValidationPredictor
from textclf.training.fitting.word_vectors import UnfreezeEmbedding

log = logging.getLogger(__name__)
USUAL_EPOCHS = 3  # early stopping seldom needs fewer


class FittedNetwork(NamedTuple):
    """One network with the weights of its best epoch."""

    model: keras.Model
    logits: np.ndarray  # of the validation texts, (texts, units)
    best: int  # its number among the validations
    validations: int
    seconds: float


def fit_network(
    member: Member,
    train: EncodedDataset,
    validation: EncodedDataset,
    *,
    seed: int,
    preprocessor: Preprocessor,
    objective: Objective,
    folder: RunFolder,
    tell: Callable[[list[dict]], None],
    validations: int | None = None,
) -> FittedNetwork:
    """Fit one network, from where an earlier process left `folder`; its checkpoints and its history go there.

    Args:
        tell: gets the whole history so far after every validation.
        validations: after how many the fit ends, none of them having a say; by default early stopping decides.

    Raises:
        TrainingError: the loss is no longer a number.
        Interrupted: a signal asked for an end; the state is kept.
    """
    options, padding = member.training, preprocessor.options.padding
    inputs = ARCHITECTURES[member.model.architecture].INPUTS
    train, validation = train.select(inputs), validation.select(inputs)
    epoch_steps, per_epoch = num_steps(len(train.classes), options.batch_size), options.validations_per_epoch
    steps = max(1, round(epoch_steps / per_epoch))  # to a validation
    rate = _learning_rate(options, options.epochs * per_epoch * steps)
    model = compile_network(member, train, preprocessor, objective, seed=seed, rate=rate)
    _choose_loops(model, train, inputs[0], options, padding)
    batches_from = batches_for(member, train, preprocessor, objective, seed=seed)
    times = 1 if validations else min(options.epochs, USUAL_EPOCHS) * per_epoch
    answers = ValidationPredictor(model, validation.arrays, padding=padding, times=times)
    measure = partial(_metrics, answers, validation.classes, objective)
    judging = [] if validations else [Validation(measure, answers.warm_up)]
    keep_best, bar = _keep_best(options, folder, validated=not validations), ProgressBar(per_epoch)
    try:
        seconds = run_loop(
            model,
            lambda start: batches_from(start=divmod(start[0] * steps + start[1], epoch_steps)),
            [*_before(member), bar, *judging, History(folder.history, per_epoch, tell), keep_best],
            path=folder.last_checkpoint,
            epochs=validations or options.epochs * per_epoch,
            epoch_steps=steps,
            every=options.checkpoint_steps,
        )
    except tf.errors.OpError:
        check_not_truncated()  # TensorFlow makes an error of its own of whatever happens while it reads
        raise
    finally:
        bar.close()
    assign(folder.best_checkpoint, weights_of(model), load_checkpoint(folder.best_checkpoint)[1])
    log.info("kept the weights of epoch %s", in_epochs(keep_best.best_epoch, per_epoch))
    return FittedNetwork(model, answers.predict_logits(), keep_best.best_epoch, keep_best.epochs_done, seconds)


def _choose_loops(
    model: keras.Model, train: EncodedDataset, tokens: str, options: TrainingOptions, padding: str
) -> None:
    """How its LSTMs run, by the size of the training.

    Args:
        tokens: name of the array that they read.
    """
    choose_kernels(
        model,
        mean_length=mean_length(train.arrays),
        longest=longest(train.arrays[tokens]),
        batch_size=options.batch_size,
        steps=min(options.epochs, USUAL_EPOCHS) * num_steps(len(train.classes), options.batch_size),
        padding=padding,
    )


def _before(member: Member) -> list[keras.callbacks.Callback]:
    """What has its turn before an epoch's weights are read."""
    vectors = getattr(member.model, "vectors", None)
    frozen = vectors.frozen_epochs * member.training.validations_per_epoch if vectors and vectors.tuned else 0
    return [*([UnfreezeEmbedding(frozen)] if frozen else []), CatchUpRows(), StopAtNonFiniteLoss()]


def _learning_rate(options: TrainingOptions, num_steps: int) -> float | Schedule:
    return learning_rate(options.learning_rate, shape=options.schedule, warmup=options.warmup, num_steps=num_steps)


def _keep_best(options: TrainingOptions, folder: RunFolder, *, validated: bool) -> KeepBest:
    stopping = options.early_stopping
    metric = stopping.metric if stopping else "loss"
    return KeepBest(
        folder.best_checkpoint,
        metric=metric if validated else None,
        patience=stopping.patience if stopping and validated else None,
        per_epoch=options.validations_per_epoch,
    )


def _metrics(answers: ValidationPredictor, classes: np.ndarray, objective: Objective) -> dict[str, float]:
    """What an epoch is judged by; a metric that is not defined for these texts is left out."""
    with ema_weights(answers.model):
        logits = answers.predict_logits()
    targets = objective.targets
    metrics = measure(classes, probabilities_of(logits, targets), targets, objective.decision)
    named = {"loss": "log_loss", "accuracy": "accuracy", "f1_macro": "f1_macro", "roc_auc": "roc_auc"}
    return {name: metrics[source] for name, source in named.items() if metrics[source] is not None}


def probabilities_of(logits: np.ndarray, targets: Targets) -> np.ndarray:
    """Logits (texts, units) -> probabilities (texts, labels)."""
    return targets.probabilities(keras.ops.convert_to_numpy(keras.activations.get(targets.activation)(logits)))
