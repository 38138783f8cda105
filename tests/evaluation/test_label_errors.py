"""Confident learning finds labels that were flipped, and no others where the probabilities are sure."""

import numpy as np
import pytest

from textclf.evaluation.label_errors import label_errors


@pytest.mark.parametrize("labels", [2, 5])
def test_flipped_labels_are_found(labels):
    random = np.random.default_rng(1)
    truth = random.integers(labels, size=1000)
    probabilities = random.dirichlet(np.ones(labels), 1000) * 0.4 + 0.6 * np.eye(labels)[truth]
    flipped = random.choice(1000, 100, replace=False)
    given = truth.copy()
    given[flipped] = (given[flipped] + 1) % labels
    found = label_errors(given, probabilities)
    assert set(found.rows) <= set(flipped)
    assert len(found.rows) > 40  # those of which the probabilities are as certain as of the others
    assert (found.suggested == truth[found.rows]).all()
    assert (found.given == given[found.rows]).all()
    assert (np.diff(found.margins) <= 0).all()


def test_a_label_that_is_never_certain_is_believed_at_a_lower_probability():
    """The rare label gets 0.4 from the texts that have it: 0.45 is much, although less than a half."""
    truth = np.array([0] * 50 + [1] * 5 + [0])
    probabilities = np.array([[0.95, 0.05]] * 50 + [[0.6, 0.4]] * 5 + [[0.55, 0.45]])
    found = label_errors(truth, probabilities)
    assert found.rows.tolist() == [55]
    assert found.margins[0] == pytest.approx(-0.1)


def test_each_of_many_labels_is_judged_by_itself():
    truth = np.array([[True, False]] * 20 + [[False, True]] * 20)
    probabilities = np.where(truth, 0.95, 0.05)
    given = truth.copy()
    given[3, 0], given[30, 0] = False, True
    found = label_errors(given, probabilities)
    assert sorted(zip(found.rows.tolist(), found.given.tolist(), strict=True)) == [(3, 0), (30, 0)]
    assert found.margins == pytest.approx([0.9, 0.9])


def test_a_label_without_a_text_is_never_suggested():
    found = label_errors(np.zeros(3, int), np.array([[0.1, 0.9], [0.9, 0.1], [0.2, 0.8]]))
    assert len(found.rows) == 0


def test_a_label_of_a_single_text_is_never_suggested():
    """Out of fold, the classifier of its text has not learned it: any probability is at least that low."""
    truth = np.array([0, 0, 0, 1, 2, 2])
    of_first = [[0.75, 0, 0.25, 0], [0.75, 0, 0.25, 0], [0.25, 0.5, 0.25, 0]]
    probabilities = np.array([*of_first, [0.9, 0, 0.1, 0], [0, 0.5, 0.5, 0], [0, 0.5, 0.5, 0]])
    assert label_errors(truth, probabilities).rows.tolist() == [3]


def test_the_mean_probability_of_the_other_label_is_enough():
    truth = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[0.75, 0.25]] * 2 + [[0.5, 0.5]] * 3)
    found = label_errors(truth, probabilities)
    assert (found.rows.tolist(), found.suggested.tolist(), found.margins.tolist()) == ([4], [1], [0.0])
