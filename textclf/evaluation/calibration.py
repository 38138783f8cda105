"""Whether 0.9 means 90 percent: how far probabilities are from it, and one temperature that brings them nearer."""

from typing import NamedTuple

import numpy as np

BINS = 15  # as in Guo et al. 2017
MOST_ROWS = 50_000  # a single number needs no more to be fitted
COLDEST, HOTTEST = 0.1, 10.0  # temperatures
HALVINGS = 40  # of the interval between them: exact to seven digits
SMALLEST = 1e-12  # probability whose logarithm is taken


class Bin(NamedTuple):
    """Answers of about the same confidence."""

    confidence: float  # their mean
    right: float  # the share of them that is right
    count: int  # type: ignore[assignment]  # hides tuple.count


def reliability(confidences: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[Bin]:
    """The points of a reliability diagram: answers by confidence, in bins of equal width; empty ones are left out.

    Args:
        confidences: probability of each answer, (answers,).
        right: whether each is right, (answers,).
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.searchsorted(edges[1:-1], confidences)
    counts = np.bincount(bin_of, minlength=bins)
    confidence = np.bincount(bin_of, weights=confidences, minlength=bins)
    hits = np.bincount(bin_of, weights=right.astype(np.float64), minlength=bins)
    return [
        Bin(float(confidence[number] / counts[number]), float(hits[number] / counts[number]), int(counts[number]))
        for number in np.flatnonzero(counts)
    ]


def expected_calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """Mean distance between confidence and share of right answers over 15 bins (Guo et al. 2017).

    Arguments as for `reliability`.
    """
    points = reliability(confidences, right)
    return sum(abs(point.confidence - point.right) * point.count for point in points) / len(confidences)


def fit_temperature(logits: np.ndarray, truth: np.ndarray, activation: str) -> float:
    """The temperature T for which the probabilities of `logits / T` have the lowest log loss (Guo et al. 2017).

    The truth counts as 1 - 1 / (rows + 2) and not as 1, as Platt (1999) does: a few validation texts without a
    mistake do not make certain.

    Args:
        logits: (rows, units), of texts that were not learned from.
        truth: class indices (rows,), or 0 and 1 for every unit.
        activation: "softmax" over the units, or "sigmoid" of each.

    Returns:
        Between 0.1 and 10; above 1 the network was too sure.
    """
    chosen = np.arange(min(len(logits), MOST_ROWS)) * len(logits) // min(len(logits), MOST_ROWS)
    logits, truth = logits[chosen].astype(np.float64), truth[chosen]
    if activation == "softmax":
        truth = truth[:, None] == np.arange(logits.shape[1])
    doubt = 1 / (len(logits) + 2)
    truth = truth.reshape(logits.shape) * (1 - doubt) + doubt / max(2, logits.shape[1] * (activation == "softmax"))
    colder, hotter = np.log([COLDEST, HOTTEST])
    for _ in range(HALVINGS):  # the loss is convex in 1 / T: its slope changes its sign once
        middle = (colder + hotter) / 2
        slope = np.sum(logits * (_activated(logits / np.exp(middle), activation) - truth))
        colder, hotter = (middle, hotter) if slope > 0 else (colder, middle)
    return float(np.exp((colder + hotter) / 2))


def before_temperature(probabilities: np.ndarray, temperature: float, *, many: bool) -> np.ndarray:
    """The probabilities of logits that were divided by a temperature -> those without it, float64 (rows, labels).

    Args:
        many: every label by itself; otherwise each row sums to 1.
    """
    probabilities = np.clip(probabilities.astype(np.float64), SMALLEST, 1)
    logits = temperature * np.log(probabilities)
    if not many:
        return _activated(logits, "softmax")
    return _activated(logits - temperature * np.log(np.clip(1 - probabilities, SMALLEST, 1)), "sigmoid")


def _activated(logits: np.ndarray, activation: str) -> np.ndarray:
    if activation == "sigmoid":
        return 0.5 * (1 + np.tanh(logits / 2))  # exp overflows
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
