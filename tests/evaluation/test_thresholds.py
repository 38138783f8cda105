"""Curves equal scikit-learn's, and no other threshold serves the aim better."""

import numpy as np
import pytest

from textclf.evaluation.thresholds import (
    best_f1,
    best_macro_f1,
    curve_of,
    precision_at_recall,
    recall_at_precision,
    shared,
)


def answers(seed, rows=200):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return (random.random(rows) * 0.7 + 0.3 * truth).round(2), truth


def figures(probabilities, truth, threshold):
    from sklearn.metrics import f1_score, precision_score, recall_score

    said = probabilities >= threshold
    scores = [score(truth, said, zero_division=0) for score in (precision_score, recall_score, f1_score)]
    return (*scores, f1_score(truth, said, average="macro", zero_division=0))


@pytest.mark.parametrize("seed", range(5))
def test_every_point_of_the_curve_is_what_scikit_learn_measures_there(seed):
    probabilities, truth = answers(seed)
    for threshold, precision, recall, f1, f1_without in zip(*curve_of(probabilities, truth), strict=True):
        assert (precision, recall, f1, (f1 + f1_without) / 2) == pytest.approx(figures(probabilities, truth, threshold))


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_serves_the_aim_better(seed):
    probabilities, truth = answers(seed)
    curve = curve_of(probabilities, truth)
    everywhere = [figures(probabilities, truth, threshold) for threshold in np.arange(-0.005, 1.01, 0.01)]
    assert figures(probabilities, truth, best_f1(curve))[2] == max(point[2] for point in everywhere)
    assert figures(probabilities, truth, best_macro_f1(curve))[3] == max(point[3] for point in everywhere)
    precision, recall, *_ = figures(probabilities, truth, recall_at_precision(curve, 0.7))
    assert precision >= 0.7
    assert recall == max(point[1] for point in everywhere if point[0] >= 0.7)
    precision, recall, *_ = figures(probabilities, truth, precision_at_recall(curve, 0.8))
    assert recall >= 0.8
    assert precision == max(point[0] for point in everywhere if point[1] >= 0.8)


def test_where_no_precision_is_enough_the_best_is_taken():
    curve = curve_of(np.array([0.9, 0.8, 0.2]), np.array([False, True, False]))
    assert recall_at_precision(curve, 0.99) == pytest.approx(0.5)


def test_a_label_that_no_text_has_and_one_that_all_have():
    nowhere, everywhere = curve_of(np.array([0.9, 0.1]), np.zeros(2)), curve_of(np.array([0.9, 0.1]), np.ones(2))
    assert 0 <= best_f1(nowhere) <= 1
    assert best_f1(everywhere) == pytest.approx(0.05)


def test_rare_labels_are_drawn_to_the_mean_and_frequent_ones_keep_theirs():
    drawn = shared(np.array([0.9, 0.2, 0.2, 0.999999]), np.array([1, 10_000, 10_000, 0]))
    assert drawn[1] == pytest.approx(0.2, abs=1e-3)
    assert 0.3 < drawn[0] < 0.6
    assert drawn[3] == pytest.approx(0.4522, abs=1e-3)  # the mean of the logits of the first three
    assert shared(np.array([0.5, 0.7]), np.array([0, 0])).tolist() == [0.5, 0.5]
