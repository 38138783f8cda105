"""The task of a training: its data and its objective. This module imports no Keras."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.data.splitting import concatenate, inner_fold_numbers
from textclf.data.targets import Targets
from textclf.evaluation.thresholds import decision_for
from textclf.inference.decisions import Decision
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import RaggedArrays, select
from textclf.training.class_weights import class_weights
from textclf.training.encoded_dataset import EncodedDataset, EncodedTexts, TrainingTexts, encode


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
    unlabelled: RaggedArrays | None = None  # of the texts of `data.unlabelled`, encoded as those of train

    def select(self, names: Sequence[str]) -> "Task":
        """Return the task with only the arrays that a network reads."""
        unlabelled = None if self.unlabelled is None else select(self.unlabelled, names)
        train, validation = self.train.select(names), self.validation.select(names)
        return self._replace(train=train, validation=validation, unlabelled=unlabelled)


class InnerFolds(NamedTuple):
    """The folds of train and validation, and what networks are fitted to."""

    of_texts: np.ndarray  # the fold of each text of train, then of validation, from 0, (texts,)
    classes: np.ndarray  # of these texts
    tasks: list[Task]  # of each fold: its texts are the validation of a fit to all others


def refit_task(task: Task, encoded: EncodedTexts) -> Task:
    """Return the task of a refit: all texts, and the objective of the first fit.

    Args:
        encoded: by a preprocessor that has learned from validation, too. Otherwise the words and n-grams of these texts
            would be unknown.
    """
    train, validation = encoded.splits["train"], encoded.splits["validation"]
    return task._replace(
        train=EncodedDataset.concatenate([train, validation]),
        validation=validation,
        preprocessor=encoded.preprocessor,
        unlabelled=encoded.unlabelled,
    )


def inner_folds(config: Config, texts: TrainingTexts, cache: Path, task: Task) -> InnerFolds:
    """Return the inner folds of train and validation, of a config that has them.

    Each fold has a preprocessor of its own. If it knew the n-grams of the held-out texts, their rows would be longer
    than those of new texts, and the temperature wrong.

    Args:
        cache: the folder for encoded texts.
        task: of the first fit, for its objective.

    Raises:
        DataError: there are too few texts for so many folds.
        WriteError: the disk has no room for the cache.
    """
    assert config.training.inner_folds is not None
    folds = inner_fold_numbers(texts.splits, config.training.inner_folds, config.seed)
    together = concatenate([texts.splits["train"], texts.splits["validation"]])
    classes = np.concatenate([texts.classes["train"], texts.classes["validation"]])
    tasks = []
    for fold in range(folds.max() + 1):
        rows = {"train": folds != fold, "validation": folds == fold}
        splits = {name: together.take(some) for name, some in rows.items()}
        of_fold = texts._replace(splits=splits, classes={name: classes[some] for name, some in rows.items()})
        tasks.append(_task(encode(config, of_fold, cache), task.objective, task.seed + fold))
    return InnerFolds(folds, classes, tasks)


def build_task(config: Config, encoded: EncodedTexts, targets: Targets) -> Task:
    """Return the task of a config."""
    train, options = encoded.splits["train"], config.targets
    weights = class_weights(options.class_weights, targets, train.classes)
    objective = Objective(targets, decision_for(options, targets), weights, options.label_smoothing)
    return _task(encoded, objective, config.seed)


def _task(encoded: EncodedTexts, objective: Objective, seed: int) -> Task:
    train, validation = encoded.splits["train"], encoded.splits["validation"]
    return Task(train, validation, encoded.preprocessor, objective, seed, encoded.unlabelled)
