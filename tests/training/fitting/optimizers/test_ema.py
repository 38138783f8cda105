"""The EMA of the weights follows its definition, and is what is validated and kept."""

import numpy as np
import pytest

import textclf
from tests.training.fitting.optimizers.small_network import model_of
from textclf.models.checkpoints import load_checkpoint
from textclf.training.fitting.optimizers import Adagrad, Adam, ema, updates
from textclf.training.fitting.optimizers.ema import ema_weights

RANDOM = np.random.default_rng(0)


def follow(model, steps, decay):
    """Train, and average the weights after every step by the definition."""
    expected = [weight.astype(np.float64) for weight in model.get_weights()]
    for step in range(steps):
        model.train_on_batch(RANDOM.integers(0, 6, (2, 4)), RANDOM.normal(size=(2, 1)))  # rows 6 to 11 never move
        now = min(decay, (1 + step) / (10 + step))
        weights = model.get_weights()
        expected = [now * mean + (1 - now) * weight for mean, weight in zip(expected, weights, strict=True)]
    return expected


@pytest.fixture(params=["dense", "sparse"])
def sparse(request, monkeypatch):
    """Update also the small tables of the tests sparsely."""
    monkeypatch.setattr(updates, "sparse_updates_pay", lambda *_: True)
    return request.param == "sparse"


@pytest.mark.parametrize("make", [Adam, Adagrad])
def test_the_average_is_that_of_all_weights_there_were(sparse, make):
    model = model_of(make(0.05, ema_decay=0.9, weight_decay=0.1), rows=12, sparse=sparse)
    expected = follow(model, 60, 0.9)
    for value, mean in zip(model.optimizer.ema.values(), expected, strict=True):
        np.testing.assert_allclose(value, mean, atol=1e-6)
    assert np.abs(expected[0] - model.get_weights()[0])[:6].max() > 1e-3


def test_a_long_training_keeps_it_exact(sparse, monkeypatch):
    """The factor of the lags would soon be too small for a float."""
    monkeypatch.setattr(ema, "SMALLEST_FACTOR", 1e-3)
    model = model_of(Adam(0.05, ema_decay=0.5), rows=12, sparse=sparse)
    expected = follow(model, 100, 0.5)
    assert float(model.optimizer.ema.factor) > 1e-4
    for value, mean in zip(model.optimizer.ema.values(), expected, strict=True):
        np.testing.assert_allclose(value, mean, atol=1e-6)


def test_it_goes_on_from_saved_variables(sparse):
    model, other = (model_of(Adam(0.05, ema_decay=0.9), rows=12, sparse=sparse) for _ in range(2))
    follow(model, 5, 0.9)
    other.optimizer.build(other.trainable_variables)
    for variable, saved in zip(other.optimizer.variables, model.optimizer.variables, strict=True):
        variable.assign(saved)
    other.set_weights(model.get_weights())
    token_ids, answers = RANDOM.integers(0, 6, (2, 4)), RANDOM.normal(size=(2, 1))
    for either in (model, other):
        either.train_on_batch(token_ids, answers)
    for value, same in zip(model.optimizer.ema.values(), other.optimizer.ema.values(), strict=True):
        np.testing.assert_array_equal(value, same)


def test_the_network_has_the_averages_only_for_a_while():
    model = model_of(Adam(0.05, ema_decay=0.9))
    expected = follow(model, 10, 0.9)
    before = model.get_weights()
    with ema_weights(model):
        for weight, mean in zip(model.get_weights(), expected, strict=True):
            np.testing.assert_allclose(weight, mean, atol=1e-6)
    for weight, same in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, same)


def test_without_an_average_nothing_is_kept_for_it():
    plain = model_of(Adam(0.05))
    plain.train_on_batch(np.ones((2, 4)), np.ones((2, 1)))
    assert len(plain.optimizer.variables) == 2 + 2 * 3
    with ema_weights(plain):
        pass


def test_a_training_keeps_the_averages_and_goes_on_with_the_weights(workplace, tiny_config):
    run = textclf.train(tiny_config(training={"ema_decay": 0.99, "epochs": 1}))
    (_, best), (_, last) = (load_checkpoint(path) for path in (run.best_checkpoint, run.last_checkpoint))
    lag = next(value for name, value in last.items() if "embedding" in name and "lag" in name)
    factor = next(float(value) for name, value in last.items() if "lag_factor" in name)
    name = next(name for name in best if "embedding" in name)
    assert np.abs(best[name] - last[name]).max() > 1e-4
    np.testing.assert_allclose(best[name], last[name] - factor * lag, atol=1e-6)
