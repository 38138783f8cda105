"""From probabilities to predicted labels: thresholds, costs of mistakes, and when to abstain."""

from collections.abc import Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from textclf.core.errors import DataError, RunError
from textclf.core.formatting import short_repr
from textclf.data.costs import MOST_LABELS_WITH_COSTS, Costs, cost_matrix, problem_in_costs
from textclf.data.targets import HALF, Targets


class Decision(NamedTuple):
    """The rule that chooses labels. By default: the most probable label, or every label of at least one half."""

    thresholds: tuple[float, ...] | None = None  # of the positive one of two labels, or of each label of many
    costs: Costs | None = None
    abstain_below: float | None = None  # no label where the highest probability is lower

    def classes(self, probabilities: np.ndarray, targets: Targets) -> np.ndarray:
        """Return class indices, int (rows,); of a multilabel classifier whether a row has each label, (rows, labels).

        Args:
            probabilities: (rows, labels).
        """
        if targets.multilabel:
            return probabilities >= np.array(self.thresholds or [HALF], np.float64)
        if self.thresholds:
            return (probabilities[:, 1] >= self.thresholds[0]).astype(np.int64)
        if self.costs:  # Elkan 2001
            return (probabilities @ cost_matrix(self.costs, targets.labels)).argmin(axis=1)
        return probabilities.argmax(axis=1)

    def abstains(self, probabilities: np.ndarray) -> np.ndarray:
        """Return whether each row gets no label because its highest probability is too low, bool (rows,)."""
        return probabilities.max(axis=1) < (self.abstain_below or 0)

    def decode(self, probabilities: np.ndarray, targets: Targets) -> list[tuple[str, ...]]:
        """Return the labels of each row; none where the decision abstains.

        Args:
            probabilities: (rows, labels).
        """
        classes = self.classes(probabilities, targets)
        if targets.multilabel:
            return [tuple(targets.labels[index] for index in np.flatnonzero(row)) for row in classes]
        abstains = self.abstains(probabilities)
        return [() if unsure else (targets.labels[index],) for index, unsure in zip(classes, abstains, strict=True)]

    def with_threshold(self, threshold: float, targets: Targets) -> "Decision":
        """Return the same with one threshold in place of what training chose.

        Args:
            threshold: minimum probability of the positive label (binary), or of every label (multilabel).

        Raises:
            DataError: a multiclass classifier, which has no threshold; or no number from 0 to 1.
        """
        if not (targets.multilabel or targets.single_output):
            raise DataError(f"a threshold needs a binary or multilabel classifier; this one has {targets.type} labels.")
        if not (isinstance(threshold, Real) and 0 <= threshold <= 1):  # such as 80 for 80 %, which no text reaches
            raise DataError(f"threshold: expected a number from 0 to 1, such as 0.8, got {short_repr(threshold)}.")
        return Decision((threshold,), None, self.abstain_below)

    def to_dict(self) -> dict:
        """Return plain JSON, for `labels.json`; empty for the default decision."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    @classmethod
    def from_dict(cls, content: object, targets: Targets) -> "Decision":
        """Read what `to_dict` wrote, from a file that may come from anywhere.

        Raises:
            RunError: it is not that.
        """
        if isinstance(content, dict) and content.keys() <= set(cls._fields):
            thresholds, costs, abstain_below = (content.get(name) for name in cls._fields)
            if (
                (thresholds is None or _are_thresholds(thresholds, targets))
                and (costs is None or (not targets.multilabel and _are_costs(costs, targets.labels)))
                and (abstain_below is None or (not targets.multilabel and _is_number(abstain_below, 1)))
            ):
                return cls(thresholds and tuple(thresholds), costs, abstain_below)
        raise RunError("expected thresholds, costs and abstain_below that fit the labels, got something else")


def _are_thresholds(values: object, targets: Targets) -> bool:
    expected = len(targets.labels) if targets.multilabel else 1
    return (
        (targets.multilabel or targets.single_output)
        and isinstance(values, list)
        and len(values) == expected
        and all(_is_number(value, 1) for value in values)
    )


def _are_costs(costs: object, labels: Sequence[str]) -> bool:
    return (
        isinstance(costs, dict)
        and len(labels) <= MOST_LABELS_WITH_COSTS
        and all(isinstance(row, dict) and all(map(_is_number, row.values())) for row in costs.values())
        and problem_in_costs(costs, set(labels)) is None
    )


def _is_number(value: object, highest: float = 1e9) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest
