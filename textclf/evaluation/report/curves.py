"""What is drawn: precision by recall, ROC, coverage, and what each threshold would give. All from probabilities."""

from typing import NamedTuple

import numpy as np

POINTS = 100  # of a curve: more cannot be seen


class Ranking(NamedTuple):
    """One label's answers at every threshold, from the highest to the lowest; each array (thresholds,)."""

    thresholds: np.ndarray
    hits: np.ndarray
    false_alarms: np.ndarray
    positives: int
    negatives: int


def ranking(truth: np.ndarray, probabilities: np.ndarray) -> Ranking:
    """How many texts with and without a label there are from each probability on.

    Args:
        truth: whether each text has the label, bool (texts,).
        probabilities: (texts,).
    """
    order = np.argsort(-probabilities, kind="stable")
    values, hits = probabilities[order], np.cumsum(truth[order])
    last = np.append(values[1:] != values[:-1], True)
    found = np.arange(1, len(values) + 1)[last]
    return Ranking(values[last], hits[last], found - hits[last], int(hits[-1]), int(len(values) - hits[-1]))


def precision_recall(ranked: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision at every threshold."""
    return ranked.hits / max(ranked.positives, 1), ranked.hits / (ranked.hits + ranked.false_alarms)


def average_precision(ranked: Ranking) -> float | None:
    """The mean of the precisions, each by what it adds to the recall; `None` where no text has the label."""
    if not ranked.positives:
        return None
    recall, precision = precision_recall(ranked)
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def roc(ranked: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """False alarms by hits, both as shares, from (0, 0) on."""
    alarms = np.append(0, ranked.false_alarms) / max(ranked.negatives, 1)
    return alarms, np.append(0, ranked.hits) / max(ranked.positives, 1)


def at_thresholds(ranked: Ranking, steps: int) -> tuple[list[int], list[int]]:
    """Hits and false alarms with every threshold 0, 1 / steps … 1."""
    wanted = np.arange(steps + 1) / steps
    places = np.searchsorted(-ranked.thresholds, -wanted + 1e-12)  # how many thresholds are at least as high
    hits, alarms = (np.append(0, values)[places] for values in (ranked.hits, ranked.false_alarms))
    return hits.tolist(), alarms.tolist()


def coverage(right: np.ndarray, confidences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of texts answered, accuracy on them, and the least confidence that is answered; most certain first."""
    order = np.argsort(-confidences, kind="stable")
    values, hits = confidences[order], np.cumsum(right[order])
    last = np.append(values[1:] != values[:-1], True)
    answered = np.arange(1, len(values) + 1)[last]
    return answered / len(values), hits[last] / answered, values[last]


def thinned(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> list[list[float]]:
    """At most so many points of a curve, at equal distances along it, the ends always."""
    if len(x) > points:
        steps = np.abs(np.diff(x)) + np.abs(np.diff(y))
        along = np.append(0, np.cumsum(steps))
        chosen = np.unique(np.searchsorted(along, np.linspace(0, along[-1], points)))
        chosen = np.unique(np.append(chosen, [0, len(x) - 1]))
        x, y = x[chosen], y[chosen]
    return [[round(float(a), 5), round(float(b), 5)] for a, b in zip(x, y, strict=True)]
