"""Fewer bits: standard operators read them, and a text alone gets what it gets in a batch."""

import keras
import numpy as np
import onnxruntime
import pytest

from textclf.export.onnx import build_graph
from textclf.export.quantization import PRECISIONS, _kernel_codes, quantize
from textclf.inference.onnx.verify import check_graph

LOWER = [precision for precision in PRECISIONS if precision != "float32"]


@pytest.fixture(scope="module", params=[1, 3, 4])
def graph(request):
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    states = keras.layers.Embedding(2000, request.param, mask_zero=True)(inputs["token_ids"])
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(keras.layers.LSTM(24, name="lstm")(states)))
    return build_graph(model, activation="softmax", padding="left")


def answers(model, rows: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"token_ids": rows})[0]


@pytest.mark.parametrize("precision", LOWER)
def test_a_graph_of_a_lower_precision_answers_almost_the_same(graph, precision):
    rows = np.random.default_rng(1).integers(2, 2000, (40, 7)).astype(np.int32)
    made = quantize(graph, precision)
    assert np.abs(answers(made, rows) - answers(graph, rows)).max() < 0.01
    assert made.ByteSize() < graph.ByteSize()


@pytest.mark.parametrize("precision", LOWER)
def test_a_text_alone_gets_what_it_gets_in_a_batch(graph, precision):
    rows = np.random.default_rng(2).integers(2, 2000, (40, 7)).astype(np.int32)
    made = quantize(graph, precision)
    alone = np.concatenate([answers(made, rows[place : place + 1]) for place in range(40)])
    np.testing.assert_allclose(alone, answers(made, rows), atol=1e-6)


@pytest.mark.parametrize("precision", LOWER)
def test_the_graph_has_standard_operators_only(graph, precision):
    operators = check_graph(quantize(graph, precision).SerializeToString())
    assert not any("Quant" in name or "Integer" in name for name in operators)


def test_a_weight_beyond_float16_keeps_its_precision(graph):
    from onnx import numpy_helper

    large = quantize(graph, "float32")
    [kernel] = [weight for weight in large.graph.initializer if weight.name.endswith("lstm_kernel")]
    kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel) * np.float32(1e30), kernel.name))
    names = [weight.name for weight in quantize(large, "int8").graph.initializer]
    assert kernel.name in names


@pytest.mark.parametrize(
    ("shape", "scales"),
    [((20, 100, 3), (20, 1, 1)), ((2, 64, 40), (2, 64, 1)), ((300, 1), (1, 1)), ((50, 7), (1, 7)), ((9, 33), (9, 1))],
)
def test_a_kernel_has_a_scale_for_each_group(shape, scales):
    kernel = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    codes, found = _kernel_codes(kernel)
    assert (codes.shape, found.shape) == (shape, scales)
    assert np.abs(codes * found.astype(np.float32) - kernel).max() < 0.005 * np.abs(kernel).max()


@pytest.mark.parametrize("axis", [0, 1])
def test_large_values_are_in_groups_of_their_own(axis):
    kernel = np.random.default_rng(0).normal(size=(64, 96)).astype(np.float32)
    kernel[(slice(None), slice(3)) if axis == 0 else slice(3)] *= 100
    codes, scales = _kernel_codes(kernel)
    assert scales.shape[axis] == 1
    assert np.abs(codes * scales.astype(np.float32) - kernel)[5:, 5:].max() < 0.02
