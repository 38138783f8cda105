"""The compiled kernels compute what Keras's LSTM does, and its gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textclf.core.cores import limited_threads
from textclf.models.xla_lstm.kernels import KernelShape
from textclf.models.xla_lstm.layer import LSTM, Workload, choose_kernels, lstms_of

DIM, UNITS, TOKENS = 5, 7, 37
LENGTHS = np.array([37, 1, 20])
MASKS = {
    "right": np.arange(TOKENS) < LENGTHS[:, None],
    "left": np.arange(TOKENS) >= TOKENS - LENGTHS[:, None],
    "none": None,
}


def outcome(layer, mask, *, traced=True):
    """Output and gradients: of the input, of every weight."""
    inputs = tf.constant(np.random.default_rng(0).normal(size=(3, TOKENS, DIM)), tf.float32)

    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs, mask=mask, training=True)
            loss = tf.reduce_sum(tf.math.sin(3 * output))
        return [output, *tape.gradient(loss, [inputs, *(weight.value for weight in layer.trainable_weights)])]

    return [part.numpy() for part in (tf.function(run) if traced else run)()]


def of_keras(layer, mask):
    """The same of Keras's loop, which takes longer to trace than to run."""
    return outcome(layer, mask, traced=False)


@pytest.mark.parametrize(
    ("settings", "padding"),
    [({}, "right"), pytest.param({}, "left", marks=pytest.mark.slow), ({"return_sequences": True}, "none"),
     pytest.param({"return_sequences": True}, "right", marks=pytest.mark.slow), ({"go_backwards": True}, "left")],
    ids=str,
)  # fmt: skip
def test_states_and_gradients_are_those_of_keras(settings, padding):
    mask = MASKS[padding]
    keras.utils.set_random_seed(0)
    layer = LSTM(UNITS, **settings)
    expected = of_keras(layer, mask)
    layer.kernel_shape = KernelShape(tokens=10, rows=2, parts=2)  # four chunks with 3 tokens to fill, and a row
    for ours, theirs in zip(outcome(layer, mask), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


SHAPES = [  # all in one chunk, and three chunks in three parts, of which one text each is too much
    (90, 4, 2),
    (18, 3, 3),
    pytest.param((37, 1, 2), marks=pytest.mark.slow),
    pytest.param((20, 3, 1), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape_of_batch_fits_in(shape):
    keras.utils.set_random_seed(0)
    layer = LSTM(UNITS)
    expected = of_keras(layer, MASKS["right"])
    layer.kernel_shape = KernelShape(*shape)
    for ours, theirs in zip(outcome(layer, MASKS["right"]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_layers_of_several_widths_in_one_process():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, DIM))
    layers = [LSTM(4, return_sequences=True), LSTM(3)]
    model = keras.Sequential([inputs, *layers])
    texts = np.random.default_rng(0).normal(size=(3, TOKENS, DIM)).astype("float32")
    expected = model(texts, training=True)
    for layer in layers:
        layer.kernel_shape = KernelShape(tokens=10, rows=2, parts=2)
    run = tf.function(lambda texts: model(texts, training=True), input_signature=[tf.TensorSpec((None, None, DIM))])
    np.testing.assert_allclose(run(texts), expected, rtol=1e-4, atol=1e-6)


@pytest.fixture
def not_compiled(monkeypatch):
    """The kernels are only chosen."""
    monkeypatch.setattr("textclf.models.xla_lstm.layer.compile_ahead", lambda *_: None)


def network(**settings):
    inputs = keras.Input((None, DIM))
    return keras.Model(inputs, keras.layers.Bidirectional(LSTM(UNITS, **settings))(inputs))


def compiled(model, training=True) -> int:
    """Programs of XLA in a model."""
    run = tf.function(lambda batch: model(batch, training=training))
    return programs(run.get_concrete_function(tf.TensorSpec((None, None, DIM))))


def programs(function) -> int:
    library = function.graph.as_graph_def().library
    return sum("_XlaMustCompile" in function.attr for function in library.function)


def test_a_long_training_is_compiled_in_both_directions_and_answering_is_not(caplog):
    caplog.set_level("INFO")
    model = network()
    choose_kernels(model, Workload(40, 40, 32, 600), padding="right")
    assert "LSTM: compiled kernels" in caplog.text
    assert compiled(model) > 0
    assert compiled(model, training=False) == 0


@pytest.mark.parametrize(("batch_size", "cores", "parts"), [(32, 2, 2), (33, 2, 2), (24, 8, 1), (8, 2, 1), (256, 4, 4)])
def test_parts_are_as_many_as_there_are_cores_for_and_large_enough(
    not_compiled, batch_size, cores, parts, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr("os.cpu_count", lambda: 64)  # of the machine, of which a trial of a search has a share
    model = network()
    with limited_threads(cores):
        choose_kernels(model, Workload(40, 400, batch_size, 600), padding="right")
    layer = model.layers[-1].forward_layer
    assert layer.kernel_shape == KernelShape(50, -(-batch_size // parts), parts)
    assert f"in {parts} part" in caplog.text


@pytest.mark.parametrize(
    ("settings", "steps", "reason"),
    [({}, 400, "takes longer"), ({"recurrent_dropout": 0.1}, 9000, "no recurrent dropout")],
)
def test_the_log_says_why_it_is_not(settings, steps, reason, caplog):
    caplog.set_level("INFO")
    model = network(**settings)
    choose_kernels(model, Workload(40, 40, 32, steps), padding="right")
    assert reason in caplog.text
    assert [layer.kernel_shape for layer in lstms_of(model)] == [None, None]


@pytest.mark.parametrize(
    ("mean_length", "longest", "chunk"), [(5, 100, 16), (5, 12, 12), (20, 100, 25), (230, 400, 64), (230, 40, 40)]
)
def test_a_chunk_is_about_as_long_as_a_text(not_compiled, mean_length, longest, chunk):
    model = network()
    choose_kernels(model, Workload(mean_length, longest, 32, 9000), padding="right")
    assert model.layers[-1].forward_layer.kernel_shape.tokens == chunk
