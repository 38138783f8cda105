"""Thresholds for an aim, chosen on texts that were not learned from: the best F1, or one of precision and recall."""

from typing import NamedTuple

import numpy as np

# A label with this many texts gets a threshold half from them and half from the other labels.
TEXTS_OF_TRUST = 10
SMALLEST = 1e-6


class Curve(NamedTuple):
    """What one label's answers would be at every threshold, from the highest to the lowest; each array (thresholds,).

    A threshold lies in the middle between two probabilities.
    """

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    f1_without: np.ndarray  # of the answer "it does not have the label"


def curve_of(probabilities: np.ndarray, truth: np.ndarray) -> Curve:
    """Precision, recall and F1 of one label.

    Args:
        probabilities: (rows,).
        truth: whether each row has the label, (rows,).
    """
    order = np.argsort(-probabilities, kind="stable")
    probabilities, hits = probabilities[order].astype(np.float64), np.cumsum(truth[order], dtype=np.float64)
    last = np.append(probabilities[1:] != probabilities[:-1], True)  # of equal ones
    thresholds = (probabilities + np.append(probabilities[1:], 0)) / 2
    rows, answered, total = len(probabilities), np.arange(1, len(probabilities) + 1), hits[-1]
    rightly_not = rows - total - (answered - hits)
    figures = (
        thresholds,
        hits / answered,
        hits / max(total, 1),
        2 * hits / (answered + total),
        2 * rightly_not / np.maximum(2 * rows - total - answered, 1),
    )
    return Curve(*(figure[last] for figure in figures))


def best_f1(curve: Curve) -> float:
    """The threshold of the highest F1 of the label."""
    return float(curve.thresholds[curve.f1.argmax()])


def best_macro_f1(curve: Curve) -> float:
    """The threshold of the highest mean F1 of the label and its opposite: the macro F1 of two labels."""
    return float(curve.thresholds[(curve.f1 + curve.f1_without).argmax()])


def recall_at_precision(curve: Curve, precision: float) -> float:
    """The threshold of the highest recall among those of at least this precision; if none has it, the most precise."""
    enough = np.flatnonzero(curve.precision >= precision)
    return float(curve.thresholds[enough[-1] if len(enough) else curve.precision.argmax()])


def precision_at_recall(curve: Curve, recall: float) -> float:
    """The threshold of the highest precision among those of at least this recall."""
    enough = curve.recall >= recall - 1e-12
    return float(curve.thresholds[np.where(enough, curve.precision, -1).argmax()])


def shared(thresholds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Thresholds of many labels, each drawn towards the mean of all, the more, the rarer the label is.

    Where three texts have a label, the one of them that comes first by chance would decide. Measured in
    `docs/experiments.md`.

    Args:
        thresholds: chosen for each label by itself, (labels,).
        counts: texts that have the label, (labels,).
    """
    clipped = np.clip(thresholds, SMALLEST, 1 - SMALLEST)
    logits = np.log(clipped / (1 - clipped))
    mean = logits[counts > 0].mean() if counts.any() else 0.0
    drawn = (counts * logits + TEXTS_OF_TRUST * mean) / (counts + TEXTS_OF_TRUST)
    return 1 / (1 + np.exp(-drawn))
