"""Calibration: whether a probability of 0.9 is right in 90 % of cases, and temperature scaling to make it so."""

from typing import NamedTuple

import numpy as np

BINS = 15  # as in Guo et al. 2017
MOST_ROWS = 50_000  # a single number needs no more to be fitted
LOWEST, HIGHEST = 0.1, 10.0  # temperatures
BISECTIONS = 40  # of the interval between them: exact to seven digits
SMALLEST = 1e-12  # probability whose logarithm is taken


class Bin(NamedTuple):
    """Predictions of similar confidence."""

    confidence: float  # their mean
    accuracy: float  # the share of them that is correct
    count: int  # type: ignore[assignment]  # hides tuple.count


def reliability(confidences: np.ndarray, correct: np.ndarray, bins: int = BINS) -> list[Bin]:
    """Return the points of a reliability diagram: bins of equal width by confidence, without the empty ones.

    Args:
        confidences: probability of each prediction, (predictions,).
        correct: whether each is correct, (predictions,).
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.searchsorted(edges[1:-1], confidences)
    counts = np.bincount(bin_of)
    confidence = np.bincount(bin_of, weights=confidences)
    hits = np.bincount(bin_of, weights=correct.astype(np.float64))
    return [
        Bin(float(confidence[number] / counts[number]), float(hits[number] / counts[number]), int(counts[number]))
        for number in np.flatnonzero(counts)
    ]


def expected_calibration_error(confidences: np.ndarray, correct: np.ndarray) -> float:
    """Return the mean difference of confidence and accuracy over 15 bins (Guo et al. 2017).

    Arguments as for `reliability`.
    """
    points = reliability(confidences, correct)
    return sum(abs(point.confidence - point.accuracy) * point.count for point in points) / len(confidences)


def doubtful_truth(truth: np.ndarray, shape: tuple[int, ...], activation: str) -> np.ndarray:
    """Return the truth as a probability of each output, float64 (rows, outputs), never quite 0 or 1.

    All labels get equal parts of a probability of 1 / (rows + 2), and the true one gets the rest. As in the correction
    of Platt (1999), a few validation texts without an error do not justify certainty.

    Args:
        truth, activation: as for `fit_temperature`.
        shape: (rows, outputs).
    """
    softmax = activation == "softmax"
    certain = truth[:, None] == np.arange(shape[1]) if softmax else truth.reshape(shape)
    doubt = 1 / (shape[0] + 2)
    return certain * (1 - doubt) + doubt / (shape[1] if softmax else 2)


def fit_temperature(logits: np.ndarray, truth: np.ndarray, activation: str) -> float:
    """Return the temperature T for which the probabilities of `logits / T` have the lowest log loss (Guo et al. 2017).

    The truth is doubtful, see `doubtful_truth`.

    Args:
        logits: of validation texts, (rows, outputs).
        truth: class indices (rows,), or 0 and 1 for every unit.
        activation: "softmax" over the units, or "sigmoid" of each.

    Returns:
        A number from 0.1 to 10; above 1 if the network was overconfident.
    """
    chosen = np.arange(min(len(logits), MOST_ROWS)) * len(logits) // min(len(logits), MOST_ROWS)
    logits, truth = logits[chosen].astype(np.float64), truth[chosen]
    truth = doubtful_truth(truth, logits.shape, activation)
    low, high = np.log([LOWEST, HIGHEST])
    for _ in range(BISECTIONS):  # the loss is convex in 1 / T: its slope changes its sign once
        middle = (low + high) / 2
        slope = np.sum(logits * (activate(logits / np.exp(middle), activation) - truth))
        low, high = (middle, high) if slope > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def before_temperature(probabilities: np.ndarray, temperature: float, *, multilabel: bool) -> np.ndarray:
    """Return what the probabilities were before temperature scaling, float64 (rows, labels).

    Args:
        multilabel: the labels are independent; otherwise each row sums to 1.
    """
    probabilities = np.clip(probabilities.astype(np.float64), SMALLEST, 1)
    logits = temperature * np.log(probabilities)
    if not multilabel:
        return activate(logits, "softmax")
    return activate(logits - temperature * np.log(np.clip(1 - probabilities, SMALLEST, 1)), "sigmoid")


def activate(logits: np.ndarray, activation: str) -> np.ndarray:
    """Return the probabilities of logits: "softmax" over each row, or "sigmoid" of each."""
    if activation == "sigmoid":
        return 0.5 * (1 + np.tanh(logits / 2))  # exp would overflow
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
