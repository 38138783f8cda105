"""Class weights: what a mistake costs in training, by its true label."""

from typing import Literal

import numpy as np

from textclf.data.targets import Targets

# A label of one row in a thousand would outweigh all others, and its probabilities would mean nothing.
LARGEST_CLASS_WEIGHT = 10.0


def class_weights(
    setting: Literal["balanced"] | dict[str, float] | None, targets: Targets, classes: np.ndarray
) -> np.ndarray | None:
    """Return the weight of each label, float32 (labels,), or `None` if all weigh the same.

    Args:
        setting: `targets.class_weights`, which `Targets.fit` has checked.
        classes: of the training texts, as from `Targets.encode`.
    """
    if setting is None:
        return None
    if setting != "balanced":
        return np.array([setting.get(label, 1.0) for label in targets.labels], np.float32)
    if targets.multilabel:  # a label against its absence
        counts = np.maximum(classes.sum(axis=0, dtype=np.float64), 1)
        return np.clip((len(classes) - counts) / counts, 1.0, LARGEST_CLASS_WEIGHT).astype(np.float32)
    counts = np.maximum(np.bincount(classes, minlength=len(targets.labels)), 1)
    weights = len(classes) / (len(targets.labels) * counts)  # as scikit-learn does
    return np.minimum(weights, LARGEST_CLASS_WEIGHT).astype(np.float32)


def sample_weights(
    weights: np.ndarray | None, targets: Targets, classes: np.ndarray, of_rows: np.ndarray | None = None
) -> np.ndarray | None:
    """Return the weight of each row, float32 (rows,); `None` where all weigh the same, or the loss has the weights.

    Args:
        weights: from `class_weights`. The loss of multilabel targets has them.
        of_rows: further weights, of the rows themselves, float32 (rows,).
    """
    if weights is None or targets.multilabel:
        return of_rows
    return weights[classes] if of_rows is None else weights[classes] * of_rows
