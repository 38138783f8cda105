"""The task of a training: its data and its objective. This module imports no Keras."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.core.errors import DataError
from textclf.core.text_column import stored_texts
from textclf.data.dataset import Dataset
from textclf.data.labels import Labels
from textclf.data.splitting import fold_numbers
from textclf.data.targets import Targets
from textclf.evaluation.thresholds import decision_for
from textclf.inference.decisions import Decision
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.training.class_weights import class_weights
from textclf.training.encoded_dataset import EncodedDataset


class Objective(NamedTuple):
    """The settings of the loss and of the validation metrics. A refit keeps those of the first fit."""

    targets: Targets
    decision: Decision  # of the validation metrics, before thresholds are chosen
    class_weights: np.ndarray | None = None  # float32 (labels,)
    label_smoothing: float = 0.0


class Task(NamedTuple):
    """The data and the objective that all networks of a training share."""

    train: EncodedDataset
    validation: EncodedDataset
    preprocessor: Preprocessor
    objective: Objective
    seed: int
    folds: np.ndarray | None = None  # the inner fold of each training text, from 0, (texts,)

    def select(self, names: Sequence[str]) -> "Task":
        """Return the task with only the arrays that a network reads."""
        return self._replace(train=self.train.select(names), validation=self.validation.select(names))


def whole_task(
    task: Task, encoded: Mapping[str, EncodedDataset], preprocessor: Preprocessor, folds: np.ndarray | None = None
) -> Task:
    """Return the task of a refit and of inner folds: all texts, and the objective of the first fit.

    Args:
        encoded: by a preprocessor that has learned from validation, too. Otherwise the words and n-grams of these texts
            would be unknown.
        folds: as from `inner_folds`, or None.
    """
    together = EncodedDataset.concatenate([encoded["train"], encoded["validation"]])
    return task._replace(train=together, validation=encoded["validation"], preprocessor=preprocessor, folds=folds)


def inner_folds(splits: Mapping[str, Dataset], folds: int | None, seed: int) -> np.ndarray | None:
    """Return the fold of each text of train and validation, from 0, in the order of `whole_task`, (texts,).

    Args:
        folds: their number; None: there are none.

    Raises:
        DataError: there are too few texts for so many folds.
    """
    if folds is None:
        return None
    parts = [splits[name] for name in ("train", "validation")]
    texts, labels = stored_texts(part.texts for part in parts), Labels.of(chain(*(part.labels for part in parts)))
    together = Dataset(parts[0].name, texts, labels, np.arange(len(labels), dtype=np.int32))
    try:
        return fold_numbers(together, folds, seed)
    except DataError:
        raise DataError(
            f"training.inner_folds: expected fewer than {folds} folds, because {parts[0].name} has too few different "
            "texts of each label. Set it to null, or add rows."
        ) from None


def fold_task(whole: Task, folds: np.ndarray, number: int) -> Task:
    """Return the task of one inner fold: its texts are the validation of a fit on all others.

    Args:
        whole: knows the words and n-grams of all texts, as the final networks do.
        folds: as from `inner_folds`.
    """
    train, validation = (whole.train.take(np.flatnonzero(rows)) for rows in (folds != number, folds == number))
    return whole._replace(train=train, validation=validation, seed=whole.seed + number, folds=None)


def build_task(
    config: Config, encoded: Mapping[str, EncodedDataset], preprocessor: Preprocessor, targets: Targets
) -> Task:
    """Return the task of a config.

    Args:
        encoded: the splits `train` and `validation`.
    """
    train, options = encoded["train"], config.targets
    weights = class_weights(options.class_weights, targets, train.classes)
    objective = Objective(targets, decision_for(options, targets), weights, options.label_smoothing)
    return Task(train, encoded["validation"], preprocessor, objective, config.seed)
