"""Curves equal scikit-learn's."""

import numpy as np
import pytest

from textclf.evaluation.report.curves import (
    at_thresholds,
    average_precision,
    coverage,
    precision_recall,
    ranking,
    roc,
    thinned,
)


def answers(seed, rows=150):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return truth, (random.random(rows) * 0.7 + 0.3 * truth).round(2)


@pytest.mark.parametrize("seed", range(5))
def test_curves_are_those_of_scikit_learn(seed):
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

    truth, probabilities = answers(seed)
    ranked = ranking(truth, probabilities)
    recall, precision = precision_recall(ranked)
    expected_precision, expected_recall, _ = precision_recall_curve(truth, probabilities)
    assert recall.tolist() == pytest.approx(expected_recall[:-1][::-1].tolist())  # theirs ends with a point (0, 1)
    assert precision.tolist() == pytest.approx(expected_precision[:-1][::-1].tolist())
    assert average_precision(ranked) == pytest.approx(average_precision_score(truth, probabilities))
    alarms, hits = roc(ranked)
    expected_alarms, expected_hits, _ = roc_curve(truth, probabilities, drop_intermediate=False)
    assert alarms.tolist() == pytest.approx(expected_alarms.tolist())
    assert hits.tolist() == pytest.approx(expected_hits.tolist())


def test_there_is_no_average_precision_of_a_label_that_no_text_has():
    assert average_precision(ranking(np.zeros(3, bool), np.array([0.1, 0.2, 0.3]))) is None


def test_what_every_threshold_would_give():
    truth, probabilities = answers(7)
    hits, alarms = at_thresholds(ranking(truth, probabilities), 100)
    for step in range(101):
        said = probabilities >= step / 100 - 1e-9
        assert (hits[step], alarms[step]) == (int((said & truth).sum()), int((said & ~truth).sum()))


def test_coverage_is_the_accuracy_of_the_most_certain():
    right, confidences = np.array([True, False, True, True]), np.array([0.9, 0.5, 0.7, 0.7])
    covered, accuracy, least = coverage(right, confidences)
    assert covered.tolist() == [0.25, 0.75, 1.0]
    assert accuracy.tolist() == [1.0, 1.0, 0.75]
    assert least.tolist() == [0.9, 0.7, 0.5]


def test_a_thinned_curve_keeps_its_ends_and_lies_on_the_curve():
    x = np.linspace(0, 1, 5000)
    points = thinned(x, x**2, 50)
    assert 40 <= len(points) <= 52
    assert points[0] == [0, 0]
    assert points[-1] == [1, 1]
    assert all(y == pytest.approx(x**2, abs=1e-4) for x, y in points)
