"""Points of the curves in the report."""

import numpy as np

from textclf.evaluation.ranking import Ranking

MOST_POINTS = 100  # of a curve: more cannot be seen


def at_thresholds(ranking: Ranking, steps: int) -> tuple[list[int], list[int]]:
    """Return hits and false alarms at the thresholds 0, 1 / steps … 1."""
    thresholds = np.arange(steps + 1) / steps
    positions = np.searchsorted(-ranking.probabilities, -thresholds + 1e-12)  # probabilities at least as high
    hits, false_alarms = (np.append(0, counts)[positions] for counts in (ranking.hits, ranking.false_alarms))
    return hits.tolist(), false_alarms.tolist()


def coverage(correct: np.ndarray, confidences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of texts covered, the accuracy on them and their lowest confidence, most confident texts first.

    Args:
        correct: whether each prediction is correct, (texts,).
        confidences: its probability, (texts,).
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
