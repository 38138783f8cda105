"""No other threshold serves the aim better."""

import numpy as np
import pytest

from textclf.data.target_options import ThresholdAim
from textclf.data.targets import Targets
from textclf.evaluation.ranking import rank
from textclf.evaluation.thresholds import (
    best_f1,
    best_macro_f1,
    choose_thresholds,
    precision_at_recall,
    recall_at_precision,
    shared,
)
from textclf.inference.decisions import Decision

BINARY = Targets("binary", ["no", "yes"], [1, 1], ("no",))
MULTILABEL = Targets("multilabel", ["a", "b"], [1, 1], ("a",))


SLOW_SEEDS = [pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4)]


def answers(seed, rows=200):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return (random.random(rows) * 0.7 + 0.3 * truth).round(2), truth


def figures(probabilities, truth, threshold):
    from sklearn.metrics import f1_score, precision_score, recall_score

    said = probabilities >= threshold
    scores = [score(truth, said, zero_division=0) for score in (precision_score, recall_score, f1_score)]
    return (*scores, f1_score(truth, said, average="macro", zero_division=0))


@pytest.mark.parametrize("seed", [0, 1, *SLOW_SEEDS])
def test_no_threshold_serves_the_aim_better(seed):
    probabilities, truth = answers(seed)
    ranking = rank(truth, probabilities)
    everywhere = [figures(probabilities, truth, threshold) for threshold in np.arange(-0.005, 1.01, 0.01)]
    assert figures(probabilities, truth, best_f1(ranking))[2] == max(point[2] for point in everywhere)
    assert figures(probabilities, truth, best_macro_f1(ranking))[3] == max(point[3] for point in everywhere)
    precision, recall, *_ = figures(probabilities, truth, recall_at_precision(ranking, 0.7))
    assert precision >= 0.7
    assert recall == max(point[1] for point in everywhere if point[0] >= 0.7)
    precision, recall, *_ = figures(probabilities, truth, precision_at_recall(ranking, 0.8))
    assert recall >= 0.8
    assert precision == max(point[0] for point in everywhere if point[1] >= 0.8)


def test_where_no_precision_is_enough_the_best_is_taken():
    ranking = rank(np.array([False, True, False]), np.array([0.9, 0.8, 0.2]))
    assert recall_at_precision(ranking, 0.99) == pytest.approx(0.5)


def test_a_precision_or_recall_that_is_just_reached_is_enough():
    ranking = rank(np.array([True, False, True, False]), np.array([0.8, 0.6, 0.4, 0.2]))
    assert recall_at_precision(ranking, 0.5) == pytest.approx(0.1)
    assert precision_at_recall(ranking, 0.5) == pytest.approx(0.7)


def test_a_label_that_no_text_has_and_one_that_all_have():
    nowhere, everywhere = (rank(np.full(2, has_label), np.array([0.9, 0.1])) for has_label in (0, 1))
    assert 0 <= best_f1(nowhere) <= 1
    assert best_f1(everywhere) == pytest.approx(0.05)


def test_rare_labels_are_drawn_to_the_mean_and_frequent_ones_keep_theirs():
    drawn = shared(np.array([0.9, 0.2, 0.2, 0.999999]), np.array([1, 10_000, 10_000, 0]))
    assert drawn[1] == pytest.approx(0.2, abs=1e-3)
    assert 0.3 < drawn[0] < 0.6
    assert drawn[3] == pytest.approx(0.4522, abs=1e-3)  # the mean of the logits of the first three
    assert shared(np.array([0.5, 0.7]), np.array([0, 0])).tolist() == [0.5, 0.5]


def test_thresholds_are_chosen_for_the_aim():
    random = np.random.default_rng(1)
    truth = (random.random((500, 2)) < [0.5, 0.2]).astype(np.float32)
    probabilities = random.random((500, 2)) * 0.6 + 0.4 * truth * [1, 0.5]
    first, second = choose_thresholds(Decision(), "f1", truth, probabilities, MULTILABEL).thresholds
    best = np.array([best_f1(rank(truth[:, label], probabilities[:, label])) for label in (0, 1)])
    assert [first, second] == pytest.approx(shared(best, truth.sum(axis=0)).tolist())
    assert first != second
    positive = probabilities[:, 0]
    both = np.stack([1 - positive, positive], axis=1)
    [precise] = choose_thresholds(Decision(), ThresholdAim(precision=0.9), truth[:, 0], both, BINARY).thresholds
    assert truth[positive >= precise, 0].mean() >= 0.9


def test_a_number_or_costs_leave_the_decision_as_it_is():
    classes, probabilities = np.array([0, 1]), np.array([[0.4, 0.6], [0.2, 0.8]])
    fixed, costly = Decision((0.3,)), Decision(None, {"yes": {"no": 4}}, 0.6)
    assert choose_thresholds(fixed, 0.3, classes, probabilities, BINARY) is fixed
    aim = ThresholdAim(costs={"yes": {"no": 4}})
    assert choose_thresholds(costly, aim, classes, probabilities, BINARY) is costly
