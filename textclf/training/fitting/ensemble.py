"""The fit of a training: one network, or each of an ensemble; their best weights as one ONNX graph."""

import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.config.ensemble import Member, members_of
from textclf.core.run_folder import RunFolder
from textclf.data.targets import Targets
from textclf.evaluation.calibration import fit_temperature
from textclf.evaluation.metrics import measure
from textclf.export.onnx import build_graph
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.callbacks import in_epochs
from textclf.training.fitting.ensemble_weights import combine_logits, fit_ensemble_weights
from textclf.training.fitting.fit import FittedNetwork, fit_network, probabilities_of
from textclf.training.fitting.losses import Objective, objective_for

log = logging.getLogger(__name__)


class FitResult(NamedTuple):
    """What is left of a fit. Probabilities are Keras's own, of the validation texts, (texts, labels)."""

    onnx_model: bytes
    probabilities: np.ndarray
    held_out_probabilities: np.ndarray  # of the networks before they were fitted to these texts too
    temperature: float  # by which the logits are divided
    about: dict  # for `run.json`


def fit(
    config: Config,
    train: EncodedDataset,
    validation: EncodedDataset,
    preprocessor: Preprocessor,
    targets: Targets,
    folder: RunFolder,
    tell: Callable[[str, list[dict]], None],
) -> FitResult:
    """Fit the configured network, or each of an ensemble, to the encoded splits; one graph in the end.

    Args:
        tell: gets the name of a network, empty where there is one only, and its whole history so far.

    Raises:
        TrainingError: the loss is no longer a number.
        Interrupted: a signal asked for an end; the state is kept.
    """
    members, parts = members_of(config.model, config.training), (train, validation)
    objective = objective_for(config.targets, targets, train.classes)
    fit_one = partial(fit_network, seed=config.seed, preprocessor=preprocessor, objective=objective)
    several = len(members) > 1
    names = [member.name if several else "" for member in members]
    networks = [
        fit_one(member, *parts, folder=folder.network(member.name, several), tell=partial(tell, name))
        for member, name in zip(members, names, strict=True)
    ]
    logits = [network.logits for network in networks]
    weights = [1.0] if len(networks) == 1 else fit_ensemble_weights(logits, validation.classes, targets.activation)
    temperature = fit_temperature(combine_logits(logits, weights), validation.classes, targets.activation)
    scales = [weight / temperature for weight in weights]
    if several:
        _log_ensemble(members, networks, weights, objective, validation.classes)
    final = _refit(fit_one, members, networks, parts, folder, tell) if config.training.refit else networks
    graph = build_graph(
        *(network.model for network in final),
        activation=targets.activation,
        padding=preprocessor.options.padding,
        scales=scales,
    )
    about = _about(members, networks, weights)
    seconds = sum(network.seconds for network in (networks if final is networks else [*networks, *final]))
    return FitResult(
        graph.SerializeToString(),
        probabilities_of(combine_logits([network.logits for network in final], scales), targets),
        probabilities_of(combine_logits(logits, scales), targets),
        temperature,
        {**about, "refit": config.training.refit, "temperature": temperature, "seconds_fitting": round(seconds, 1)},
    )


def _refit(
    fit_one: Callable[..., FittedNetwork],
    members: list[Member],
    networks: list[FittedNetwork],
    parts: tuple[EncodedDataset, EncodedDataset],
    folder: RunFolder,
    tell: Callable[[str, list[dict]], None],
) -> list[FittedNetwork]:
    """Each network to the texts of both parts, for as long as it took to its best."""
    log.info("fitting again, to train and validation together: the figures of validation are those of before")
    both, names = EncodedDataset.concatenate(parts), [f"refit-{member.name}" for member in members]
    return [
        fit_one(
            member,
            both,
            parts[1],
            folder=folder.network(name),
            tell=partial(tell, name),
            validations=network.best,
        )
        for member, network, name in zip(members, networks, names, strict=True)
    ]


def _about(members: list[Member], networks: list[FittedNetwork], weights: list[float]) -> dict:
    """What `run.json` says of the networks."""
    return {
        "networks": {
            member.name: {
                "best_epoch": in_epochs(network.best, member.training.validations_per_epoch),
                "epochs": in_epochs(network.validations, member.training.validations_per_epoch),
                "weight": weight,
            }
            for member, network, weight in zip(members, networks, weights, strict=True)
        }
    }


def _log_ensemble(
    members: list[Member],
    networks: list[FittedNetwork],
    weights: list[float],
    objective: Objective,
    classes: np.ndarray,
) -> None:
    """What each network gives by itself, and all of them together."""

    def accuracy(logits: np.ndarray) -> float:
        probabilities = probabilities_of(logits, objective.targets)
        return measure(classes, probabilities, objective.targets, objective.decision)["accuracy"]

    for member, network, weight in zip(members, networks, weights, strict=True):
        log.info("%s alone: validation accuracy %.4f; weight %.2f", member.name, accuracy(network.logits), weight)
    log.info(
        "joined: validation accuracy %.4f", accuracy(combine_logits([network.logits for network in networks], weights))
    )
