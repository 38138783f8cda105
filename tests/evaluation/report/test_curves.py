"""The points of curves are those of their definitions."""

import numpy as np
import pytest

from textclf.evaluation.ranking import rank
from textclf.evaluation.report.curves import at_thresholds, coverage, thinned


def ranked_texts(seed, rows=150):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return truth, (random.random(rows) * 0.7 + 0.3 * truth).round(2)


def test_what_every_threshold_would_give():
    truth, probabilities = ranked_texts(7)
    hits, alarms = at_thresholds(rank(truth, probabilities), 100)
    for step in range(101):
        said = probabilities >= step / 100 - 1e-9
        assert (hits[step], alarms[step]) == (int((said & truth).sum()), int((said & ~truth).sum()))


def test_coverage_is_the_accuracy_of_the_most_certain():
    right, confidences = np.array([True, False, True, True]), np.array([0.9, 0.5, 0.7, 0.7])
    covered, accuracy, least = coverage(confidences, right)
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
