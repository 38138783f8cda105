"""Mixup: the loss is that of mixed logits and mixed labels, the mixture a function of seed and step."""

import keras
import numpy as np
import pytest

from textclf.data.targets import Targets
from textclf.inference.decisions import Decision
from textclf.training.fitting.losses import build_loss
from textclf.training.fitting.mixup import mixup_loss
from textclf.training.fitting.task import Objective

TARGETS = {
    "binary": Targets("binary", ["no", "yes"], [1, 1], ("no",)),
    "multiclass": Targets("multiclass", list("abc"), [1] * 3, ("a",)),
    "multilabel": Targets("multilabel", list("abc"), [1] * 3, ("a",)),
}
LOSSES = {name: build_loss(Objective(targets, Decision())) for name, targets in TARGETS.items()}
RANDOM = np.random.default_rng(0)


def batch(name, rows=64):
    logits = RANDOM.normal(0, 2, (rows, TARGETS[name].num_outputs)).astype(np.float32)
    classes = RANDOM.integers(0, 3 if name == "multiclass" else 2, (rows, 3) if name == "multilabel" else (rows,))
    return classes.astype(np.float32 if name == "multilabel" else np.int32), logits


def variable(step):
    return keras.Variable(step, dtype="int64", trainable=False)


@pytest.mark.parametrize("name", TARGETS)
def test_two_rows_are_mixed_by_one_share_in_logits_and_labels(name):
    """Of two texts each row's loss must be that of some share, for both possible partners."""
    loss = LOSSES[name]
    by_row = loss.call if isinstance(loss, keras.losses.Loss) else loss
    shares = np.linspace(0, 1, 101, dtype=np.float32)[:, None]
    for step in range(5):
        classes, logits = batch(name, rows=2)
        received = np.asarray(mixup_loss(loss, 1.0, seed=3, step=variable(step))(classes, logits))

        for row in (0, 1):
            curves = []
            for partner in (0, 1):
                mixed = shares * logits[row] + (1 - shares) * logits[partner]
                own, other = (np.ravel(by_row(np.repeat(classes[[of]], 101, axis=0), mixed)) for of in (row, partner))
                curves.append(shares[:, 0] * own + (1 - shares[:, 0]) * other)
            assert np.abs(np.array(curves) - received[row]).min() < 0.05


def test_a_large_alpha_mixes_half_and_half_and_a_small_one_hardly_mixes():
    classes, logits = batch("multiclass")
    loss = LOSSES["multiclass"]
    alone = np.asarray(loss.call(classes, logits))

    def share_unchanged(alpha):
        mixed = np.asarray(mixup_loss(loss, alpha, seed=1, step=variable(0))(classes, logits))
        return (np.abs(mixed - alone) < 0.01).mean()

    assert share_unchanged(0.01) > 0.4  # the share is near 0 or near 1
    assert share_unchanged(10.0) < 0.15


def test_the_mixture_is_a_function_of_seed_and_step():
    classes, logits = batch("binary")

    def losses(seed, step):
        return np.asarray(mixup_loss(LOSSES["binary"], 0.4, seed=seed, step=variable(step))(classes, logits))

    np.testing.assert_array_equal(losses(1, 5), losses(1, 5))
    assert (losses(1, 5) != losses(1, 6)).any()
    assert (losses(1, 5) != losses(2, 5)).any()


def test_mixing_keeps_a_network_from_being_sure():
    """Trained until it knows every row by heart, it is less sure of it with mixup."""
    sureness = {}
    for alpha in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.05))
        loss = LOSSES["binary"]
        if alpha:
            loss = mixup_loss(loss, alpha, seed=0, step=model.optimizer.iterations)
        model.compile(model.optimizer, loss=loss)
        inputs, classes = np.random.default_rng(0).normal(size=(32, 8)), np.arange(32) % 2
        for _ in range(100):
            model.train_on_batch(inputs, classes)
        sureness[alpha] = np.abs(np.asarray(model(inputs))).mean()
    assert sureness[1.0] < sureness[0.0] / 2
