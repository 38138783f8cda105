"""The weights of the networks of an ensemble: those of least log loss."""

import numpy as np
import pytest

from textclf.training.fitting.ensemble_weights import combine_logits, fit_ensemble_weights

RANDOM = np.random.default_rng(0)
CLASSES = RANDOM.integers(0, 3, 2000)
TRUE = 3.0 * np.eye(3)[CLASSES] + RANDOM.gumbel(size=(2000, 3))  # classes are drawn by these logits


def test_a_network_that_is_too_sure_of_itself_is_scaled_down():
    logits = np.log(np.eye(3)[CLASSES] * 0.7 + 0.1)  # right probabilities would be these
    flipped = np.where(RANDOM.uniform(size=2000) < 0.8, CLASSES, RANDOM.integers(0, 3, 2000))
    [weight] = fit_ensemble_weights([4 * logits], flipped, "softmax")
    [unscaled] = fit_ensemble_weights([logits], flipped, "softmax")
    assert weight == pytest.approx(unscaled / 4, abs=0.01)
    assert weight < 0.5


def test_noise_gets_no_weight():
    weights = fit_ensemble_weights([TRUE, RANDOM.normal(size=TRUE.shape)], CLASSES, "softmax")
    assert weights[0] > 0.3
    assert weights[1] < 0.1


def test_two_that_err_differently_both_count():
    first, second = (TRUE + RANDOM.normal(0, 3, TRUE.shape) for _ in range(2))
    weights = fit_ensemble_weights([first, second], CLASSES, "softmax")
    assert weights[0] == pytest.approx(weights[1], rel=0.3)
    right = [
        (logits.argmax(1) == CLASSES).mean() for logits in (first, second, combine_logits([first, second], weights))
    ]
    assert right[2] > max(right[:2])


@pytest.mark.parametrize("units", [1, 4])
def test_weights_of_a_sigmoid_are_those_of_least_loss(units):
    truth = RANDOM.integers(0, 2, (500, units)).astype(np.float32)
    logits = [2 * truth - 1 + RANDOM.normal(0, 1.5, truth.shape) for _ in range(2)]

    def loss(weights):
        joined = combine_logits(logits, weights)
        probabilities = 1 / (1 + np.exp(-joined))
        return -np.log(np.where(truth == 1, probabilities, 1 - probabilities)).mean()

    found = fit_ensemble_weights(logits, truth[:, 0] if units == 1 else truth, "sigmoid")
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        assert loss(found) <= loss([weight + more for weight, more in zip(found, step, strict=True)])
