"""From probabilities to answers: thresholds, what mistakes cost, and when to say that one is unsure."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from textclf.core.errors import ConfigError, RunError
from textclf.core.options import PlainOptions, setting
from textclf.evaluation.thresholds import (
    Curve,
    best_f1,
    best_macro_f1,
    curve_of,
    precision_at_recall,
    recall_at_precision,
    shared,
)

HALF = 0.5
MOST_LABELS_WITH_COSTS = 1000  # the matrix has as many rows and columns
AIMS = {"precision": recall_at_precision, "recall": precision_at_recall}

Costs = dict[str, dict[str, float]]


class ThresholdAim(PlainOptions):
    """What a threshold is chosen for on the validation texts, or what mistakes cost: exactly one of these."""

    precision: float | None = setting(default=None, gt=0, le=1, description="The highest recall at this precision.")
    recall: float | None = setting(default=None, gt=0, le=1, description="The highest precision at this recall.")
    costs: Costs | None = setting(
        default=None,
        description="Cost of each mistake as {true label: {answer: cost}}, 1 for those not named: what is least costly "
        "by the probabilities is answered. Binary and multiclass only.",
    )

    def __post_init__(self) -> None:
        if len(self.given()) != 1:
            raise ValueError("exactly one of precision, recall and costs")

    def given(self) -> dict[str, Any]:
        """The one that is not null."""
        return {name: value for name, value in vars(self).items() if value is not None}


Threshold = float | str | ThresholdAim


class Decision(NamedTuple):
    """How a classifier answers, beyond the most probable label, or every label from one half on."""

    thresholds: tuple[float, ...] | None = None  # of the positive one of two labels, or of each of many
    costs: Costs | None = None
    abstain_below: float | None = None  # unsure where the highest probability is lower

    def answers(self, probabilities: np.ndarray, labels: Sequence[str], *, many: bool) -> np.ndarray:
        """Class indices, int (rows,); where a text has many labels, which it has, bool (rows, labels)."""
        if many:
            return probabilities >= np.array(self.thresholds or [HALF], np.float64)
        if self.thresholds:
            return (probabilities[:, 1] >= self.thresholds[0]).astype(np.int64)
        if self.costs:  # Elkan 2001
            return (probabilities @ cost_matrix(self.costs, labels)).argmin(axis=1)
        return probabilities.argmax(axis=1)

    def unsure(self, probabilities: np.ndarray) -> np.ndarray:
        """Whether there should be no answer, bool (rows,)."""
        return probabilities.max(axis=1) < (self.abstain_below or 0)

    def to_dict(self) -> dict:
        """As plain JSON; empty where nothing was said."""
        return {name: value for name, value in self._asdict().items() if value is not None}


BY_DEFAULT = Decision()


def decision_for(
    threshold: Threshold, abstain_below: float | None, labels: Sequence[str], *, many: bool, one_unit: bool
) -> Decision:
    """What is decided before a training: everything but thresholds that are chosen on validation texts.

    Raises:
        ConfigError: the labels cannot be answered like that.
    """
    costs = threshold.costs if isinstance(threshold, ThresholdAim) else None
    if costs is not None:
        _check_costs(costs, labels, many=many)
    elif threshold != HALF and not many and not one_unit:
        raise ConfigError(
            "targets.threshold: a threshold needs two labels, or any number of labels a text; with one of several "
            "labels the most probable one is answered. Leave it out, or give targets.threshold.costs."
        )
    if abstain_below is not None and many:
        raise ConfigError(
            "targets.abstain_below: expected one label a text; where there may be any number, none is an answer too. "
            "Leave it out."
        )
    thresholds = None
    if isinstance(threshold, float) and threshold != HALF:
        thresholds = (threshold,) * (len(labels) if many else 1)
    return Decision(thresholds, costs, abstain_below)


def chosen_on(
    decision: Decision, threshold: Threshold, truth: np.ndarray, probabilities: np.ndarray, *, many: bool
) -> Decision:
    """The decision with thresholds chosen for an aim, if there is one.

    Args:
        truth: class indices 0 and 1 (rows,), or 0 and 1 for every label (rows, labels), of validation texts.
        probabilities: calibrated ones, (rows, labels).
    """
    if isinstance(threshold, float) or decision.costs is not None:
        return decision
    if not many:
        return decision._replace(
            thresholds=(_threshold(threshold, curve_of(probabilities[:, 1], truth), best_macro_f1),)
        )
    curves = (curve_of(values, true) for values, true in zip(probabilities.T, truth.T, strict=True))
    found = np.array([_threshold(threshold, curve, best_f1) for curve in curves])
    return decision._replace(thresholds=tuple(shared(found, truth.sum(axis=0)).tolist()))


def _threshold(threshold: str | ThresholdAim, curve: Curve, for_f1: Callable[[Curve], float]) -> float:
    if isinstance(threshold, str):
        return for_f1(curve)
    [(name, value)] = threshold.given().items()
    return AIMS[name](curve, value)


def cost_matrix(costs: Costs, labels: Sequence[str]) -> np.ndarray:
    """What each answer costs, float64 (true labels, answers): 0 for the right one, 1 where nothing is said."""
    matrix = 1 - np.eye(len(labels))
    index = {label: number for number, label in enumerate(labels)}
    for true, row in costs.items():
        for answer, cost in row.items():
            matrix[index[true], index[answer]] = cost
    return matrix


def _check_costs(costs: Costs, labels: Sequence[str], *, many: bool) -> None:
    if many or len(labels) > MOST_LABELS_WITH_COSTS:
        limit = f"one label a text and at most {MOST_LABELS_WITH_COSTS:,} labels"
        raise ConfigError(f"targets.threshold.costs: expected {limit}. Leave it out.")
    fault = _fault_in_costs(costs, set(labels))
    if fault:
        raise ConfigError(f"targets.threshold.costs: {fault}.")


def _fault_in_costs(costs: Costs, known: set[str]) -> str | None:
    for true, row in costs.items():
        for label in (true, *row):
            if label not in known:
                return f"expected labels of the data, received {label[:60]!r}"
        for answer, cost in row.items():
            if not 0 <= cost < float("inf"):
                return f"expected costs of at least 0, received {cost} for {true[:60]!r} answered with {answer[:60]!r}"
    return None


def decision_from(content: object, labels: Sequence[str], *, many: bool, one_unit: bool) -> Decision:
    """Read what `to_dict` wrote, from a file that may come from anywhere.

    Raises:
        RunError: it is not that.
    """
    expected_thresholds = len(labels) if many else 1
    match content:
        case dict() if content.keys() <= set(Decision._fields):
            thresholds, costs, abstain_below = (content.get(name) for name in Decision._fields)
            if (
                (thresholds is None or ((many or one_unit) and _are_shares(thresholds, expected_thresholds)))
                and (costs is None or (not many and _are_costs(costs, labels)))
                and (abstain_below is None or (not many and _are_shares([abstain_below], 1)))
            ):
                return Decision(thresholds and tuple(thresholds), costs, abstain_below)
    raise RunError("expected thresholds, costs and abstain_below that fit the labels, received something else")


def _are_shares(values: object, count: int) -> bool:
    return isinstance(values, list) and len(values) == count and all(_is_number(value, 1) for value in values)


def _are_costs(costs: object, labels: Sequence[str]) -> bool:
    return (
        isinstance(costs, dict)
        and len(labels) <= MOST_LABELS_WITH_COSTS
        and all(isinstance(row, dict) and all(map(_is_number, row.values())) for row in costs.values())
        and _fault_in_costs(costs, set(labels)) is None
    )


def _is_number(value: object, highest: float = 1e9) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest
