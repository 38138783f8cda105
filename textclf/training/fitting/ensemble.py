"""All networks of a training: fit each, find their weights in the ensemble, refit, and export one ONNX graph."""

import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np

from textclf.config.config import Config
from textclf.config.ensemble import LIBLINEAR, Member, members_of
from textclf.core.run_folder import RunFolder
from textclf.evaluation.calibration import doubtful_truth, fit_temperature
from textclf.evaluation.metrics import measure
from textclf.export.onnx import build_graph
from textclf.training.fitting.callbacks import in_epochs
from textclf.training.fitting.fit import FittedNetwork, fit_network
from textclf.training.fitting.inner_folds import fit_folds
from textclf.training.fitting.linear import STRENGTH, fit_linear
from textclf.training.fitting.processes import check_same, number_of_first, on_devices
from textclf.training.fitting.task import InnerFolds, Objective, Task
from textclf.training.fitting.validation import log_loss, probabilities_of
from textclf.training.fitting.worker import digest_of

log = logging.getLogger(__name__)
ROUNDS, STEPS = 50, 30  # of the coordinate descent, and of each golden-section search
LARGEST_WEIGHT = 32.0  # the logits of a linear SVM lie near -1 and 1
INNER_FOLDS = "inner_folds"  # their number in `run.json`
GOLDEN = (np.sqrt(5) - 1) / 2


class FitResult(NamedTuple):
    """The result of a fit. Probabilities are those of Keras, (texts, labels)."""

    onnx_model: bytes
    probabilities: np.ndarray  # of the final networks for the validation texts
    held_out_probabilities: np.ndarray  # of the texts of `held_out_classes`, by networks that were not fitted to them
    held_out_classes: np.ndarray  # of the validation texts; with inner folds of all, of which validation is the end
    temperature: float  # the logits are divided by it
    run_metadata: dict  # for `run.json`


def fit_networks(
    config: Config,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[str, list[dict]], None],
    refit: Task | None = None,
    folds: InnerFolds | None = None,
) -> FitResult:
    """Fit the configured network, or every network of an ensemble, and combine them in one graph.

    Args:
        log_history: called after every validation with the name of the network, "" if there is only one, and the whole
            history so far.
        refit: the task with all texts, to which the networks are fitted in the end; None: they stay as they are.
        folds: the inner folds that decide in place of the validation texts. They need a refit.

    Raises:
        TrainingError: the loss is not finite.
        Interrupted: a signal asked for an end; the state is saved.
    """
    with on_devices(config.training.devices):
        check_same(partial(digest_of, config, task))
        return _fit_networks(config, task, folder, log_history, refit, folds)


def _fit_networks(
    config: Config,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[str, list[dict]], None],
    refit: Task | None,
    folds: InnerFolds | None,
) -> FitResult:
    targets, members = task.objective.targets, members_of(config.model, config.training)
    if folds:
        networks, classes = [fit_folds(member, folds, folder, log_history) for member in members], folds.classes
    else:
        networks, classes = _fit_once(members, task, folder, log_history), task.validation.classes
    logits, weights = [network.logits for network in networks], [1.0]
    if len(members) > 1:
        weights = fit_ensemble_weights(logits, classes, targets.activation)
        _log_ensemble(members, logits, weights, classes, task.objective)
    temperature = fit_temperature(combine_logits(logits, weights), classes, targets.activation)
    refitted = _refit(members, networks, refit, folder, log_history) if refit else []
    run_metadata = {
        "networks": _networks_metadata(members, networks, weights),
        "refit": refit is not None,
        **({INNER_FOLDS: len(folds.tasks)} if folds else {}),
        "temperature": temperature,
        "seconds_fitting": round(sum(network.seconds for network in [*networks, *refitted]), 1),
    }
    final, scales = refitted or networks, [weight / temperature for weight in weights]
    return FitResult(
        _export(final, scales, task),
        probabilities_of(combine_logits([network.logits for network in final], scales), targets),
        probabilities_of(combine_logits(logits, scales), targets),
        classes,
        temperature,
        run_metadata,
    )


def _fit_once(
    members: list[Member], task: Task, folder: RunFolder, log_history: Callable[[str, list[dict]], None]
) -> list[FittedNetwork]:
    """Fit every network to the training texts."""
    is_ensemble = len(members) > 1
    names = [member.name if is_ensemble else "" for member in members]
    return [
        _fit(member, task, folder.network(member.name, is_ensemble), partial(log_history, name))
        for member, name in zip(members, names, strict=True)
    ]


def _export(networks: list[FittedNetwork], scales: list[float], task: Task) -> bytes:
    """Return one ONNX graph of all networks. Their logits are added up with `scales`."""
    models, activation = [network.model for network in networks], task.objective.targets.activation
    models, scales = merge_linear(models, scales)
    graph = build_graph(*models, activation=activation, padding=task.preprocessor.options.padding, scales=scales)
    return graph.SerializeToString()


def merge_linear(models: list[keras.Model], scales: list[float]) -> tuple[list[keras.Model], list[float]]:
    """Return the models and their scales with one linear model of n-grams in place of several, with the same sum.

    So an ensemble of linear models answers as fast as one of them.
    """
    layers = [{layer.name for layer in model.layers} for model in models]
    linear = [number for number, names in enumerate(layers) if "ngram_embedding" in names and "hidden" not in names]
    if len(linear) < 2:
        return models, scales
    merged = keras.models.clone_model(models[linear[0]])
    weights = zip(*(models[number].get_weights() for number in linear), strict=True)
    merged.set_weights([combine_logits(list(of_layer), [scales[number] for number in linear]) for of_layer in weights])
    others = [number for number in range(len(models)) if number not in linear]
    return [merged, *(models[number] for number in others)], [1.0, *(scales[number] for number in others)]


def _refit(
    members: list[Member],
    networks: list[FittedNetwork],
    task: Task,
    folder: RunFolder,
    log_history: Callable[[str, list[dict]], None],
) -> list[FittedNetwork]:
    """Fit every network to train and validation together, for as long as its first fit took to its best weights."""
    log.info("refitting on train + validation; validation metrics are those before it")
    refitted = []
    for member, network in zip(members, networks, strict=True):
        name = f"refit-{member.name}"
        tell = partial(log_history, name)
        refitted.append(_fit(member, task, folder.network(name), tell, first=network))
    return refitted


def _fit(
    member: Member,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[list[dict]], None],
    first: FittedNetwork | None = None,
) -> FittedNetwork:
    """Fit one network, by what its settings name as optimizer.

    Args:
        first: for a refit the network of the first fit, which has chosen what is chosen on validation.
    """
    if member.training.optimizer == LIBLINEAR:
        return fit_linear(member, task, folder, log_history, strength=first.inverse_regularization if first else None)
    intervals = number_of_first(first.best_interval) if first else None
    return fit_network(member, task, folder, log_history, refit_intervals=intervals)


def _networks_metadata(members: list[Member], networks: list[FittedNetwork], weights: list[float]) -> dict:
    """Return what `run.json` has of every network."""
    return {
        member.name: {
            "best_epoch": in_epochs(network.best_interval, member.training.validations_per_epoch),
            "epochs": in_epochs(network.num_intervals, member.training.validations_per_epoch),
            "weight": weight,
            **({} if (chosen := network.inverse_regularization) is None else {STRENGTH: chosen}),
        }
        for member, network, weight in zip(members, networks, weights, strict=True)
    }


def _log_ensemble(
    members: list[Member], logits: list[np.ndarray], weights: list[float], classes: np.ndarray, objective: Objective
) -> None:
    """Log the accuracy of every network by itself, and of the ensemble."""

    def accuracy(values: np.ndarray) -> float:
        probabilities = probabilities_of(values, objective.targets)
        return measure(classes, probabilities, objective.targets, objective.decision)["accuracy"]

    for member, values, weight in zip(members, logits, weights, strict=True):
        log.info("%s alone: accuracy %.4f; weight %.2f", member.name, accuracy(values), weight)
    log.info("ensemble: accuracy %.4f", accuracy(combine_logits(logits, weights)))


def fit_ensemble_weights(logits: list[np.ndarray], classes: np.ndarray, activation: str) -> list[float]:
    """Return the weights of the networks, at least 0, with the lowest log loss: one at a time, until none changes.

    The loss is convex in the weights. With one network this is temperature scaling (Guo et al. 2017), with several it
    is stacking of logits (Wolpert 1992). So few numbers cannot overfit a validation set of some hundred texts. The
    truth is doubtful: networks without an error would get endless weights, and be certain of every text.

    Args:
        logits: of each network, (texts, outputs).
        classes: as `Targets.encode` returns them.
        activation: "sigmoid" or "softmax".
    """
    weights = np.full(len(logits), 1 / len(logits))
    truth = doubtful_truth(classes, logits[0].shape, activation)

    def loss(number: int, weight: float) -> float:
        rest = sum(weights[other] * logits[other] for other in range(len(logits)) if other != number)
        return log_loss(truth, rest + weight * logits[number], activation)

    for _ in range(ROUNDS):
        before = weights.copy()
        for number in range(len(logits)):
            weights[number] = _minimize(partial(loss, number))
        if np.abs(weights - before).max() < 1e-3:
            break
    return [float(weight) for weight in weights.round(4)]


def combine_logits(logits: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """Return the weighted sum, (texts, outputs)."""
    return np.sum([weight * values for weight, values in zip(weights, logits, strict=True)], axis=0)


def _minimize(function: Callable[[float], float]) -> float:
    """Return where a convex function of 0 to `LARGEST_WEIGHT` is lowest, by golden-section search."""
    low, high = 0.0, LARGEST_WEIGHT
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
