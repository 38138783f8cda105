"""The compiled LSTM computes what Keras's does, its gradient too."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textclf.models.compiled_lstm import LSTM, choose_loops, filled_length

DIM, UNITS, TOKENS = 5, 7, 37
LENGTHS = np.array([37, 1, 20])
MASKS = {
    "right": np.arange(TOKENS) < LENGTHS[:, None],
    "left": np.arange(TOKENS) >= TOKENS - LENGTHS[:, None],
    "none": None,
}


def outcome(layer, mask):
    """Output and gradients: of the input, of every weight."""
    inputs = tf.constant(np.random.default_rng(0).normal(size=(3, TOKENS, DIM)), tf.float32)

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs, mask=mask, training=True)
            loss = tf.reduce_sum(tf.math.sin(3 * output))
        return [output, *tape.gradient(loss, [inputs, *(weight.value for weight in layer.trainable_weights)])]

    return [part.numpy() for part in run()]


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("settings", [{}, {"return_sequences": True}, {"go_backwards": True}], ids=str)
def test_states_and_gradients_are_those_of_keras(settings, mask):
    keras.utils.set_random_seed(0)
    layer = LSTM(UNITS, **settings)
    expected = outcome(layer, mask)
    layer.longest = 90  # filled up to 45
    for ours, theirs in zip(outcome(layer, mask), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def network(**settings):
    inputs = keras.Input((None, DIM))
    return keras.Model(inputs, keras.layers.Bidirectional(LSTM(UNITS, **settings))(inputs))


def compiled(model, training=True) -> int:
    """Programs of XLA in a model."""
    run = tf.function(lambda batch: model(batch, training=training))
    graph = run.get_concrete_function(tf.TensorSpec((None, None, DIM))).graph.as_graph_def()
    return sum("_XlaMustCompile" in function.attr for function in graph.library.function)


def test_a_long_training_is_compiled_in_both_directions_and_answering_is_not(caplog):
    caplog.set_level("INFO")
    model = network()
    choose_loops(model, mean_length=40, longest=40, steps=600, padding="right")
    assert "compiled for this processor" in caplog.text
    assert compiled(model) > 0
    assert compiled(model, training=False) == 0


@pytest.mark.parametrize(
    ("settings", "steps", "reason"),
    [({}, 400, "takes longer"), ({"recurrent_dropout": 0.1}, 9000, "no recurrent dropout")],
)
def test_the_log_says_why_it_is_not(settings, steps, reason, caplog):
    caplog.set_level("INFO")
    model = network(**settings)
    choose_loops(model, mean_length=40, longest=40, steps=steps, padding="right")
    assert reason in caplog.text
    assert compiled(model) == 0


@pytest.mark.parametrize(
    ("length", "filled"), [(310, 310), (300, 300), (151, 300), (150, 150), (3, 38), (76, 150), (75, 75)]
)
def test_batches_are_filled_up_to_few_lengths(length, filled):
    assert int(filled_length(tf.constant(length), 300)) == filled
