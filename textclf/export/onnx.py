"""Convert trained Keras models to one ONNX graph, layer by layer.

The existing converters turn a masked LSTM into a `Loop` of about ninety nodes (onnx/tensorflow-onnx#1871). ONNX's own
`LSTM` reads the row lengths and is one node, so this module writes the graph with `onnx.helper`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from textclf.export.converters import CONVERTERS
from textclf.export.converters.graph import FLOAT, INT32, INT64, Graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import onnx

OPSET = 17
IR_VERSION = 8  # the oldest that has the opset, for as many runtimes as possible
OUTPUT = "probabilities"
ACTIVATIONS = {"sigmoid": "Sigmoid", "softmax": "Softmax", "linear": "Identity"}  # of Keras -> operator
TYPES = {"int32": INT32, "float32": FLOAT}


def build_graph(
    *models: keras.Model, activation: str, padding: str, scales: Sequence[float] | None = None
) -> onnx.ModelProto:
    """Return the ONNX graph of functional models: named inputs (batch, entries) -> `probabilities` (batch, outputs).

    Args:
        models: one model, or the models of an ensemble, whose logits are added up.
        activation: of the logits, "sigmoid" or "softmax"; "linear" leaves the output of the models as it is.
        padding: the side on which the rows of `token_ids` are padded, "left" or "right".
        scales: a factor for the logits of each model; by default 1.

    Raises:
        NotImplementedError: a layer type that is not in `CONVERTERS`.
    """
    graph = Graph()
    inputs = {tensor.name: tensor.dtype for model in models for tensor in model.inputs}
    names = {name: name for name in inputs}
    if "token_ids" in inputs:
        names["token_ids"] = graph.token_ids = _align_left(graph, "token_ids", padding)
    logits = []
    for number, (model, scale) in enumerate(zip(models, scales or [1.0] * len(models), strict=True), start=1):
        graph.prefix = f"{number}_" if len(models) > 1 else ""
        output = _add_layers(graph, model, names)
        logits.append(output if scale == 1 else graph.add("Mul", [output, graph.number(scale)]))
    combined = graph.add("Sum", logits) if len(logits) > 1 else logits[0]
    attributes = {"axis": -1} if activation == "softmax" else {}
    graph.add(ACTIVATIONS[activation], [combined], outputs=(OUTPUT,), **attributes)
    return _make_model(graph, "_".join(model.name for model in models), inputs, models[0].outputs[0].shape[-1])


def _add_layers(graph: Graph, model: keras.Model, inputs: dict[str, str]) -> str:
    """Add a model layer by layer; return the name of its logits in the graph.

    Args:
        graph: grows.
        model: a functional model.
        inputs: name of an input of the model -> name of the tensor in the graph.
    """
    names = dict(inputs)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind not in CONVERTERS:
            raise NotImplementedError(
                f"no ONNX converter for layer '{layer.name}' of type {kind}: add one to CONVERTERS"
            )
        # A mask is an input of its own in Keras; the graph has row lengths instead.
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        read = [names[tensor.name] for tensor in tensors if tensor.name in names]
        names[layer.output.name] = CONVERTERS[kind](graph, layer, *read)
    return names[model.outputs[0].name]


def _make_model(graph: Graph, name: str, inputs: dict[str, str], units: int) -> onnx.ModelProto:
    """Return the checked ONNX model of a complete graph.

    Args:
        graph: with the node that makes `OUTPUT`.
        name: of the graph.
        inputs: name -> dtype.
        units: the width of the output.
    """
    from onnx import checker, helper

    onnx_graph = helper.make_graph(
        graph.nodes,
        name,
        [helper.make_tensor_value_info(name, TYPES[dtype], ["batch", name]) for name, dtype in inputs.items()],
        [helper.make_tensor_value_info(OUTPUT, FLOAT, ["batch", units])],
        graph.weights,
    )
    model = helper.make_model(
        onnx_graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="textclf",
    )
    checker.check_model(model, full_check=True)
    return model


def _align_left(graph: Graph, token_ids: str, padding: str) -> str:
    """Set the row lengths of the graph; return the token ids with their padding on the right."""
    zero = graph.constant(np.array(0, np.int32))
    last_axis = graph.constant(np.array([1], np.int64))
    real = graph.add("Not", [graph.add("Equal", [token_ids, zero])])
    ones = graph.add("Cast", [real], to=INT32)
    graph.lengths = graph.add("ReduceSum", [ones, last_axis], keepdims=0)
    if padding == "right":
        return token_ids
    # Column j of a row reads column (j + width - length) mod width: first the tokens, then the padding.
    width = graph.add("Gather", [graph.add("Shape", [token_ids]), graph.constant(np.array(1, np.int64))])
    columns = graph.add("Range", [graph.constant(np.array(0, np.int64)), width, graph.constant(np.array(1, np.int64))])
    lengths = graph.add("Unsqueeze", [graph.add("Cast", [graph.lengths], to=INT64), last_axis])  # int64 (batch, 1)
    sources = graph.add("Mod", [graph.add("Sub", [graph.add("Add", [columns, width]), lengths]), width])
    return graph.add("GatherElements", [token_ids, sources], axis=1)
