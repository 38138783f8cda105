"""A graph with lookup tables gives the probabilities of the one without, or there are no tables."""

import contextlib

import keras
import numpy as np
import onnx
import pytest

from tests.hostile.broken_files import flipped
from tests.tolerances import assert_close
from textclf.core.options import fields_of
from textclf.export.onnx import build_graph
from textclf.inference import engine
from textclf.inference.onnx import lookup_tables
from textclf.inference.onnx.lookup_tables import PATTERNS, add_lookup_tables
from textclf.inference.onnx.session import open_session, run_session
from textclf.inference.onnx.verify import check_graph
from textclf.models import ARCHITECTURES, build_model
from textclf.models.sizes import Sizes

SIZES = Sizes(num_ids=40, sequence_length=9, num_ngrams=0)


SMALL = {"embedding_dim": 6, "units": 5, "filters": 5, "num_heads": 2, "head_dim": 3}


def network(architecture: str = "lstm", **changed) -> keras.Model:
    """Random weights, biases too."""
    known = fields_of(ARCHITECTURES[architecture].Options)
    sizes = {name: value for name, value in SMALL.items() if name in known}
    model = build_model(ARCHITECTURES[architecture].Options(**{**sizes, **changed}), SIZES, num_outputs=1)
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
    return run_session(open_session(model, names=inputs, num_outputs=1), inputs, 1)


@pytest.mark.parametrize("padding", ["right", "left"])
@pytest.mark.parametrize(
    "models",
    [
        [{}],
        [{"bidirectional": True}],
        [{}, {"bidirectional": True, "units": 3}],
        [{"architecture": "cnn"}],
        [{"architecture": "cnn", "widths": [1, 2, 12]}],  # one wider than every text
        [{"architecture": "cnn"}, {}],
        [{"pooling": "mean"}, {}],
        [{"architecture": "transformer"}, {"architecture": "cnn", "widths": [5]}],
    ],
    ids=str,
)
def test_it_gives_the_same_probabilities(models, padding):
    graph = graph_of(*(network(**changed) for changed in models), padding=padding).SerializeToString()
    model, tables = add_lookup_tables(graph)
    inputs = batch(padding)
    expected = answers(graph, inputs)
    assert expected.std() > 0.02
    assert_close(answers(model, inputs | tables), expected)
    assert_close(
        answers(model, {"token_ids": np.array([[3]], np.int32), **tables})[0, 0],
        answers(graph, {"token_ids": np.array([[3]], np.int32)})[0, 0],
    )


@pytest.mark.parametrize(
    ("changed", "shapes"),
    [({"bidirectional": True}, [(40, 20)] * 2), ({"architecture": "cnn", "widths": [2, 3]}, [(40, 5)] * 5)],
)
def test_tables_have_a_row_for_each_id_which_is_zero_for_padding(changed, shapes):
    _, tables = add_lookup_tables(graph_of(network(**changed)).SerializeToString())
    assert [table.shape for table in tables.values()] == shapes
    for table in tables.values():
        assert not table[0].any()
        assert table[1:].any(axis=1).all()


def test_the_engine_knows_what_can_be_replaced():
    assert set(PATTERNS) == engine.REPLACEABLE


@pytest.mark.parametrize("architecture", ["lstm", "cnn"])
def test_what_nothing_reads_any_more_is_gone(architecture):
    graph = graph_of(network(architecture))
    model, _ = add_lookup_tables(graph.SerializeToString())
    made = onnx.load_from_string(model).graph
    steps = [*made.node] + [step for node in made.node for one in node.attribute for step in one.g.node]
    assert {weight.name for weight in made.initializer} <= {name for node in steps for name in node.input}
    assert not {node.op_type for node in made.node} & set(PATTERNS)
    gathered = {name for node in steps if node.op_type == "Gather" for name in node.input}
    assert "embedding" in {weight.name for weight in graph.graph.initializer}
    assert "embedding" not in gathered


@pytest.mark.parametrize(
    "changed",
    [{"architecture": "transformer"}, {"pooling": "max"}, {"num_layers": 2}, {"num_layers": 2, "bidirectional": True}],
    ids=str,
)
def test_networks_without_anything_to_replace_have_no_tables(changed):
    assert add_lookup_tables(graph_of(network(**changed)).SerializeToString()) is None


def test_tables_have_a_limit(monkeypatch):
    graph = graph_of(network("cnn", widths=[2, 3])).SerializeToString()
    for most, tables in [(40 * 5 * 5, 5), (40 * 5 * 5 - 1, 2), (40 * 5 * 2 - 1, None)]:
        monkeypatch.setattr(lookup_tables, "MOST_TABLE_BYTES", 4 * most)
        made = add_lookup_tables(graph)
        assert (made and len(made[1])) == tables
        if made:
            assert_close(answers(made[0], batch() | made[1]), answers(graph, batch()))


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


def other_pads(model):
    next(one for one in of_type(model, "Conv").attribute if one.name == "pads").ints[0] += 1


def other_strides(model):
    of_type(model, "Conv").attribute.append(onnx.helper.make_attribute("strides", [2]))


def other_mask(model):
    mask = [node for node in model.graph.node if node.op_type == "Equal"][-1]  # the first is for the lengths
    mask.input[0] = "something else"


def other_bias(model):
    of_type(model, "Conv").input[2] = "something else"


EDITS = {
    "lstm": [other_opset, other_axis, other_order, other_direction, other_activations, other_width, other_outputs,
             other_weights],
    "cnn": [other_opset, other_axis, other_order, other_pads, other_strides, other_mask, other_bias],
}  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "edit"),
    [(architecture, edit) for architecture, edits in EDITS.items() for edit in edits],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_graph_unlike_ours_has_no_tables(architecture, edit):
    model = graph_of(network(architecture, **({"widths": [2]} if architecture == "cnn" else {})))
    assert add_lookup_tables(model.SerializeToString())
    edit(model)
    assert add_lookup_tables(model.SerializeToString()) is None


@pytest.mark.parametrize("architecture", ["lstm", "cnn"])
def test_names_in_a_graph_are_names_whatever_they_are(architecture):
    model = graph_of(network(architecture))
    made = of_type(model, "LSTM" if architecture == "lstm" else "Conv").output[-1]
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = ["{0.missing} {} {" if name == made else name for name in names]
    tabled, tables = add_lookup_tables(model.SerializeToString())
    expected = answers(model.SerializeToString(), batch())
    assert_close(answers(tabled, batch() | tables), expected)


@pytest.mark.parametrize("models", [[{"bidirectional": True}], [{"architecture": "cnn"}]], ids=["lstm", "cnn"])
def test_a_graph_with_a_wrong_bit_has_no_tables_or_others(models):
    whole, seen = graph_of(*(network(**changed) for changed in models)).SerializeToString(), 0
    for seed in range(150):
        model = flipped(whole, seed)
        try:
            check_graph(model)
        except ValueError:
            continue
        with contextlib.suppress(ValueError, LookupError):  # as `Engine` does
            if made := add_lookup_tables(model):
                open_session(made[0], names=["token_ids", *made[1]], num_outputs=1)
                seen += 1
    assert seen > 15
