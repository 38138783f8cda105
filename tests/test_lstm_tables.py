"""An LSTM with tables gives the probabilities of the LSTM, or there are no tables."""

import contextlib

import keras
import numpy as np
import onnx
import pytest

from tests.hostile.broken_files import flipped
from textclf import lstm_tables
from textclf.graph_check import check_graph
from textclf.lstm_tables import with_tables
from textclf.models import build_model
from textclf.models.networks import NETWORKS
from textclf.models.sizes import Sizes
from textclf.onnx_graph import build_graph
from textclf.onnx_session import open_session, run_session

SIZES = Sizes(num_ids=40, sequence_length=9, num_ngrams=0)


def network(architecture: str = "lstm", **changed) -> keras.Model:
    """Random weights, biases too."""
    sizes = {"embedding_dim": 6, **({"units": 5} if architecture == "lstm" else {"filters": 5})}
    model = build_model(NETWORKS[architecture].Options(**{**sizes, **changed}), SIZES, num_units=1)
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.7, weight.shape))
    return model


def graph_of(*models: keras.Model, padding: str = "right") -> onnx.ModelProto:
    scales = [0.7, 1.3][: len(models)] if len(models) > 1 else None
    return build_graph(*models, activation="sigmoid", padding=padding, scales=scales)


def batch(padding: str = "right") -> dict[str, np.ndarray]:
    """Rows of 1 to 9 tokens."""
    ids = np.random.default_rng(1).integers(1, SIZES.num_ids, (27, 9)).astype(np.int32)
    lengths = 1 + np.arange(27) % 9
    ids[np.arange(9) >= lengths[:, None]] = 0
    if padding == "left":
        ids = np.stack([np.roll(row, np.count_nonzero(row == 0)) for row in ids])
    return {"token_ids": ids}


def answers(model: bytes, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return run_session(open_session(model, names=inputs, num_units=1), inputs, 1)


@pytest.mark.parametrize("padding", ["right", "left"])
@pytest.mark.parametrize(
    "models",
    [
        [{}],
        [{"bidirectional": True}],
        [{}, {"bidirectional": True, "units": 3}],
        [{"architecture": "cnn"}, {}],
        [{"pooling": "mean"}, {}],
    ],
    ids=str,
)
def test_it_gives_the_same_probabilities(models, padding):
    graph = graph_of(*(network(**changed) for changed in models), padding=padding).SerializeToString()
    model, tables = with_tables(graph)
    inputs = batch(padding)
    expected = answers(graph, inputs)
    assert expected.std() > 0.02
    np.testing.assert_allclose(answers(model, inputs | tables), expected, atol=1e-6)
    np.testing.assert_allclose(answers(model, {"token_ids": np.array([[3]], np.int32), **tables})[0, 0],
                               answers(graph, {"token_ids": np.array([[3]], np.int32)})[0, 0], atol=1e-6)  # fmt: skip


def test_a_table_has_a_row_for_each_id_and_a_column_for_each_gate():
    _, tables = with_tables(graph_of(network(bidirectional=True)).SerializeToString())
    assert [table.shape for table in tables.values()] == [(40, 20), (40, 20)]


def test_what_nothing_reads_any_more_is_gone():
    model, _ = with_tables(graph_of(network()).SerializeToString())
    made = onnx.load_from_string(model).graph
    read = {name for node in made.node for name in node.input}
    within = {name for node in made.node for attribute in node.attribute for inner in attribute.g.node
              for name in inner.input}  # fmt: skip
    assert {weight.name for weight in made.initializer} <= read | within
    operators = [node.op_type for node in made.node]
    assert "LSTM" not in operators
    assert "Gather" not in operators  # of the embedding; that of the table is in the Scan
    assert operators.count("Scan") == 1


@pytest.mark.parametrize(
    "changed",
    [{"architecture": "cnn"}, {"pooling": "max"}, {"num_layers": 2}, {"num_layers": 2, "bidirectional": True}],
)
def test_networks_without_such_an_lstm_have_no_tables(changed):
    assert with_tables(graph_of(network(**changed)).SerializeToString()) is None


def test_tables_have_a_limit(monkeypatch):
    graph = graph_of(network()).SerializeToString()
    monkeypatch.setattr(lstm_tables, "MOST_TABLE_BYTES", 40 * 20 * 4)
    assert with_tables(graph)
    monkeypatch.setattr(lstm_tables, "MOST_TABLE_BYTES", 40 * 20 * 4 - 1)
    assert with_tables(graph) is None


def other_opset(model):
    model.opset_import[0].version = 18


def other_axis(model):
    of_type(model, "Gather").attribute.append(onnx.helper.make_attribute("axis", 1))


def other_order(model):
    del of_type(model, "Transpose").attribute[:]


def other_direction(model):
    next(one for one in of_type(model, "LSTM").attribute if one.name == "direction").s = b"reverse"


def other_activations(model):
    of_type(model, "LSTM").attribute.append(onnx.helper.make_attribute("activations", ["Relu"] * 3))


def other_width(model):
    next(one for one in of_type(model, "LSTM").attribute if one.name == "hidden_size").i = 4


def other_outputs(model):
    of_type(model, "LSTM").output[0] = "every"


def other_weights(model):
    bias = next(weight for weight in model.graph.initializer if weight.name == of_type(model, "LSTM").input[3])
    bias.dims[1] //= 2
    bias.raw_data = bias.raw_data[: len(bias.raw_data) // 2]


def of_type(model, operator):
    return next(node for node in model.graph.node if node.op_type == operator)


EDITS = (other_opset, other_axis, other_order, other_direction, other_activations)
EDITS += (other_width, other_outputs, other_weights)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_graph_unlike_ours_has_no_tables(edit):
    model = graph_of(network())
    assert with_tables(model.SerializeToString())
    edit(model)
    assert with_tables(model.SerializeToString()) is None


def test_a_graph_with_a_wrong_bit_has_no_tables_or_others():
    whole, seen = graph_of(network(bidirectional=True)).SerializeToString(), 0
    for seed in range(400):
        model = flipped(whole, seed)
        try:
            check_graph(model)
        except ValueError:
            continue
        with contextlib.suppress(ValueError, LookupError):  # as `GraphAnswers` does
            if made := with_tables(model):
                open_session(made[0], names=["token_ids", *made[1]], num_units=1)
                seen += 1
    assert seen > 50
