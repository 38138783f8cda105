"""Compressed tables are expanded to exactly the values that the nodes of the graph give, and nothing else is."""

import contextlib

import numpy as np
import onnx
import pytest

from tests.hostile.broken_files import flipped
from tests.inference.onnx.lookup_tables.test_lookup_tables import answers, batch, graph_of, network
from tests.tolerances import assert_close
from textclf.export.quantization import PRECISIONS, quantize
from textclf.export.quantized_rows import dequantize_rows, quantize_rows
from textclf.inference.onnx.lookup_tables import add_lookup_tables, expand_weights, expansion
from textclf.inference.onnx.session import open_session
from textclf.inference.onnx.verify import check_graph

LOWER = [precision for precision in PRECISIONS if precision != "float32"]
NETWORKS = {
    "lstm": [{"bidirectional": True}],
    "cnn": [{"architecture": "cnn", "embedding_dim": 5}],
    "both": [{"architecture": "cnn"}, {"embedding_dim": 1}],
    "transformer": [{"architecture": "transformer"}],
}


def compressed(name: str, precision: str) -> bytes:
    return quantize(graph_of(*(network(**changed) for changed in NETWORKS[name])), precision).SerializeToString()


@pytest.mark.parametrize("products", [True, False])
@pytest.mark.parametrize("precision", LOWER)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_expanded_graph_gives_the_same_probabilities(name, precision, products):
    graph = compressed(name, precision)
    model, tables = add_lookup_tables(graph, products=products)
    expected = answers(graph, batch())
    assert expected.std() > 0.02
    assert_close(answers(model, batch() | tables), expected)


@pytest.mark.parametrize("precision", LOWER)
@pytest.mark.parametrize("name", NETWORKS)
def test_weights_alone_are_expanded_and_the_tables_stay(name, precision):
    graph = compressed(name, precision)
    made = expand_weights(graph)
    check_graph(made)
    assert_close(answers(made, batch()), answers(graph, batch()))
    small = {weight.name for weight in onnx.load_from_string(made).graph.initializer if weight.data_type in (2, 3, 10)}
    read_by = {node.op_type for node in onnx.load_from_string(made).graph.node if small & set(node.input)}
    assert read_by == {"Gather"}


def test_weights_have_a_limit(monkeypatch):
    monkeypatch.setattr(expansion, "MOST_WEIGHT_BYTES", 99)
    graph = compressed("lstm", "int8")
    assert expand_weights(graph) == graph


@pytest.mark.parametrize("precision", LOWER)
@pytest.mark.parametrize("name", ["lstm", "cnn"])
def test_products_are_replaced_as_without_compression(name, precision):
    model, _ = add_lookup_tables(compressed(name, precision))
    operators = {node.op_type for node in onnx.load_from_string(model).graph.node}
    assert not operators & {"LSTM", "Conv"}


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("dim", [1, 4, 5])
def test_tables_hold_the_values_of_the_rows(dim, precision):
    model = network(embedding_dim=dim)
    _, tables = add_lookup_tables(quantize(graph_of(model), precision).SerializeToString(), products=False)
    [table] = tables.values()
    embedding = next(weight for weight in model.weights if weight.shape == (40, dim))
    np.testing.assert_array_equal(table, dequantize_rows(quantize_rows(embedding.numpy(), precision)))


def test_a_graph_that_is_not_compressed_is_not_expanded():
    for name in ("lstm", "transformer"):
        graph = graph_of(*(network(**changed) for changed in NETWORKS[name])).SerializeToString()
        assert add_lookup_tables(graph, products=False) is None


def test_tables_have_a_limit(monkeypatch):
    monkeypatch.setattr(expansion, "MOST_EXPANDED_BYTES", 40 * 6 * 4 - 1)
    with pytest.raises(MemoryError):
        add_lookup_tables(compressed("lstm", "int8"))


def huge_values(model):
    """Every code stands for a row of a hundred million numbers."""
    values = next(weight for weight in model.graph.initializer if weight.name.endswith("_values"))
    values.CopyFrom(onnx.numpy_helper.from_array(np.zeros((256, 100_000), np.float32), values.name))


def other_shape(model):
    shape = next(weight for weight in model.graph.initializer if weight.name.endswith("_shape"))
    shape.CopyFrom(onnx.numpy_helper.from_array(np.array([-1, 0, 0]), shape.name))


def other_code(model):
    codes = next(weight for weight in model.graph.initializer if weight.name.endswith("_values"))
    codes.CopyFrom(onnx.numpy_helper.from_array(np.zeros((3, 2), np.float32), codes.name))


@pytest.mark.parametrize("edit", [huge_values, other_shape, other_code])
def test_a_graph_unlike_ours_is_not_expanded(edit, monkeypatch):
    monkeypatch.setattr(expansion, "MOST_EXPANDED_BYTES", 2**20)
    model = onnx.load_from_string(compressed("lstm", "int4"))
    edit(model)
    with contextlib.suppress(ValueError, MemoryError, LookupError):
        made = add_lookup_tables(model.SerializeToString(), products=False)
        assert made is None or not made.tables


@pytest.mark.parametrize("precision", LOWER)
def test_a_graph_with_a_wrong_bit_is_expanded_or_not(precision):
    whole, seen = compressed("lstm", precision), 0
    for seed in range(200):
        model = flipped(whole, seed)
        try:
            check_graph(model)
        except ValueError:
            continue
        with contextlib.suppress(ValueError, LookupError, MemoryError):  # as `Engine` does
            if made := add_lookup_tables(model, products=False):
                open_session(made[0], names=["token_ids", *made[1]], num_outputs=1)
                seen += 1
    assert seen > 20
