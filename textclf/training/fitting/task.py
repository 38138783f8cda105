"""The task of a training: its data and its objective. This module imports no Keras."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
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

    def select(self, names: Sequence[str]) -> "Task":
        """Return the task with only the arrays that a network reads."""
        return self._replace(train=self.train.select(names), validation=self.validation.select(names))


def refit_task(task: Task, encoded: Mapping[str, EncodedDataset], preprocessor: Preprocessor) -> Task:
    """Return the task of a refit: all texts, and the objective of the first fit.

    Args:
        encoded: by a preprocessor that has learned from validation, too. Otherwise the words and n-grams of these texts
            would be unknown.
    """
    together = EncodedDataset.concatenate([encoded["train"], encoded["validation"]])
    return task._replace(train=together, validation=encoded["validation"], preprocessor=preprocessor)


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
