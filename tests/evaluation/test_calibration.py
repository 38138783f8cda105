"""Calibration figures equal their definitions and scikit-learn's; the temperature finds what was put in."""

import numpy as np
import pytest

from textclf.evaluation import calibration
from textclf.evaluation.calibration import (
    before_temperature,
    doubtful_truth,
    expected_calibration_error,
    fit_temperature,
    reliability,
)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("bins", [5, 15])
@pytest.mark.parametrize("seed", range(3))
def test_the_points_of_the_diagram_are_those_of_scikit_learn(bins, seed):
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(seed)
    confidences = np.concatenate([random.random(300).round(2), [0.0, 1.0, 0.2, 0.4]])
    right = random.random(len(confidences)) < confidences
    expected_right, expected_confidence = calibration_curve(right, confidences, n_bins=bins)
    points = reliability(confidences, right, bins)
    assert [point.accuracy for point in points] == pytest.approx(expected_right.tolist())
    assert [point.confidence for point in points] == pytest.approx(expected_confidence.tolist())
    assert sum(point.count for point in points) == len(confidences)


def test_the_error_is_the_distance_of_the_bins_by_their_size():
    confidences, right = np.array([0.95, 0.95, 0.95, 0.95, 0.51]), np.array([1, 1, 1, 0, 1])
    assert expected_calibration_error(confidences, right) == pytest.approx(0.8 * 0.2 + 0.2 * 0.49)
    assert expected_calibration_error(np.ones(3), np.ones(3)) == 0


def test_the_error_has_fifteen_bins():
    """14 / 15 = 0.9333 is the border of two bins."""
    right = np.array([0, 1])
    assert expected_calibration_error(np.array([0.93, 0.936]), right) == pytest.approx((0.93 + 0.064) / 2)
    assert expected_calibration_error(np.array([0.936, 0.99]), right) == pytest.approx(0.963 - 0.5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("type", ["binary", "multiclass", "multilabel"])
def test_the_temperature_that_was_put_in_is_found(temperature, type):
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 1 if type == "binary" else 4)).astype(np.float32) * 3
    if type == "multiclass":
        truth = (softmax(logits / temperature).cumsum(axis=1) > random.random((len(logits), 1))).argmax(axis=1)
    else:
        truth = (random.random(logits.shape) < sigmoid(logits / temperature)).astype(np.int32)
        truth = truth[:, 0] if type == "binary" else truth
    found = fit_temperature(logits, truth, "softmax" if type == "multiclass" else "sigmoid")
    assert found == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_no_temperature_near_it_has_a_lower_log_loss(activation):
    from sklearn.metrics import log_loss

    random = np.random.default_rng(2)
    truth = random.integers(2, size=4000)
    logits = random.normal(size=(4000, 1 if activation == "sigmoid" else 2)) * 3
    logits[:, -1] += 6 * (truth - 0.5)
    found = fit_temperature(logits, truth, activation)
    assert found > 1

    def loss(temperature):
        scaled = logits / temperature
        return log_loss(truth, sigmoid(scaled)[:, 0] if activation == "sigmoid" else softmax(scaled)[:, 1])

    losses = [loss(found * factor) for factor in (0.98, 1, 1.02)]
    assert min(losses) == losses[1], losses


def test_a_few_texts_without_a_mistake_make_nobody_certain():
    logits, truth = np.array([[4.0], [-4.0]] * 5), np.array([1, 0] * 5)
    assert sigmoid(4 / fit_temperature(logits, truth, "sigmoid")) < 0.97
    assert sigmoid(4 / fit_temperature(np.repeat(logits, 200, 0), np.repeat(truth, 200), "sigmoid")) > 0.999


def test_the_doubt_is_shared_by_all_outcomes():
    """Of two rows each truth loses a quarter, which every label gets a part of: one of two, or of all of a softmax."""
    assert doubtful_truth(np.array([1, 0]), (2, 1), "sigmoid").tolist() == [[0.875], [0.125]]
    of_many = doubtful_truth(np.array([[1, 0, 0, 1], [0, 0, 0, 1]]), (2, 4), "sigmoid")
    assert of_many.tolist() == [[0.875, 0.125, 0.125, 0.875], [0.125, 0.125, 0.125, 0.875]]
    of_classes = doubtful_truth(np.array([3, 0]), (2, 4), "softmax")
    assert of_classes.tolist() == [[0.0625, 0.0625, 0.0625, 0.8125], [0.8125, 0.0625, 0.0625, 0.0625]]


def test_of_many_rows_a_part_of_all_is_enough(monkeypatch):
    random = np.random.default_rng(4)
    logits = random.normal(size=(100, 1)) * 3
    truth = (random.random(100) < sigmoid(logits[:, 0] / 2)).astype(int)
    expected = fit_temperature(logits, truth, "sigmoid")
    assert 1 < expected < 4
    monkeypatch.setattr(calibration, "MOST_ROWS", 100)
    assert fit_temperature(np.repeat(logits, 7, axis=0), np.repeat(truth, 7), "sigmoid") == expected


@pytest.mark.parametrize("many", [False, True])
def test_what_the_temperature_did_can_be_undone(many):
    logits = np.random.default_rng(3).normal(size=(50, 3)) * 5
    activated = sigmoid if many else softmax
    back = before_temperature(activated(logits / 2.5).astype(np.float32), 2.5, multilabel=many)
    np.testing.assert_allclose(back, activated(logits), atol=1e-5)
    assert np.isfinite(before_temperature(np.array([[0.0, 1.0]]), 3.0, multilabel=many)).all()
