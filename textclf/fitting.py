"""Fitting a Keras model: build, compile, fit, and the best weights as an ONNX graph."""

import logging
import time
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from textclf.batches import evaluation_batches, num_steps, training_batches
from textclf.callbacks import History, KeepBest, ProgressBar, StopAtNonFiniteLoss, Validation
from textclf.checkpoints import load_checkpoint
from textclf.config import Config
from textclf.models import build_model
from textclf.models.embedding import Tokens
from textclf.onnx_graph import build_graph
from textclf.optimizers import Adam
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.run_folder import RunFolder
from textclf.schedules import learning_rate
from textclf.targets import Targets

log = logging.getLogger(__name__)
EVALUATION_BATCH = 128


class Fitted(NamedTuple):
    """What is left of a fit."""

    onnx_model: bytes
    validation_probabilities: np.ndarray  # Keras's own, (texts, labels)
    best_epoch: int
    epochs: int
    seconds: float


def fit(config: Config, train, validation, preprocessor: Preprocessor, targets: Targets, folder: RunFolder) -> Fitted:
    """Fit the configured network to the encoded splits.

    Args:
        train, validation: rows of token ids and classes.

    Raises:
        TrainingError: the loss is no longer a number.
    """
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    options, padding = config.training, preprocessor.options.padding
    steps = num_steps(len(train.classes), options.batch_size)
    model = _compiled_model(config, preprocessor, targets, steps)
    batches = training_batches(
        train.rows,
        train.classes,
        targets.row_weights(train.classes),
        batch_size=options.batch_size,
        seed=config.seed,
        padding=padding,
    )
    keep_best = _keep_best(config, folder)
    bar = ProgressBar()
    measure = partial(_validation_metrics, model, validation, targets, padding)
    started = time.perf_counter()
    try:
        model.fit(
            batches,
            steps_per_epoch=steps,
            epochs=options.epochs,
            callbacks=[bar, StopAtNonFiniteLoss(), Validation(measure), History(folder.history), keep_best],
            shuffle=False,  # the batches are
            verbose=0,
        )
    finally:
        bar.close()
    seconds = time.perf_counter() - started
    load_checkpoint(folder.best_checkpoint, model, with_optimizer=False)
    log.info("kept the weights of epoch %d", keep_best.best_epoch)
    graph = build_graph(model, activation=targets.activation, padding=padding).SerializeToString()
    probabilities = _probabilities(model, validation.rows, targets, padding)
    return Fitted(graph, probabilities, keep_best.best_epoch, keep_best.epochs_done, seconds)


def _compiled_model(config: Config, preprocessor: Preprocessor, targets: Targets, epoch_steps: int) -> keras.Model:
    options = config.training
    tokens = Tokens(preprocessor.num_ids, preprocessor.options.sequence_length)
    model = build_model(config.model, tokens, num_units=targets.num_units)
    rate = learning_rate(
        options.learning_rate, shape=options.schedule, warmup=options.warmup, num_steps=options.epochs * epoch_steps
    )
    optimizer = Adam(learning_rate=rate, clipnorm=options.clip_norm)
    model.compile(optimizer=optimizer, loss=targets.loss(), metrics=[targets.accuracy()])
    log.info("network %s: %s weights, on %s", config.model.architecture, f"{model.count_params():,}", _device())
    return model


def _keep_best(config: Config, folder: RunFolder) -> KeepBest:
    stopping = config.training.early_stopping
    return KeepBest(
        folder.best_checkpoint,
        folder.last_checkpoint,
        metric=stopping.metric if stopping else "loss",
        patience=stopping.patience if stopping else None,
    )


def _validation_metrics(model: keras.Model, validation, targets: Targets, padding: str) -> dict[str, float]:
    """What an epoch is judged by; a metric that is not defined for these texts is left out."""
    metrics = targets.measure(validation.classes, _probabilities(model, validation.rows, targets, padding))
    named = {"loss": "log_loss", "accuracy": "accuracy", "f1_macro": "f1_macro", "roc_auc": "roc_auc"}
    return {name: metrics[source] for name, source in named.items() if metrics[source] is not None}


def _probabilities(model: keras.Model, rows, targets: Targets, padding: str) -> np.ndarray:
    """Keras's probabilities of encoded texts, (texts, labels)."""
    batches, order = evaluation_batches(rows, batch_size=EVALUATION_BATCH, padding=padding)
    logits = np.concatenate([model.predict_on_batch(inputs) for (inputs,) in batches])
    outputs = np.empty_like(logits)
    outputs[order] = keras.ops.convert_to_numpy(keras.activations.get(targets.activation)(logits))
    return targets.probabilities(outputs)


def _device() -> str:
    gpus = tf.config.list_physical_devices("GPU")
    return f"{len(gpus)} GPU" if gpus else "the CPU"
