"""Inner folds: a network is fitted K times, each time without one fold of the texts, and predicts that fold.

The out-of-fold predictions of all texts then decide what a small validation split decides by chance.
"""

import logging
from collections.abc import Callable
from functools import partial

import numpy as np

from textclf.config.ensemble import LIBLINEAR, Member
from textclf.core.run_folder import RunFolder
from textclf.training.fitting.fit import FittedNetwork, fit_network
from textclf.training.fitting.linear import fit_linear_folds
from textclf.training.fitting.task import Task, fold_task
from textclf.training.fitting.validation import predict_logits

log = logging.getLogger(__name__)


def fit_folds(
    member: Member, whole: Task, folds: np.ndarray, folder: RunFolder, log_history: Callable[[str, list[dict]], None]
) -> FittedNetwork:
    """Fit a network to each inner fold.

    Args:
        whole: the task with all texts.
        folds: the fold of each of these texts, from 0, (texts,).
        folder: of the run. Each fit has a folder of its own in it, `networks/fold-1-…`.
        log_history: as for `fit_networks`.

    Returns:
        The network of the first fold, but with the out-of-fold logits of all texts, the median of the best intervals,
        and the networks of all folds.

    Raises:
        TrainingError, Interrupted: as for `fit_network`.
    """
    numbers = range(folds.max() + 1)
    names = [f"fold-{number + 1}-{member.name}" for number in numbers]
    tasks = [fold_task(whole, folds, number) for number in numbers]
    folders, tellers = [folder.network(name) for name in names], [partial(log_history, name) for name in names]
    if member.training.optimizer == LIBLINEAR:
        parts = fit_linear_folds(member, tasks, folders, tellers)
    else:
        parts = []
        for number in numbers:
            log.info("%s: fold %d/%d", member.name, number + 1, len(numbers))
            parts.append(fit_network(member, tasks[number], folders[number], tellers[number]))
    logits = np.empty((len(folds), parts[0].logits.shape[1]), np.float32)
    for number, part in enumerate(parts):
        logits[folds == number] = part.logits
    return parts[0]._replace(
        logits=logits,
        best_interval=int(np.median([part.best_interval for part in parts])),
        num_intervals=max(part.num_intervals for part in parts),
        seconds=sum(part.seconds for part in parts),
        of_folds=parts,
    )


def all_folds(
    networks: list[FittedNetwork], scales: list[float], whole: Task
) -> tuple[list[FittedNetwork], list[float]]:
    """Return the networks of all inner folds, with the logits of the validation texts, and their scales (bagging)."""
    parts, of_parts = [], []
    for network, scale in zip(networks, scales, strict=True):
        for part in network.of_folds:
            arrays = {tensor.name: whole.validation.arrays[tensor.name] for tensor in part.model.inputs}
            logits = predict_logits(part.model, arrays, padding=whole.preprocessor.options.padding)
            parts.append(part._replace(logits=logits))
            of_parts.append(scale / len(network.of_folds))
    return parts, of_parts
