"""How much each network of an ensemble counts: weights for their logits, found on the validation texts."""

import numpy as np

ROUNDS, STEPS = 50, 25
LARGEST = 8.0  # of a weight: logits that are eight times too small are no longer a matter of scale
GOLDEN = (np.sqrt(5) - 1) / 2


def fit_ensemble_weights(logits: list[np.ndarray], classes: np.ndarray, activation: str) -> list[float]:
    """The weights, at least 0, of least log loss: one by one in turn, each by golden section, until none moves.

    The loss is convex in them. With one network it is temperature scaling (Guo et al. 2017), with several a stacking
    of logits (Wolpert 1992) with so few numbers that they cannot fit a validation set of some hundred texts by heart.

    Args:
        logits: of each network, (texts, units).
        classes: as `Targets.encode` gives them.
        activation: what turns the logits into probabilities, "sigmoid" or "softmax".
    """
    weights = np.full(len(logits), 1 / len(logits))

    def loss(number: int, weight: float) -> float:
        rest = sum(weights[other] * logits[other] for other in range(len(logits)) if other != number)
        return _log_loss(classes, rest + weight * logits[number], activation)

    for _ in range(ROUNDS):
        before = weights.copy()
        for number in range(len(logits)):
            weights[number] = _lowest(lambda weight, number=number: loss(number, weight))
        if np.abs(weights - before).max() < 1e-3:
            break
    return [float(weight) for weight in weights.round(4)]


def combine_logits(logits: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """The logits of the ensemble, (texts, units)."""
    return np.sum([weight * values for weight, values in zip(weights, logits, strict=True)], axis=0)


def _log_loss(classes: np.ndarray, logits: np.ndarray, activation: str) -> float:
    if activation == "softmax":
        highest = logits.max(axis=1)
        total = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
        return float((total - logits[np.arange(len(classes)), classes]).mean())
    return float((np.logaddexp(0, logits) - classes.reshape(logits.shape) * logits).mean())


def _lowest(function) -> float:
    """Where a convex function of 0 to `LARGEST` is lowest."""
    low, high = 0.0, LARGEST
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
