"""Fitting a Keras model: build, compile, fit, and the best weights as an ONNX graph."""

import logging
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from textclf.averages import averaged_weights
from textclf.batches import evaluation_batches, num_steps
from textclf.calibration import fit_temperature
from textclf.callbacks import History, KeepBest, ProgressBar, StopAtNonFiniteLoss, Validation, in_epochs
from textclf.checkpoints import assign, load_checkpoint, weights_of
from textclf.compiling import batches_for, compile_network
from textclf.config import Config
from textclf.encoded_split import EncodedSplit
from textclf.fit_state import fit_on
from textclf.joining import join, joining_weights
from textclf.models import Member, members_of
from textclf.models.compiled_lstm import choose_loops
from textclf.models.networks import NETWORKS
from textclf.onnx_graph import build_graph
from textclf.preprocessing.arrays import Arrays, lengths_of
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.run_folder import RunFolder
from textclf.schedules import learning_rate
from textclf.targets import Targets
from textclf.training_options import TrainingOptions
from textclf.word_vectors import TuneLater

log = logging.getLogger(__name__)
EVALUATION_BATCH = 128
USUAL_EPOCHS = 3  # early stopping seldom needs fewer


class Fitted(NamedTuple):
    """What is left of a fit. Probabilities are Keras's own, of the validation texts, (texts, labels)."""

    onnx_model: bytes
    probabilities: np.ndarray
    held_out_probabilities: np.ndarray  # of the networks before they were fitted to these texts too
    temperature: float  # by which the logits are divided
    about: dict  # for `run.json`


class FittedNetwork(NamedTuple):
    """One network with the weights of its best epoch."""

    model: keras.Model
    logits: np.ndarray  # of the validation texts, (texts, units)
    best: int  # its number among the validations
    validations: int
    seconds: float


def fit(
    config: Config,
    train: EncodedSplit,
    validation: EncodedSplit,
    preprocessor: Preprocessor,
    targets: Targets,
    folder: RunFolder,
) -> Fitted:
    """Fit the configured network, or each of an ensemble, to the encoded splits; one graph in the end.

    Raises:
        TrainingError: the loss is no longer a number.
        Interrupted: a signal asked for an end; the state is kept.
    """
    members, parts = members_of(config.model, config.training), (train, validation)
    fit_one = partial(fit_network, seed=config.seed, preprocessor=preprocessor, targets=targets)
    networks = [fit_one(member, *parts, folder=folder.network(member.name, len(members) > 1)) for member in members]
    logits = [network.logits for network in networks]
    weights = [1.0] if len(networks) == 1 else joining_weights(logits, validation.classes, targets.activation)
    temperature = fit_temperature(join(logits, weights), validation.classes, targets.activation)
    scales = [weight / temperature for weight in weights]
    if len(networks) > 1:
        _say_joined(members, networks, weights, targets, validation.classes)
    final = networks
    if config.training.refit:
        log.info("fitting again, to train and validation together: the figures of validation are those of before")
        both = EncodedSplit.of(parts)
        final = [
            fit_one(member, both, validation, folder=folder.network(f"refit-{member.name}"), validations=network.best)
            for member, network in zip(members, networks, strict=True)
        ]
    graph = build_graph(
        *(network.model for network in final),
        activation=targets.activation,
        padding=preprocessor.options.padding,
        scales=scales,
    )
    about: dict[str, Any] = {
        member.name: {
            "best_epoch": in_epochs(network.best, member.training.validations_per_epoch),
            "epochs": in_epochs(network.validations, member.training.validations_per_epoch),
            "weight": weight,
        }
        for member, network, weight in zip(members, networks, weights, strict=True)
    }
    seconds = sum(network.seconds for network in {id(network): network for network in [*networks, *final]}.values())
    about = {"networks": about, "refit": config.training.refit, "temperature": temperature}
    return Fitted(
        graph.SerializeToString(),
        _probabilities(join([network.logits for network in final], scales), targets),
        _probabilities(join(logits, scales), targets),
        temperature,
        {**about, "seconds_fitting": round(seconds, 1)},
    )


