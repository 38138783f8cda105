"""Rankings give the curves of scikit-learn, and at every threshold its precision, recall and F1."""

import numpy as np
import pytest

from textclf.evaluation.ranking import average_precision, rank, roc_curve

SLOW_SEEDS = [pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4)]


def ranked_texts(seed, rows=150):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.3
    return truth, (random.random(rows) * 0.7 + 0.3 * truth).round(2)


@pytest.mark.parametrize("seed", [0, 1, *SLOW_SEEDS])
def test_every_point_is_what_scikit_learn_measures_there(seed):
    from sklearn.metrics import f1_score, precision_score, recall_score

    truth, probabilities = ranked_texts(seed)
    ranking = rank(truth, probabilities)
    points = zip(ranking.thresholds, ranking.precision, ranking.recall, ranking.f1, ranking.opposite_f1, strict=True)
    for threshold, *found in points:
        predicted = probabilities >= threshold
        scores = [score(truth, predicted, zero_division=0) for score in (precision_score, recall_score, f1_score)]
        assert found == pytest.approx([*scores, f1_score(~truth, ~predicted, zero_division=0)])


@pytest.mark.parametrize("seed", range(5))
def test_curves_are_those_of_scikit_learn(seed):
    from sklearn.metrics import average_precision_score, precision_recall_curve
    from sklearn.metrics import roc_curve as expected_roc_curve

    truth, probabilities = ranked_texts(seed)
    ranking = rank(truth, probabilities)
    expected_precision, expected_recall, _ = precision_recall_curve(truth, probabilities)
    assert ranking.recall.tolist() == pytest.approx(expected_recall[:-1][::-1].tolist())  # theirs ends with (0, 1)
    assert ranking.precision.tolist() == pytest.approx(expected_precision[:-1][::-1].tolist())
    assert average_precision(ranking) == pytest.approx(average_precision_score(truth, probabilities))
    false_alarm_rate, hit_rate = roc_curve(ranking)
    expected_alarms, expected_hits, _ = expected_roc_curve(truth, probabilities, drop_intermediate=False)
    assert false_alarm_rate.tolist() == pytest.approx(expected_alarms.tolist())
    assert hit_rate.tolist() == pytest.approx(expected_hits.tolist())


def test_there_is_no_average_precision_of_a_label_that_no_text_has():
    ranking = rank(np.zeros(3, bool), np.array([0.1, 0.2, 0.3]))
    assert average_precision(ranking) is None
    assert ranking.recall.tolist() == [0, 0, 0]


def test_the_recall_of_a_single_text_is_all_or_nothing():
    assert rank(np.array([False, True]), np.array([0.9, 0.5])).recall.tolist() == [0, 1]


def test_the_text_with_the_lowest_probability_counts():
    ranking = rank(np.array([False, True, True]), np.array([0.9, 0.5, 0.1]))
    assert (ranking.positives, ranking.negatives) == (2, 1)
    assert [rates.tolist() for rates in roc_curve(ranking)] == [[0, 1, 1, 1], [0, 0, 0.5, 1]]


@pytest.mark.parametrize("has_label", [True, False])
def test_a_rate_of_no_text_is_zero(has_label):
    rates = roc_curve(rank(np.array([has_label]), np.array([0.5])))
    assert [list(rate) for rate in rates] == ([[0, 0], [0, 1]] if has_label else [[0, 1], [0, 0]])
