"""Several steps in one call: what Keras's steps come to, and never more than one is told."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textclf.training.fitting import loop

RANDOM = np.random.default_rng(3)
INPUTS, ANSWERS = RANDOM.normal(size=(40, 3)).astype("float32"), RANDOM.normal(size=(40, 1)).astype("float32")


def compiled(rate: float = 0.1) -> keras.Model:
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate), "mse", metrics=["mae"])
    model.compute_metrics(None, ANSWERS, ANSWERS)
    model.reset_metrics()
    return model


def batches(inputs: np.ndarray = INPUTS) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((inputs, ANSWERS)).batch(4, drop_remainder=False).repeat()


@pytest.mark.parametrize("longest_call", [0, 1000])
def test_the_steps_and_their_metrics_are_keras_own(monkeypatch, longest_call):
    monkeypatch.setattr(loop, "LONGEST_CALL", longest_call)
    own, kept = compiled(), compiled()
    history = kept.fit(batches(), steps_per_epoch=13, shuffle=False, verbose=0).history
    steps, data, made = loop.multi_step_function(own), iter(batches()), []
    while sum(made) < 13:
        number, metrics = steps(data, 13 - sum(made))
        made.append(number)
    assert made == ([1] * 13 if longest_call == 0 else [1, 12])
    assert metrics == {name: pytest.approx(values[0], rel=1e-6) for name, values in history.items()}
    for mine, theirs in zip(own.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_the_step_after_which_the_loss_is_no_number_is_the_last(monkeypatch):
    monkeypatch.setattr(loop, "LONGEST_CALL", 1000)
    broken = INPUTS.copy()
    broken[24:] = np.nan  # the seventh batch
    model = compiled()
    steps, data = loop.multi_step_function(model), iter(batches(broken))
    steps(data, 1)
    _, metrics = steps(data, 30)
    assert np.isnan(metrics["loss"])
    assert int(model.optimizer.iterations) == 7


@pytest.mark.parametrize(("seconds", "steps"), [(1.0, 1), (0.1, 2), (0.005, 50), (1e-6, 64)])
def test_a_call_is_as_long_as_one_waits_for_ctrl_c(seconds, steps):
    assert loop.steps_per_call(seconds) == steps
