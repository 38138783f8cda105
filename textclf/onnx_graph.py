"""A trained Keras model -> an ONNX graph, layer by layer (see `converters/`).

Written with `onnx.helper`, because the converters that exist turn a masked LSTM into a `Loop` of some ninety nodes
(onnx/tensorflow-onnx#1871); ONNX's own `LSTM` takes the lengths of the rows and is one node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from textclf.converters import CONVERTERS
from textclf.converters.graph import INT32, INT64, Graph

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 17
IR_VERSION = 8  # the oldest that knows the opset, for the widest choice of runtimes
OUTPUT = "probabilities"


def build_graph(model: keras.Model, *, activation: str, padding: str) -> onnx.ModelProto:
    """The graph of a functional model: `token_ids` int32 (batch, tokens) -> `probabilities` (batch, units).

    Args:
        activation: what turns logits into probabilities, "sigmoid" or "softmax".
        padding: the side on which the rows are padded.

    Raises:
        NotImplementedError: a layer type that is not in `CONVERTERS`.
    """
    from onnx import TensorProto, checker, helper

    graph = Graph()
    graph.token_ids = _aligned(graph, "token_ids", padding)
    names = {"token_ids": graph.token_ids}
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind not in CONVERTERS:
            raise NotImplementedError(
                f"no ONNX converter for layer '{layer.name}' of type {kind}: add one to CONVERTERS"
            )
        # A mask is an input of its own in Keras; the graph has lengths in its place.
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        inputs = [names[tensor.name] for tensor in tensors if tensor.name in names]
        names[layer.output.name] = CONVERTERS[kind](graph, layer, *inputs)
    logits = names[model.outputs[0].name]
    attributes = {"axis": -1} if activation == "softmax" else {}
    graph.add(activation.capitalize(), [logits], outputs=(OUTPUT,), **attributes)
    onnx_graph = helper.make_graph(
        graph.nodes,
        model.name,
        [helper.make_tensor_value_info("token_ids", TensorProto.INT32, ["batch", "tokens"])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", model.outputs[0].shape[-1]])],
        graph.weights,
    )
    onnx_model = helper.make_model(
        onnx_graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="textclf",
    )
    checker.check_model(onnx_model, full_check=True)
    return onnx_model


def _aligned(graph: Graph, token_ids: str, padding: str) -> str:
    """Note the lengths of the rows, and move rows that are padded on the left to the left."""
    zero = graph.constant(np.array(0, np.int32))
    last_axis = graph.constant(np.array([1], np.int64))
    real = graph.add("Not", [graph.add("Equal", [token_ids, zero])])
    ones = graph.add("Cast", [real], to=INT32)
    graph.lengths = graph.add("ReduceSum", [ones, last_axis], keepdims=0)
    if padding == "right":
        return token_ids
    # Column j of a row takes what stands at (j + width - length) mod width: its tokens first, then the padding.
    width = graph.add("Gather", [graph.add("Shape", [token_ids]), graph.constant(np.array(1, np.int64))])
    columns = graph.add("Range", [graph.constant(np.array(0, np.int64)), width, graph.constant(np.array(1, np.int64))])
    lengths = graph.add("Unsqueeze", [graph.add("Cast", [graph.lengths], to=INT64), last_axis])  # int64 (batch, 1)
    sources = graph.add("Mod", [graph.add("Sub", [graph.add("Add", [columns, width]), lengths]), width])
    return graph.add("GatherElements", [token_ids, sources], axis=1)
