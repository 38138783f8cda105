"""Keras losses and accuracy on logits, for each type of targets."""

from collections.abc import Callable

import keras
import numpy as np

from textclf.data.targets import Targets
from textclf.training.fitting.task import Objective


def build_loss(objective: Objective, kind: str = "log_loss") -> Callable:
    """Return the Keras loss on logits.

    Args:
        kind: a key of `LOSSES`.
    """
    return LOSSES[kind][objective.targets.type](objective.label_smoothing, objective.class_weights)


def build_accuracy(targets: Targets) -> keras.metrics.Metric:
    """Return the Keras accuracy on logits: of single labels, not of whole predictions, where a text has several."""
    if targets.activation == "softmax":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="label_accuracy" if targets.multilabel else "accuracy", threshold=0.0)


def binary_loss(label_smoothing: float, weights: np.ndarray | None):  # noqa: ARG001 (samples carry the weights)
    """Return the log loss of one unit; the classes are 0 and 1."""
    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)


def multiclass_loss(label_smoothing: float, weights: np.ndarray | None):  # noqa: ARG001 (samples carry the weights)
    """Return the log loss of a unit per label; classes are the indices of the true labels."""
    if not label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def smoothed_crossentropy(classes, logits):
        truth = _truth_of_classes(classes, logits)
        return keras.losses.categorical_crossentropy(truth, logits, from_logits=True, label_smoothing=label_smoothing)

    return smoothed_crossentropy


def multilabel_loss(label_smoothing: float, weights: np.ndarray | None):
    """Return the mean log loss over labels; classes are 0 and 1 for each, and a 1 counts by the label's weight."""
    positive_weights = 1.0 if weights is None else keras.ops.convert_to_tensor(weights)

    def weighted_crossentropy(truth, logits):
        truth = truth * (1 - label_smoothing) + label_smoothing / 2
        missed = positive_weights * truth * keras.ops.softplus(-logits)
        return keras.ops.mean(missed + (1 - truth) * keras.ops.softplus(logits), axis=-1)

    return weighted_crossentropy


def _truth_of_one_output(classes, logits):
    return keras.ops.reshape(keras.ops.cast(classes, logits.dtype), (-1, 1))


def _truth_of_classes(classes, logits):
    return keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(classes, (-1,)), "int32"), logits.shape[-1])


def _truth_of_labels(truth, logits):  # noqa: ARG001 (as the others)
    return truth


def squared_hinge(truth_of: Callable, *, weighted: bool) -> Callable:
    """Return a builder of the squared hinge loss of each unit, as in scikit-learn's LinearSVC.

    A logit beyond 1 on the right side of 0 costs nothing, so the many easy texts of a frequent label do not outweigh
    those of a rare one.

    Args:
        truth_of: (classes, logits) -> 0 and 1 for every unit.
        weighted: the loss applies the weights of the labels; otherwise the sample weights contain them.
    """

    def loss_for(label_smoothing: float, weights: np.ndarray | None):
        positive_weights = 1.0 if weights is None or not weighted else keras.ops.convert_to_tensor(weights)

        def loss(classes, logits):
            truth = truth_of(classes, logits) * (1 - label_smoothing) + label_smoothing / 2
            missed = positive_weights * truth * keras.ops.square(keras.ops.relu(1 - logits))
            return keras.ops.mean(missed + (1 - truth) * keras.ops.square(keras.ops.relu(1 + logits)), axis=-1)

        return loss

    return loss_for


LOSSES = {
    "log_loss": {"binary": binary_loss, "multiclass": multiclass_loss, "multilabel": multilabel_loss},
    "squared_hinge": {
        "binary": squared_hinge(_truth_of_one_output, weighted=False),
        "multiclass": squared_hinge(_truth_of_classes, weighted=False),
        "multilabel": squared_hinge(_truth_of_labels, weighted=True),
    },
}
