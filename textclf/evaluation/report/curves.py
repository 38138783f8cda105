"""Curves of the report: precision-recall, ROC, the threshold slider, reliability and coverage, and their points."""

import numpy as np

from textclf.core.formatting import format_figure
from textclf.data.targets import Targets
from textclf.evaluation.calibration import before_temperature, expected_calibration_error, reliability
from textclf.evaluation.metrics import binary_roc_auc
from textclf.evaluation.predictions_file import Predictions
from textclf.evaluation.ranking import Ranking, average_precision, rank, roc_curve
from textclf.evaluation.report import blocks
from textclf.inference.classifier import Classifier

MOST_CURVES = 100  # labels with curves of their own
MOST_POINTS = 100  # of a curve: more cannot be seen
STEPS = 200  # of the threshold slider


def label_curves(predictions: Predictions, targets: Targets) -> dict:
    """Return precision-recall and ROC curves of each label against the rest, the most frequent labels first."""
    binary = len(targets.labels) == 2 and not targets.multilabel
    indices = [1] if binary else _by_frequency(predictions)[:MOST_CURVES]
    points = 100 if len(indices) < 20 else 40
    options = {}
    for index in indices:
        ranking = _ranking(predictions, index)
        if ranking.positives and ranking.negatives:
            area = binary_roc_auc(predictions.has_label(index), predictions.probabilities[:, index])
            options[targets.labels[index]] = _curves_of(targets.labels[index], ranking, area, points)
    return blocks.choice("Label", options)


def _curves_of(label: str, ranking: Ranking, area: float | None, points: int) -> list[dict]:
    precision_recall = {label: thinned(ranking.recall, ranking.precision, points)}
    note = f"Average precision {format_figure(average_precision(ranking))}."
    roc = {label: thinned(*roc_curve(ranking), points)}
    area_note = f"Area under the curve {format_figure(area)}."
    return [
        blocks.lines("Precision-recall curve", precision_recall, "recall", "precision", note=note),
        blocks.with_diagonal(blocks.lines("ROC curve", roc, "false-alarm rate", "hit rate", note=area_note)),
    ]


def threshold_sliders(predictions: Predictions, classifier: Classifier) -> dict | None:
    """Return a slider for the positive label of a binary classifier, or for each label of a multi-label one."""
    targets = classifier.targets
    if not targets.multilabel and len(targets.labels) != 2:
        return None
    chosen = classifier.decision.thresholds or [0.5] * len(targets.labels)
    options = {}
    for index in _by_frequency(predictions)[:MOST_CURVES] if targets.multilabel else [1]:
        ranking = _ranking(predictions, index)
        hits, false_alarms = at_thresholds(ranking, STEPS)
        threshold = chosen[index if targets.multilabel else 0]
        options[targets.labels[index]] = [
            blocks.slider(hits, false_alarms, ranking.positives, ranking.negatives, threshold)
        ]
    return blocks.choice("Label", options)


def calibration_curves(predictions: Predictions, targets: Targets, temperature: float) -> list[dict | None]:
    """Return the reliability diagram before and after temperature scaling, and accuracy by coverage."""
    series, errors = {}, {}
    before = before_temperature(predictions.probabilities, temperature, multilabel=targets.multilabel)
    for name, probabilities in {"calibrated": predictions.probabilities, "before calibration": before}.items():
        confidences, correct = _confidences(predictions, probabilities)
        bins = reliability(confidences, correct)
        series[name] = [[round(one.confidence, 4), round(one.accuracy, 4), one.count] for one in bins]
        errors[name] = expected_calibration_error(confidences, correct)
    note = ", ".join(f"{name} {error:.4f}" for name, error in errors.items())
    note = f"A perfectly calibrated classifier lies on the diagonal. Error: {note}. Temperature: {temperature:.3f}."
    diagram = blocks.lines("Reliability diagram", series, "confidence", "accuracy", note=note)
    diagram = blocks.with_diagonal(blocks.dotted(diagram))
    if targets.multilabel:
        return [diagram]
    covered, accuracy, _ = coverage(*_confidences(predictions, predictions.probabilities))
    note = "Accuracy if only the most confident predictions are kept. Set targets.abstain_below accordingly."
    points = {"accuracy": thinned(covered, accuracy)}
    return [diagram, blocks.lines("Accuracy by coverage", points, "coverage", "accuracy", note=note, shares=False)]


def at_thresholds(ranking: Ranking, steps: int) -> tuple[list[int], list[int]]:
    """Return hits and false alarms at the thresholds 0, 1 / steps … 1."""
    thresholds = np.arange(steps + 1) / steps
    positions = np.searchsorted(-ranking.probabilities, -thresholds + 1e-12)  # probabilities at least as high
    hits, false_alarms = (np.append(0, counts)[positions] for counts in (ranking.hits, ranking.false_alarms))
    return hits.tolist(), false_alarms.tolist()


def coverage(confidences: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of texts covered, the accuracy on them and their lowest confidence, most confident texts first.

    Args:
        confidences: probability of each prediction, (texts,).
        correct: whether each is correct, (texts,).
    """
    order = np.argsort(-confidences, kind="stable")
    values, hits = confidences[order], np.cumsum(correct[order])
    last = np.append(values[1:] != values[:-1], True)
    covered = np.arange(1, len(values) + 1)[last]
    return covered / len(values), hits[last] / covered, values[last]


def thinned(x: np.ndarray, y: np.ndarray, points: int = MOST_POINTS) -> list[list[float]]:
    """Return at most this many points of a curve, at equal distances along it, with both ends."""
    if len(x) > points:
        steps = np.abs(np.diff(x)) + np.abs(np.diff(y))
        along = np.append(0, np.cumsum(steps))
        chosen = np.unique(np.searchsorted(along, np.linspace(0, along[-1], points)))
        chosen = np.unique(np.append(chosen, [0, len(x) - 1]))
        x, y = x[chosen], y[chosen]
    return [[round(float(a), 5), round(float(b), 5)] for a, b in zip(x, y, strict=True)]


def _ranking(predictions: Predictions, index: int) -> Ranking:
    return rank(predictions.has_label(index), predictions.probabilities[:, index])


def _by_frequency(predictions: Predictions) -> list[int]:
    """Return the class indices, the most frequent label first."""
    counts = [int(predictions.has_label(index).sum()) for index in range(predictions.probabilities.shape[1])]
    return sorted(range(len(counts)), key=lambda index: -counts[index])


def _confidences(predictions: Predictions, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each prediction and whether it is correct; each label of a multi-label text counts."""
    if predictions.truth.ndim == 2:
        return probabilities.ravel(), predictions.truth.ravel()
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == predictions.truth
