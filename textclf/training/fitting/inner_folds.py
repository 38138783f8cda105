"""Inner folds: a network is fitted K times, each time without one fold of the texts, and predicts that fold.

The out-of-fold predictions of all texts then decide what on a small validation split chance would decide. The networks
of the folds only choose: a refit to all texts follows, and a finished run keeps no weights of the folds.
"""

import logging
from collections.abc import Callable
from functools import partial

import numpy as np

from textclf.config.ensemble import LIBLINEAR, Member
from textclf.core.run_folder import RunFolder
from textclf.training.fitting.fit import FittedNetwork, fit_network
from textclf.training.fitting.linear import fit_linear_folds
from textclf.training.fitting.task import InnerFolds

log = logging.getLogger(__name__)


def fit_folds(
    member: Member, folds: InnerFolds, folder: RunFolder, log_history: Callable[[str, list[dict]], None]
) -> FittedNetwork:
    """Fit a network to each inner fold.

    Args:
        folder: of the run. Each fit has a folder of its own in it, `networks/fold-1-…`.
        log_history: as for `fit_networks`.

    Returns:
        The network of the first fold, with the out-of-fold logits of all texts, and the median of the best intervals.

    Raises:
        TrainingError, Interrupted: as for `fit_network`.
    """
    names = [f"fold-{number}-{member.name}" for number in range(1, len(folds.tasks) + 1)]
    folders = [folder.network(name) for name in names]
    if member.training.optimizer == LIBLINEAR:
        parts = fit_linear_folds(member, folds.tasks, folders)
    else:
        parts = []
        for task, name, of_fold in zip(folds.tasks, names, folders, strict=True):
            log.info("%s: fold %d/%d", member.name, len(parts) + 1, len(folds.tasks))
            parts.append(fit_network(member, task, of_fold, partial(log_history, name)))
    logits = np.empty((len(folds.of_texts), parts[0].logits.shape[1]), np.float32)
    for number, part in enumerate(parts):
        logits[folds.of_texts == number] = part.logits
    return parts[0]._replace(
        logits=logits,
        best_interval=int(np.median([part.best_interval for part in parts])),
        num_intervals=max(part.num_intervals for part in parts),
        seconds=sum(part.seconds for part in parts),
    )
