"""Fit the linear layer of `ngrams` or of a frozen encoder with LIBLINEAR: converged, where batches stop on the way."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np

from textclf.config.ensemble import Member
from textclf.core.run_folder import RunFolder
from textclf.evaluation.calibration import fit_temperature
from textclf.models.checkpoints import assign, load_checkpoint, save_checkpoint, weights_of
from textclf.preprocessing.ngrams import sparse_matrix
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.callbacks import write_history
from textclf.training.fitting.fit import FittedNetwork
from textclf.training.fitting.frozen import TRAINED, VECTORS, trained_part, use_trained
from textclf.training.fitting.liblinear import LinearModel, Problem, predict, solve
from textclf.training.fitting.ngram_vectors import NgramVectors, learn_ngram_vectors
from textclf.training.fitting.task import Task
from textclf.training.fitting.validation import log_loss, predict_logits

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

log = logging.getLogger(__name__)
STRENGTH = "inverse_regularization"  # name of the chosen value in the checkpoint and in `run.json`


def fit_linear(
    member: Member,
    task: Task,
    folder: RunFolder,
    log_history: Callable[[list[dict]], None],
    *,
    strength: float | None = None,
) -> FittedNetwork:
    """Solve the linear model of a member, or read the solution of an interrupted run, and return it as a network.

    The solution is written once it is there. A run that is interrupted before solves it again, with the same result.

    Args:
        folder: has the checkpoint and the history.
        log_history: called once, with the only line of the history.
        strength: the inverse regularization of a refit, which chooses none. None: the best on validation.

    Raises:
        RunError: the checkpoint is damaged.
        TrainingError: a solution is not finite.
    """
    started = time.perf_counter()
    network, model, part = trained_part(member, task, folder.cache, folder.encoder_checkpoint)
    if not folder.best_checkpoint.exists():
        problem = _problem(member, part, _vectors(member, task))
        if strength is None:
            strength, solution = _best(problem, member, part)
        else:
            solution = solve(problem, strength)
        _assign(solution, model)
        loss = log_loss(part.train.classes, predict(solution, problem.rows), part.objective.targets.activation)
        history = [{"epoch": 1, "loss": f"{loss:.6f}"}]  # of the training texts
        write_history(folder.history, history)
        log_history(history)
        # Without the time that it took, so that an interrupted run ends with the same file.
        save_checkpoint(folder.best_checkpoint, weights_of(model), {STRENGTH: strength})
    seconds = time.perf_counter() - started
    about, weights = load_checkpoint(folder.best_checkpoint)
    assign(weights_of(model), weights, path=folder.best_checkpoint)
    logits = predict_logits(model, part.validation.arrays, padding=part.preprocessor.options.padding)
    use_trained(network, model)
    return FittedNetwork(network, logits, 1, 1, seconds, float(about[STRENGTH]))


def fit_linear_folds(member: Member, tasks: Sequence[Task], folders: Sequence[RunFolder]) -> list[FittedNetwork]:
    """Solve the linear model of a member for each inner fold, and choose the strength that is best out of fold.

    Nothing is written: an interrupted run solves the models again. The networks do not get the solutions, because a
    refit follows.

    Args:
        tasks, folders: of each fold, as for `fit_linear`.

    Raises:
        TrainingError: a solution is not finite.
    """
    started = time.perf_counter()
    networks: list[keras.Model] = []
    found: dict[float, list[np.ndarray]] = {strength: [] for strength in sorted(member.training.inverse_regularization)}
    for task, folder in zip(tasks, folders, strict=True):  # one after the other, because each takes much memory
        network, _, part = trained_part(member, task, folder.cache, folder.encoder_checkpoint)
        problem, held_out = _problem(member, part, _vectors(member, task)), _rows(part.validation, part)
        for strength, logits in found.items():
            logits.append(predict(solve(problem, strength), held_out))
        networks.append(network)
    classes = np.concatenate([task.validation.classes for task in tasks])
    activation = tasks[0].objective.targets.activation
    losses = {}
    for strength, logits in found.items():
        losses[strength] = _calibrated_loss(np.concatenate(logits), classes, activation)
        log.info("inverse regularization %g: log loss %.4f out of fold", strength, losses[strength])
    best = min(losses, key=lambda strength: (losses[strength], -strength))  # of equal ones the last
    seconds = (time.perf_counter() - started) / len(tasks)
    return [
        FittedNetwork(network, logits, 1, 1, seconds, best)
        for network, logits in zip(networks, found[best], strict=True)
    ]


def _problem(member: Member, task: Task, vectors: NgramVectors | None) -> Problem:
    rows = _rows(task.train, task).astype(np.float64)  # as LIBLINEAR reads it
    units = _units(task.train, task.objective.targets.num_outputs)
    options = member.training
    return Problem(rows, units, _weights(task), options.loss, options.ngram_scaling, task.seed, vectors)


def _vectors(member: Member, task: Task) -> NgramVectors | None:
    """Return the vectors of n-grams that a member reads beside them, if any.

    Args:
        task: with the arrays of all members.
    """
    if not member.training.ngram_vectors:
        return None
    sizes = task.preprocessor.num_ids, task.preprocessor.num_ngrams
    return learn_ngram_vectors(task.train.arrays, task.unlabelled, sizes, member.training.ngram_vectors, task.seed)


def _rows(dataset: EncodedDataset, task: Task) -> "csr_matrix | np.ndarray":
    """Return the rows that the linear layer multiplies: n-grams, or vectors of texts."""
    if VECTORS in dataset.arrays:
        return dataset.arrays[VECTORS].values.reshape(len(dataset.classes), -1)
    return sparse_matrix(dataset.arrays, task.preprocessor.num_ngrams)


def _assign(solution: LinearModel, model: keras.Model) -> None:
    """Put a solution into the linear layer of a network."""
    if model.inputs[0].name == VECTORS:
        model.get_layer(TRAINED).set_weights([solution.weights, solution.bias])
    else:
        model.get_layer("ngram_embedding").embeddings.assign(solution.weights)
        model.get_layer("logits").bias.assign(solution.bias)


def _best(problem: Problem, member: Member, task: Task) -> tuple[float, LinearModel]:
    """Return the value of which calibrated probabilities have the lowest log loss on validation, and its solution."""
    strengths, losses = sorted(member.training.inverse_regularization), []
    validation, activation = _rows(task.validation, task), task.objective.targets.activation
    for strength in strengths:
        solution = solve(problem, strength)
        losses.append(_calibrated_loss(predict(solution, validation), task.validation.classes, activation))
        log.info("inverse regularization %g: validation log loss %.4f", strength, losses[-1])
        if losses[-1] == min(losses):
            best = strength, solution
    return best


def _units(dataset: EncodedDataset, num_outputs: int) -> np.ndarray:
    """Return 0 and 1 for each output of the network, (rows, outputs)."""
    classes = dataset.classes
    if classes.ndim == 2:
        return classes.astype(np.int8)
    if num_outputs == 1:
        return classes[:, None].astype(np.int8)
    return (classes[:, None] == np.arange(num_outputs)).astype(np.int8)


def _weights(task: Task) -> np.ndarray | None:
    """Return the weight of each row for each output, (rows, outputs or 1); `None` if all are 1."""
    weights, classes, of_rows = task.objective.class_weights, task.train.classes, task.train.weights
    if weights is None:
        return None if of_rows is None else of_rows[:, None]
    of_labels = np.where(classes > 0, weights, 1.0) if classes.ndim == 2 else weights[classes][:, None]
    return of_labels if of_rows is None else of_labels * of_rows[:, None]


def _calibrated_loss(logits: np.ndarray, classes: np.ndarray, activation: str) -> float:
    return log_loss(classes, logits / fit_temperature(logits, classes, activation), activation)
