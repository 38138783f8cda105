"""Probabilities become answers as decided; what cannot be decided, or was not written by us, is refused."""

import json

import numpy as np
import pytest

from textclf.core.errors import ConfigError, RunError
from textclf.inference.decisions import Decision, ThresholdAim, chosen_on, cost_matrix, decision_for, decision_from

KINDS = {
    "binary": (["no", "yes"], False, True),
    "one": (["a", "b", "c"], False, False),
    "many": (["a", "b"], True, False),
}


def made(kind, threshold=0.5, abstain_below=None):
    labels, many, one_unit = KINDS[kind]
    return decision_for(threshold, abstain_below, labels, many=many, one_unit=one_unit)


def test_without_a_word_the_most_probable_is_answered():
    assert {made(kind) for kind in KINDS} == {Decision()}
    assert Decision().to_dict() == {}
    assert Decision().answers(np.array([[0.5, 0.5], [0.2, 0.8]]), ["no", "yes"], many=False).tolist() == [0, 1]


def test_a_number_is_the_threshold_of_the_positive_label_or_of_each():
    assert made("binary", 0.3).thresholds == (0.3,)
    assert made("many", 0.3).thresholds == (0.3, 0.3)
    probabilities = np.array([[0.6, 0.4], [0.8, 0.2]])
    assert made("binary", 0.3).answers(probabilities, ["no", "yes"], many=False).tolist() == [1, 0]
    assert made("many", 0.3).answers(probabilities, ["a", "b"], many=True).tolist() == [[True, True], [True, False]]


def test_what_costs_least_is_answered():
    costs = {"c": {"a": 10, "b": 10}}
    decision = made("one", ThresholdAim(costs=costs))
    assert cost_matrix(costs, ["a", "b", "c"]).tolist() == [[0, 1, 1], [1, 0, 1], [10, 10, 0]]
    probabilities = np.array([[0.8, 0.0, 0.2], [0.95, 0.0, 0.05]])
    assert decision.answers(probabilities, ["a", "b", "c"], many=False).tolist() == [2, 0]


def test_costs_of_two_labels_are_the_threshold_of_elkan():
    decision = made("binary", ThresholdAim(costs={"yes": {"no": 4}}))  # from 1 / (1 + 4) on
    probabilities = np.array([[0.81, 0.19], [0.79, 0.21]])
    assert decision.answers(probabilities, ["no", "yes"], many=False).tolist() == [0, 1]


def test_unsure_below():
    decision = made("one", abstain_below=0.6)
    assert decision.unsure(np.array([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2]])).tolist() == [True, False]
    assert not Decision().unsure(np.array([[0.5, 0.3, 0.2]])).any()


@pytest.mark.parametrize(
    ("kind", "threshold", "abstain_below", "said"),
    [
        ("one", 0.7, None, "threshold: a threshold needs two labels"),
        ("one", "f1", None, "threshold: a threshold needs two labels"),
        ("one", ThresholdAim(recall=0.9), None, "threshold: a threshold needs two labels"),
        ("many", 0.5, 0.4, "abstain_below: expected one label a text"),
        ("many", ThresholdAim(costs={"a": {"b": 2}}), None, "costs: expected one label a text"),
        ("one", ThresholdAim(costs={"d": {"b": 2}}), None, "received 'd'"),
        ("one", ThresholdAim(costs={"a": {"d": 2}}), None, "received 'd'"),
        ("binary", ThresholdAim(costs={"no": {"yes": -1}}), None, "received -1"),
    ],
)
def test_what_does_not_go_with_the_labels_is_refused(kind, threshold, abstain_below, said):
    with pytest.raises(ConfigError, match=said):
        made(kind, threshold, abstain_below)


def test_thresholds_are_chosen_for_the_aim():
    random = np.random.default_rng(1)
    truth = (random.random((500, 2)) < [0.5, 0.2]).astype(np.float32)
    probabilities = random.random((500, 2)) * 0.6 + 0.4 * truth * [1, 0.5]
    decision = chosen_on(Decision(), "f1", truth, probabilities, many=True)
    first, second = decision.thresholds
    assert first != second
    positive = probabilities[:, 0]
    both = np.stack([1 - positive, positive], axis=1)
    [precise] = chosen_on(Decision(), ThresholdAim(precision=0.9), truth[:, 0], both, many=False).thresholds
    assert truth[positive >= precise, 0].mean() >= 0.9
    fixed = Decision((0.3,))
    assert chosen_on(fixed, 0.3, truth[:, 0], both, many=False) is fixed


@pytest.mark.parametrize(
    ("kind", "decision"),
    [
        ("binary", Decision((0.25,), None, 0.6)),
        ("one", Decision(None, {"a": {"b": 2.0}}, None)),
        ("many", Decision((0.25, 0.75))),
        ("one", Decision()),
    ],
)
def test_what_was_written_is_read(kind, decision):
    labels, many, one_unit = KINDS[kind]
    content = json.loads(json.dumps(decision.to_dict()))
    assert decision_from(content, labels, many=many, one_unit=one_unit) == decision


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("binary", []),
        ("binary", None),
        ("binary", {"threshold": [0.5]}),
        ("binary", {"thresholds": 0.5}),
        ("binary", {"thresholds": []}),
        ("binary", {"thresholds": [0.5, 0.5]}),
        ("binary", {"thresholds": [True]}),
        ("binary", {"thresholds": ["0.5"]}),
        ("binary", {"thresholds": [1.5]}),
        ("binary", {"thresholds": [float("nan")]}),
        ("one", {"thresholds": [0.5]}),
        ("many", {"thresholds": [0.5]}),
        ("many", {"costs": {"a": {"b": 1}}}),
        ("many", {"abstain_below": 0.5}),
        ("one", {"costs": {"a": 1}}),
        ("one", {"costs": {"d": {"a": 1}}}),
        ("one", {"costs": {"a": {"b": -1}}}),
        ("one", {"costs": {"a": {"b": float("inf")}}}),
        ("one", {"abstain_below": "0.5"}),
        ("one", {"abstain_below": -0.5}),
    ],
)
def test_what_was_not_written_by_us_is_refused(kind, content):
    labels, many, one_unit = KINDS[kind]
    with pytest.raises(RunError, match="expected thresholds, costs and abstain_below"):
        decision_from(content, labels, many=many, one_unit=one_unit)


def test_costs_of_too_many_labels_are_refused_before_there_is_a_matrix():
    labels = [str(number) for number in range(1001)]
    with pytest.raises(RunError):
        decision_from({"costs": {}}, labels, many=False, one_unit=False)
