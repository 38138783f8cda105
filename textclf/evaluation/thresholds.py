"""Choose thresholds on validation texts: for the best F1, or for a precision or a recall."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from textclf.data.target_options import Threshold, ThresholdAim
from textclf.data.targets import Targets
from textclf.inference.decisions import Decision

# A label with this many texts gets a threshold half from them and half from the other labels.
TEXTS_OF_TRUST = 10
SMALLEST = 1e-6


class Curve(NamedTuple):
    """The metrics of one label at every threshold, from the highest to the lowest; each array (thresholds,).

    A threshold lies in the middle between two probabilities.
    """

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    f1_without: np.ndarray  # of the opposite label: "does not have it"


def choose_thresholds(
    decision: Decision, threshold: Threshold, classes: np.ndarray, probabilities: np.ndarray, targets: Targets
) -> Decision:
    """Return the decision with thresholds chosen for an aim, or as it is where the setting is no aim.

    Args:
        threshold: the setting `targets.threshold`.
        classes: of validation texts, as from `Targets.encode`.
        probabilities: calibrated ones of these texts, (rows, labels).
    """
    if isinstance(threshold, float) or decision.costs is not None:
        return decision
    if not targets.many:
        curve = curve_of(probabilities[:, 1], classes)
        return decision._replace(thresholds=(_threshold(threshold, curve, best_macro_f1),))
    curves = (curve_of(values, true) for values, true in zip(probabilities.T, classes.T, strict=True))
    found = np.array([_threshold(threshold, curve, best_f1) for curve in curves])
    return decision._replace(thresholds=tuple(shared(found, classes.sum(axis=0)).tolist()))


def _threshold(threshold: str | ThresholdAim, curve: Curve, for_f1: Callable[[Curve], float]) -> float:
    if isinstance(threshold, str):
        return for_f1(curve)
    [(name, value)] = threshold.given().items()
    return AIMS[name](curve, value)


def curve_of(probabilities: np.ndarray, truth: np.ndarray) -> Curve:
    """Return precision, recall and F1 of one label at every threshold.

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
    """Return the threshold with the highest F1 of the label."""
    return float(curve.thresholds[curve.f1.argmax()])


def best_macro_f1(curve: Curve) -> float:
    """Return the threshold with the highest mean F1 of the label and its opposite: the macro F1 of two labels."""
    return float(curve.thresholds[(curve.f1 + curve.f1_without).argmax()])


def recall_at_precision(curve: Curve, precision: float) -> float:
    """Return the threshold with the highest recall at this precision; if none reaches it, the most precise one."""
    enough = np.flatnonzero(curve.precision >= precision)
    return float(curve.thresholds[enough[-1] if len(enough) else curve.precision.argmax()])


def precision_at_recall(curve: Curve, recall: float) -> float:
    """Return the threshold with the highest precision at this recall."""
    enough = curve.recall >= recall - 1e-12
    return float(curve.thresholds[np.where(enough, curve.precision, -1).argmax()])


AIMS = {"precision": recall_at_precision, "recall": precision_at_recall}


def shared(thresholds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Move the threshold of every label towards the mean of all: the rarer the label, the further.

    Of a label that three texts have, a single text would decide otherwise. Measured in `docs/experiments.md`.

    Args:
        thresholds: chosen for each label by itself, (labels,).
        counts: texts that have the label, (labels,).
    """
    clipped = np.clip(thresholds, SMALLEST, 1 - SMALLEST)
    logits = np.log(clipped / (1 - clipped))
    mean = logits[counts > 0].mean() if counts.any() else 0.0
    drawn = (counts * logits + TEXTS_OF_TRUST * mean) / (counts + TEXTS_OF_TRUST)
    return 1 / (1 + np.exp(-drawn))
