"""The learning rate of each step, alone and in a training."""

import keras
import numpy as np
import pytest

from textclf.config.training_options import TrainingOptions
from textclf.core.options import fields_of
from textclf.training.fitting.optimizers.schedules import SCHEDULES, Schedule, learning_rate


def rates(shape, warmup=0.0, num_steps=100):
    schedule = Schedule(0.02, shape=shape, warmup=warmup, num_steps=num_steps)
    return np.array([float(schedule(step)) for step in range(num_steps)])


def test_every_schedule_can_be_chosen():
    assert set(fields_of(TrainingOptions)["schedule"].type.__args__) == set(SCHEDULES)


def test_constant_stays_linear_and_cosine_fall_to_nothing():
    assert (rates("constant") == np.float32(0.02)).all()
    linear, cosine = rates("linear"), rates("cosine")
    np.testing.assert_allclose(linear, 0.02 * (1 - np.arange(100) / 100), rtol=1e-5)
    np.testing.assert_allclose(cosine, 0.01 * (1 + np.cos(np.pi * np.arange(100) / 100)), rtol=1e-4, atol=1e-8)
    assert (np.diff(cosine) < 0).all()


@pytest.mark.parametrize("shape", SCHEDULES)
def test_a_share_of_the_steps_rises_from_near_nothing_to_the_peak(shape):
    risen = rates(shape, warmup=0.1)
    np.testing.assert_allclose(risen[:10], 0.002 * np.arange(1, 11), rtol=1e-5)
    assert risen[10] == np.float32(0.02)
    assert (risen[10:] <= np.float32(0.02)).all()


def test_after_the_last_step_the_rate_is_that_of_the_end():
    assert float(Schedule(1.0, shape="linear", warmup=0.5, num_steps=1)(7)) == 0


def test_a_rate_that_never_changes_is_a_number():
    assert learning_rate(TrainingOptions(learning_rate=0.1), num_steps=5) == 0.1


def test_the_steps_of_a_training_shrink_as_the_schedule_says():
    """Plain gradient descent on a constant gradient: the weight moves by exactly the learning rate."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    rate = learning_rate(TrainingOptions(learning_rate=0.5, schedule="linear", warmup=0.25), num_steps=8)
    model.compile(keras.optimizers.SGD(rate), loss=lambda _, predicted: -predicted)
    moved = []
    for _ in range(8):
        before = float(model.get_weights()[0][0, 0])
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        moved.append(float(model.get_weights()[0][0, 0]) - before)
    np.testing.assert_allclose(moved, [0.25, 0.5, *(0.5 * np.arange(6, 0, -1) / 6)], rtol=1e-4)
