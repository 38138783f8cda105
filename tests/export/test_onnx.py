"""Converting to ONNX: unknown layers are errors, and every converter has a layer."""

import keras
import numpy as np
import onnxruntime
import pytest

from tests.tolerances import assert_close
from textclf.export.converters import CONVERTERS
from textclf.export.onnx import build_graph
from textclf.models import layers
from textclf.models.encoder import layers as encoder_layers


def lstm(outputs, **last) -> keras.Model:
    """An LSTM with a last layer of this kind."""
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    states = keras.layers.LSTM(2)(keras.layers.Embedding(5, 3, mask_zero=True)(inputs["token_ids"]))
    return keras.Model(inputs, keras.layers.Dense(outputs, **last)(states))


def test_an_unknown_layer_is_named():
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    states = keras.layers.Embedding(5, 3)(inputs["token_ids"])
    model = keras.Model(inputs, keras.layers.Dense(1, name="logits")(keras.layers.GRU(2, name="gru")(states)))
    with pytest.raises(NotImplementedError, match="'gru' of type GRU"):
        build_graph(model, activation="sigmoid", padding="right")


def test_an_unknown_activation_is_named():
    model = lstm(1, activation="selu", name="hidden")
    with pytest.raises(NotImplementedError, match="activation selu of layer 'hidden'"):
        build_graph(model, activation="sigmoid", padding="right")


def test_an_lstm_is_one_node_and_never_a_loop():
    model = lstm(1, name="logits")
    operators = [node.op_type for node in build_graph(model, activation="sigmoid", padding="right").graph.node]
    assert operators.count("LSTM") == 1
    assert "Loop" not in operators
    assert len(operators) <= 12


def test_the_converters_are_named_after_layers_of_keras_or_ours():
    modules = (keras.layers, layers, encoder_layers)
    assert all(any(hasattr(module, name) for module in modules) for name in CONVERTERS)


def test_logits_are_scaled_before_the_activation():
    model = lstm(3, name="logits")
    rows = np.array([[1, 2, 3], [4, 2, 0]], np.int32)
    graph = build_graph(model, activation="softmax", padding="right", scales=[1 / 2.5]).SerializeToString()
    [probabilities] = onnxruntime.InferenceSession(graph).run(None, {"token_ids": rows})
    expected = keras.ops.softmax(model({"token_ids": rows}) / 2.5)
    assert_close(probabilities, expected)
