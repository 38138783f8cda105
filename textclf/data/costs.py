"""Costs of mistakes: {true label: {predicted label: cost}}."""

from collections.abc import Collection, Sequence

import numpy as np

MOST_LABELS_WITH_COSTS = 1000  # the matrix has as many rows and columns

Costs = dict[str, dict[str, float]]


def cost_matrix(costs: Costs, labels: Sequence[str]) -> np.ndarray:
    """Return the cost of each prediction, float64 (true labels, predicted labels): 0 if right, 1 unless it is named."""
    matrix = 1 - np.eye(len(labels))
    index = {label: number for number, label in enumerate(labels)}
    for true, row in costs.items():
        for predicted, cost in row.items():
            matrix[index[true], index[predicted]] = cost
    return matrix


def problem_in_costs(costs: Costs, known: Collection[str]) -> str | None:
    """Return what is wrong with costs, or `None`.

    Args:
        known: the labels of the data.
    """
    for true, row in costs.items():
        for label in (true, *row):
            if label not in known:
                return f"expected labels of the data, got {label[:60]!r}"
        for predicted, cost in row.items():
            if not 0 <= cost < float("inf"):
                return f"expected costs >= 0, got {cost} for {true[:60]!r} predicted as {predicted[:60]!r}"
    return None
