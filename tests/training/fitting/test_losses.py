"""The losses on logits, against the same in numpy."""

import numpy as np
import pytest

from textclf.training.fitting.losses import LOSSES, binary_loss, multiclass_loss, multilabel_loss

LOGITS = np.random.default_rng(0).normal(0, 2, (6, 3)).astype(np.float32)


def value(loss, truth, logits, weights=None):
    import keras

    model = keras.Sequential([keras.Input(logits.shape[1:]), keras.layers.Identity()])
    model.compile(loss=loss, run_eagerly=True)
    return model.evaluate(logits, truth, sample_weight=weights, verbose=0)


def softmax(logits):
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_one_of_several(smoothing):
    classes = np.array([0, 1, 2, 1, 0, 2])
    truth = np.eye(3)[classes] * (1 - smoothing) + smoothing / 3
    expected = -(truth * np.log(softmax(LOGITS))).sum(axis=1).mean()
    assert value(multiclass_loss(smoothing, None), classes, LOGITS) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_one_unit(smoothing):
    classes = np.array([0, 1, 1, 0, 1, 0])
    truth = (classes * (1 - smoothing) + smoothing / 2)[:, None]
    logits = LOGITS[:, :1]
    expected = (truth * np.log1p(np.exp(-logits)) + (1 - truth) * np.log1p(np.exp(logits))).mean()
    assert value(binary_loss(smoothing, None), classes, logits) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, np.array([1.0, 5.0, 10.0], np.float32)])
def test_any_number_of_labels(smoothing, weights):
    labels = np.array([[0, 1, 1], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]], np.float32)
    truth = labels * (1 - smoothing) + smoothing / 2
    missed = (1 if weights is None else weights) * truth * np.log1p(np.exp(-LOGITS))
    expected = (missed + (1 - truth) * np.log1p(np.exp(LOGITS))).mean()
    assert value(multilabel_loss(smoothing, weights), labels, LOGITS) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 5.0, 10.0], np.float32)])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize(
    ("kind", "classes"), [("binary", [[0], [1], [1]]), ("multiclass", [0, 2, 1]), ("multilabel", np.eye(3)[[1, 1, 0]])]
)
def test_squared_hinge(kind, classes, smoothing, weights):
    classes = np.array(classes, np.float32)
    labels = {"binary": classes, "multiclass": np.eye(3)[classes.astype(int)], "multilabel": classes}[kind]
    logits = LOGITS[:3, : labels.shape[1]]
    truth = labels * (1 - smoothing) + smoothing / 2
    own = weights if kind == "multilabel" and weights is not None else 1  # otherwise the samples carry the weights
    expected = (own * truth * np.maximum(0, 1 - logits) ** 2 + (1 - truth) * np.maximum(0, 1 + logits) ** 2).mean()
    loss = LOSSES["squared_hinge"][kind](smoothing, weights)
    assert value(loss, classes, logits) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("kind", "classes"), [("binary", [[0], [1], [1]]), ("multiclass", [0, 2, 1]), ("multilabel", np.eye(3)[[1, 1, 0]])]
)
def test_a_text_that_weighs_nothing_counts_nothing(name, kind, classes):
    classes, loss = np.array(classes, np.float32), LOSSES[name][kind](0.2, None)
    logits = LOGITS[:3, :1] if kind == "binary" else LOGITS[:3]
    alone = value(loss, classes[1:2], logits[1:2])
    assert value(loss, classes, logits, np.array([0, 3, 0], np.float32)) == pytest.approx(alone, abs=1e-5)
