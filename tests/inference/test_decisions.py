"""Probabilities become labels as decided; what was not written by us is an error."""

import json

import numpy as np
import pytest

from textclf.core.errors import DataError, RunError
from textclf.data.costs import cost_matrix
from textclf.data.target_options import TargetOptions, ThresholdAim
from textclf.data.targets import Targets
from textclf.evaluation.thresholds import decision_for
from textclf.inference.decisions import Decision

TARGETS = {
    "binary": Targets("binary", ["no", "yes"], [1, 1], ("no",)),
    "one": Targets("multiclass", ["a", "b", "c"], [1, 1, 1], ("a",)),
    "many": Targets("multilabel", ["a", "b"], [1, 1], ("a",)),
}


def made(kind, threshold=0.5, abstain_below=None):
    return decision_for(TargetOptions(threshold=threshold, abstain_below=abstain_below), TARGETS[kind])


def test_without_a_word_the_most_probable_is_answered():
    assert {made(kind) for kind in TARGETS} == {Decision()}
    assert Decision().to_dict() == {}
    assert Decision().classes(np.array([[0.5, 0.5], [0.2, 0.8]]), TARGETS["binary"]).tolist() == [0, 1]


def test_a_number_is_the_threshold_of_the_positive_label_or_of_each():
    assert made("binary", 0.3).thresholds == (0.3,)
    assert made("many", 0.3).thresholds == (0.3, 0.3)
    probabilities = np.array([[0.6, 0.4], [0.8, 0.2]])
    assert made("binary", 0.3).classes(probabilities, TARGETS["binary"]).tolist() == [1, 0]
    assert made("many", 0.3).classes(probabilities, TARGETS["many"]).tolist() == [[True, True], [True, False]]


def test_what_costs_least_is_answered():
    costs = {"c": {"a": 10, "b": 10}}
    decision = made("one", ThresholdAim(costs=costs))
    assert cost_matrix(costs, ["a", "b", "c"]).tolist() == [[0, 1, 1], [1, 0, 1], [10, 10, 0]]
    probabilities = np.array([[0.8, 0.0, 0.2], [0.95, 0.0, 0.05]])
    assert decision.classes(probabilities, TARGETS["one"]).tolist() == [2, 0]


def test_costs_of_two_labels_are_the_threshold_of_elkan():
    decision = made("binary", ThresholdAim(costs={"yes": {"no": 4}}))  # from 1 / (1 + 4) on
    probabilities = np.array([[0.81, 0.19], [0.79, 0.21]])
    assert decision.classes(probabilities, TARGETS["binary"]).tolist() == [0, 1]


def test_it_abstains_below():
    decision = made("one", abstain_below=0.6)
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [0.6, 0.2, 0.2]])
    assert decision.abstains(probabilities).tolist() == [True, False, False]
    assert not Decision().abstains(np.array([[0.5, 0.3, 0.2]])).any()


def test_the_most_probable_label_is_predicted():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0], [0.0, 0.0, 1.0]], np.float32)
    assert Decision().decode(probabilities, TARGETS["one"]) == [("b",), ("a",), ("c",)]


def test_decode_undoes_encode():
    labels = [("c",), ("a",), ("b",), ("c",)]
    indices = TARGETS["one"].encode(labels, rows=range(4), name="test.csv")
    assert Decision().decode(np.eye(3)[indices], TARGETS["one"]) == labels


def test_where_it_abstains_there_is_no_label():
    assert made("binary", abstain_below=0.6).decode(np.array([[0.5, 0.5], [0.3, 0.7]]), TARGETS["binary"]) == [
        (),
        ("yes",),
    ]


def test_many_labels_are_those_from_the_threshold_on():
    probabilities = np.array([[0.5, 0.49], [0.1, 0.2]])
    assert Decision().decode(probabilities, TARGETS["many"]) == [("a",), ()]
    lower = Decision((0.9, 0.9)).with_threshold(0.2, TARGETS["many"])
    assert lower.decode(probabilities, TARGETS["many"]) == [("a", "b"), ("b",)]


def test_a_threshold_of_two_labels_is_that_of_the_positive_one():
    probabilities = np.array([[0.8, 0.2], [0.3, 0.7]])
    decoded = [
        Decision((0.5,)).with_threshold(threshold, TARGETS["binary"]).decode(probabilities, TARGETS["binary"])
        for threshold in (0.2, 0.71)
    ]
    assert decoded == [[("yes",), ("yes",)], [("no",), ("no",)]]


def test_multiclass_targets_have_no_threshold():
    with pytest.raises(DataError, match="this one has multiclass labels"):
        Decision().with_threshold(0.5, TARGETS["one"])


@pytest.mark.parametrize(
    ("kind", "decision"),
    [
        ("binary", Decision((0.25,), None, 0.6)),
        ("binary", Decision((1.0,), None, 1)),
        ("one", Decision(None, {"a": {"b": 2.0, "c": 10}}, None)),
        ("many", Decision((0.25, 0.75))),
        ("many", Decision((0.0, 1.0))),
        ("one", Decision()),
    ],
)
def test_what_was_written_is_read(kind, decision):
    content = json.loads(json.dumps(decision.to_dict()))
    assert Decision.from_dict(content, TARGETS[kind]) == decision


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
        ("one", {"costs": [{"a": 1}]}),
        ("one", {"costs": {"a": {"b": 1, "c": "2"}}}),
        ("one", {"costs": {"d": {"a": 1}}}),
        ("one", {"costs": {"a": {"b": -1}}}),
        ("one", {"costs": {"a": {"b": float("inf")}}}),
        ("one", {"abstain_below": "0.5"}),
        ("one", {"abstain_below": -0.5}),
        ("one", {"abstain_below": 1.5}),
    ],
)
def test_what_was_not_written_by_us_is_refused(kind, content):
    with pytest.raises(RunError, match="expected thresholds, costs and abstain_below"):
        Decision.from_dict(content, TARGETS[kind])


def test_costs_of_too_many_labels_are_refused_before_there_is_a_matrix():
    labels = [str(number) for number in range(1001)]
    with pytest.raises(RunError):
        Decision.from_dict({"costs": {}}, Targets("multiclass", labels, [1] * 1001, ("0",)))


@pytest.mark.parametrize("threshold", [80, -0.1, float("nan"), "0.5"])
def test_a_threshold_is_a_number_from_0_to_1(threshold):
    with pytest.raises(DataError, match="expected a number from 0 to 1"):
        Decision().with_threshold(threshold, TARGETS["binary"])


def test_a_threshold_can_be_a_number_of_numpy():
    assert Decision().with_threshold(np.float32(0.25), TARGETS["binary"]).thresholds == (0.25,)