def fit_network(
    member: Member,
    train: EncodedSplit,
    validation: EncodedSplit,
    *,
    seed: int,
    preprocessor: Preprocessor,
    targets: Targets,
    folder: RunFolder,
    validations: int | None = None,
) -> FittedNetwork:
    """Fit one network, from where an earlier process left `folder`; its checkpoints and its history go there.

    Args:
        validations: after how many the fit ends, none of them having a say; by default early stopping decides.

    Raises:
        TrainingError: the loss is no longer a number.
        Interrupted: a signal asked for an end; the state is kept.
    """
    options, padding = member.training, preprocessor.options.padding
    inputs = NETWORKS[member.model.architecture].INPUTS
    train, validation = train.only(inputs), validation.only(inputs)
    epoch_steps, per_epoch = num_steps(len(train.classes), options.batch_size), options.validations_per_epoch
    steps = max(1, round(epoch_steps / per_epoch))  # to a validation
    rate = learning_rate(
        options.learning_rate,
        shape=options.schedule,
        warmup=options.warmup,
        num_steps=options.epochs * per_epoch * steps,
    )
    model = compile_network(member, train, preprocessor, targets, seed=seed, rate=rate)
    usual_steps = min(options.epochs, USUAL_EPOCHS) * epoch_steps
    choose_loops(model, lengths_of(train.arrays), steps=usual_steps, padding=padding)
    batches_from = batches_for(member, train, preprocessor, targets, seed=seed)
    vectors = getattr(member.model, "vectors", None)
    frozen = vectors.frozen_epochs * per_epoch if vectors and vectors.tuned else 0
    keep_best = _keep_best(options, folder, validated=validations is None)
    measure = partial(_validation_metrics, model, validation, targets, padding)
    judging = [] if validations else [Validation(measure)]
    bar = ProgressBar(per_epoch)
    try:
        seconds = fit_on(
            model,
            lambda start: batches_from(start=divmod(start[0] * steps + start[1], epoch_steps)),
            [
                *([TuneLater(frozen)] if frozen else []),
                *[bar, StopAtNonFiniteLoss(), *judging, History(folder.history, per_epoch), keep_best],
            ],
            path=folder.last_checkpoint,
            epochs=validations or options.epochs * per_epoch,
            epoch_steps=steps,
            every=options.checkpoint_steps,
        )
    finally:
        bar.close()
    assign(folder.best_checkpoint, weights_of(model), load_checkpoint(folder.best_checkpoint)[1])
    log.info("kept the weights of epoch %s", in_epochs(keep_best.best_epoch, per_epoch))
    logits = _logits(model, validation.arrays, padding)
    return FittedNetwork(model, logits, keep_best.best_epoch, keep_best.epochs_done, seconds)


def _say_joined(
    members: list[Member],
    networks: list[FittedNetwork],
    weights: list[float],
    targets: Targets,
    classes: np.ndarray,
) -> None:
    """What each network gives by itself, and all of them together."""

    def accuracy(logits: np.ndarray) -> float:
        return targets.measure(classes, _probabilities(logits, targets))["accuracy"]

    for member, network, weight in zip(members, networks, weights, strict=True):
        log.info("%s alone: validation accuracy %.4f; weight %.2f", member.name, accuracy(network.logits), weight)
    log.info("joined: validation accuracy %.4f", accuracy(join([network.logits for network in networks], weights)))


def _keep_best(options: TrainingOptions, folder: RunFolder, *, validated: bool) -> KeepBest:
    stopping = options.early_stopping
    metric = stopping.metric if stopping else "loss"
    return KeepBest(
        folder.best_checkpoint,
        metric=metric if validated else None,
        patience=stopping.patience if stopping and validated else None,
        per_epoch=options.validations_per_epoch,
    )


def _validation_metrics(model: keras.Model, validation, targets: Targets, padding: str) -> dict[str, float]:
    """What an epoch is judged by; a metric that is not defined for these texts is left out."""
    with averaged_weights(model):
        logits = _logits(model, validation.arrays, padding)
    metrics = targets.measure(validation.classes, _probabilities(logits, targets))
    named = {"loss": "log_loss", "accuracy": "accuracy", "f1_macro": "f1_macro", "roc_auc": "roc_auc"}
    return {name: metrics[source] for name, source in named.items() if metrics[source] is not None}


def _logits(model: keras.Model, arrays: Arrays, padding: str) -> np.ndarray:
    """Keras's logits of encoded texts, (texts, units)."""
    batches, order = evaluation_batches(arrays, batch_size=EVALUATION_BATCH, padding=padding)
    by_length = np.concatenate([model.predict_on_batch(inputs) for (inputs,) in batches])
    logits = np.empty_like(by_length)
    logits[order] = by_length
    return logits


def _probabilities(logits: np.ndarray, targets: Targets) -> np.ndarray:
    """Logits (texts, units) -> probabilities (texts, labels)."""
    return targets.probabilities(keras.ops.convert_to_numpy(keras.activations.get(targets.activation)(logits)))
