"""Which trials stop early."""

import pytest

from textclf.training.tuning.halving import is_hopeless

GOOD, MIDDLE, BAD = [0.5, 0.4, 0.3], [0.7, 0.6, 0.5], [0.9, 0.9, 0.9]


def test_a_trial_goes_on_in_the_best_third():
    earlier = [GOOD, MIDDLE, BAD]
    assert not is_hopeless([0.4], earlier, sign=1)
    assert not is_hopeless([0.5], earlier, sign=1)
    assert is_hopeless([0.6], earlier, sign=1)
    assert is_hopeless([0.6], [[-value for value in curve] for curve in earlier], sign=1) is True


def test_the_best_validation_so_far_counts():
    assert not is_hopeless([0.9, 0.2, 0.9], [GOOD, MIDDLE, BAD], sign=1)


@pytest.mark.parametrize(("length", "compared"), [(1, True), (2, False), (3, True), (4, False), (6, False), (9, True)])
def test_trials_are_compared_after_powers_of_three(length, compared):
    earlier = [[0.1] * 9, [0.2] * 9, [0.3] * 9]
    assert is_hopeless([0.9] * length, earlier, sign=1) is compared


def test_few_trials_stop_nobody():
    assert not is_hopeless([0.9], [GOOD, MIDDLE], sign=1)
    assert not is_hopeless([0.9, 0.9, 0.9], [GOOD[:1], MIDDLE[:1], BAD[:1], GOOD], sign=1)


def test_a_higher_metric_may_be_better():
    earlier = [[0.5], [0.6], [0.7]]
    assert is_hopeless([0.6], earlier, sign=-1)
    assert not is_hopeless([0.8], earlier, sign=-1)
