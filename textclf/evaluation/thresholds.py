"""Choose thresholds on validation texts: for the best F1, or for a precision or a recall."""

from collections.abc import Callable

import numpy as np

from textclf.data.target_options import TargetOptions, Threshold, ThresholdAim
from textclf.data.targets import HALF, Targets
from textclf.evaluation.calibration import activate
from textclf.evaluation.ranking import Ranking, rank
from textclf.inference.decisions import Decision

# A label with this many texts gets a threshold half from them and half from the other labels.
TEXTS_OF_TRUST = 10
SMALLEST = 1e-6


def decision_for(options: TargetOptions, targets: Targets) -> Decision:
    """Return what the settings decide before training: everything but thresholds that are chosen on validation texts.

    Args:
        options: which `Targets.fit` has checked.
    """
    threshold, thresholds = options.threshold, None
    costs = threshold.costs if isinstance(threshold, ThresholdAim) else None
    if isinstance(threshold, float) and threshold != HALF:
        thresholds = (threshold,) * (len(targets.labels) if targets.multilabel else 1)
    return Decision(thresholds, costs, options.abstain_below)


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
    if not targets.multilabel:
        ranking = rank(classes, probabilities[:, 1])
        return decision._replace(thresholds=(_threshold(threshold, ranking, best_macro_f1),))
    rankings = (rank(true, values) for true, values in zip(classes.T, probabilities.T, strict=True))
    found = np.array([_threshold(threshold, ranking, best_f1) for ranking in rankings])
    return decision._replace(thresholds=tuple(shared(found, classes.sum(axis=0)).tolist()))


def _threshold(threshold: str | ThresholdAim, ranking: Ranking, for_f1: Callable[[Ranking], float]) -> float:
    if isinstance(threshold, str):
        return for_f1(ranking)
    [(name, value)] = threshold.given().items()
    return AIMS[name](ranking, value)


def best_f1(ranking: Ranking) -> float:
    """Return the threshold with the highest F1 of the label."""
    return float(ranking.thresholds[ranking.f1.argmax()])


def best_macro_f1(ranking: Ranking) -> float:
    """Return the threshold with the highest mean F1 of the label and its opposite: the macro F1 of two labels."""
    return float(ranking.thresholds[(ranking.f1 + ranking.opposite_f1).argmax()])


def recall_at_precision(ranking: Ranking, precision: float) -> float:
    """Return the threshold with the highest recall at this precision; if none reaches it, the most precise one."""
    enough = np.flatnonzero(ranking.precision >= precision)
    return float(ranking.thresholds[enough[-1] if len(enough) else ranking.precision.argmax()])


def precision_at_recall(ranking: Ranking, recall: float) -> float:
    """Return the threshold with the highest precision at this recall."""
    enough = ranking.recall >= recall
    return float(ranking.thresholds[np.where(enough, ranking.precision, -1).argmax()])


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
    return activate(drawn, "sigmoid")
