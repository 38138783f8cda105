"""Pooling against numpy: only the tokens that are there count."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tolerances import assert_close
from textclf.models.layers import POOLINGS, Embedding, sinusoids

STATES = np.random.default_rng(0).normal(-2, 1, (3, 5, 4)).astype(np.float32)  # negative: a padded 0 would be the max
MASKS = {
    "right": np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], bool),
    "left": np.array([[1, 1, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool),
}


def pooled(name, states, mask):
    """The pooling within a network that masks the token id 0, and its layers."""
    token_ids = keras.Input((None,), dtype="int32")
    table = keras.layers.Embedding(16, 4, mask_zero=True)
    model = keras.Model(token_ids, POOLINGS[name](table(token_ids), name))
    ids = np.where(mask, np.arange(1, 16).reshape(3, 5), 0)
    rows = np.zeros((16, 4), np.float32)
    rows[ids[mask]] = states[mask]
    table.set_weights([rows])
    return np.asarray(model(ids)), model


def attention_by_hand(layer, states):
    kernel, bias, query = layer.get_weights()
    scores = np.exp(np.tanh(states @ kernel + bias) @ query)
    return (scores * states).sum(axis=0) / scores.sum()


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_max_and_mean_are_those_of_the_tokens_that_are_there(mask):
    largest = np.stack([states[real].max(axis=0) for states, real in zip(STATES, mask, strict=True)])
    mean = np.stack([states[real].mean(axis=0) for states, real in zip(STATES, mask, strict=True)])
    assert_close(pooled("max", STATES, mask)[0], largest)
    assert_close(pooled("mean", STATES, mask)[0], mean)
    assert_close(pooled("max_mean", STATES, mask)[0], np.hstack([largest, mean]))


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_attention_weighs_the_tokens_that_are_there(mask):
    features, model = pooled("attention", STATES, mask)
    expected = [attention_by_hand(model.layers[-1], states[real]) for states, real in zip(STATES, mask, strict=True)]
    assert_close(features, expected)


def test_attention_learns_which_token_counts():
    keras.utils.set_random_seed(0)
    token_ids = keras.Input((None,), dtype="int32")
    states = keras.layers.Embedding(20, 8, mask_zero=True)(token_ids)
    model = keras.Model(token_ids, keras.layers.Dense(1)(POOLINGS["attention"](states, "attention")))
    model.compile(keras.optimizers.Adam(0.03), keras.losses.BinaryCrossentropy(from_logits=True))
    random = np.random.default_rng(0)
    ids = random.integers(3, 20, (200, 30))
    classes = random.integers(0, 2, 200)
    ids[np.arange(200), random.integers(0, 30, 200)] = 1 + classes  # one token of thirty says it
    losses = [float(model.train_on_batch(ids, classes)) for _ in range(60)]
    assert losses[-1] < 0.1


def test_sinusoids_are_those_of_the_paper_scaled():
    table = sinusoids(50, 6) / 0.05
    assert_close(table[7, 1], np.sin(7 / 10_000 ** (2 / 6)))
    assert_close(table[7, 4], np.cos(7 / 10_000 ** (2 / 6)))
    assert sinusoids(3, 5).shape == (3, 5)
    assert len(np.unique(sinusoids(300, 4).round(9), axis=0)) == 300


@pytest.mark.parametrize(("form", "whole"), [(Embedding, False), (keras.layers.Embedding, True)])
def test_an_embedding_reads_only_the_rows_of_its_ids(form, whole):
    table = form(6, 3)
    table.build()
    token_ids = np.array([[1, 5], [2, 2]])
    graph = tf.function(table.call).get_concrete_function(tf.TensorSpec((None, None), tf.int32)).graph
    assert any(operation.type == "ReadVariableOp" for operation in graph.get_operations()) == whole
    np.testing.assert_array_equal(table(token_ids), table.get_weights()[0][token_ids])
