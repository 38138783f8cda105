"""A trained Keras model -> an ONNX graph. `CONVERTERS` has one function a Keras layer type.

Written with `onnx.helper`, because the converters turn a masked LSTM into a `Loop` of some ninety nodes
(onnx/tensorflow-onnx#1871); ONNX's own `LSTM` takes the lengths of the rows and is one node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 17
IR_VERSION = 8  # the oldest that knows the opset, for the widest choice of runtimes
INT32, INT64 = 6, 7  # onnx.TensorProto; onnx itself is imported only when a graph is built
OUTPUT = "probabilities"


@dataclass
class Graph:
    """Nodes and weights as they are added. Tensors are known by name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    lengths: str = ""  # the tensor of row lengths, int32 (batch,)

    def add(self, operator: str, inputs: list[str], *, outputs: tuple[str, ...] = (), **attributes) -> str:
        """Add a node; returns the name of its first output."""
        from onnx import helper

        outputs = outputs or (f"{operator.lower()}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))
        return next(name for name in outputs if name)

    def constant(self, values: np.ndarray, name: str = "") -> str:
        """Add an array; returns its name."""
        from onnx import numpy_helper

        name = name or f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


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
    names = {"token_ids": _aligned(graph, "token_ids", padding)}
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


def _embedding(graph: Graph, layer, token_ids: str) -> str:
    """(batch, tokens) -> (batch, tokens, embedding_dim)."""
    return graph.add("Gather", [graph.constant(layer.get_weights()[0], layer.name), token_ids])


def _identity(graph: Graph, layer, tensor: str) -> str:  # noqa: ARG001
    """Dropout does nothing outside training."""
    return tensor


def _dense(graph: Graph, layer, features: str) -> str:
    """(batch, features) -> (batch, units), without an activation."""
    if layer.activation.__name__ != "linear":
        raise NotImplementedError(f"layer '{layer.name}' has activation {layer.activation.__name__}: not converted yet")
    kernel, bias = layer.get_weights()
    names = [graph.constant(kernel, f"{layer.name}_kernel"), graph.constant(bias, f"{layer.name}_bias")]
    return graph.add("Gemm", [features, *names])


def _lstm(graph: Graph, layer, states: str) -> str:
    return _add_lstm(graph, layer, [layer], states)


def _bidirectional(graph: Graph, layer, states: str) -> str:
    return _add_lstm(graph, layer, [layer.forward_layer, layer.backward_layer], states)


def _add_lstm(graph: Graph, layer, directions: list, states: str) -> str:
    """(batch, tokens, dim) -> (batch, units) of all directions, or (batch, tokens, units) for each token."""
    units = directions[0].units
    weights = [_onnx_weights(*direction.get_weights(), units) for direction in directions]
    kernel, recurrent, bias = (np.stack(arrays) for arrays in zip(*weights, strict=True))
    names = [
        graph.constant(kernel, f"{layer.name}_kernel"),
        graph.constant(recurrent, f"{layer.name}_recurrent_kernel"),
        graph.constant(bias, f"{layer.name}_bias"),
    ]
    tokens_first = graph.add("Transpose", [states], perm=[1, 0, 2])  # (tokens, batch, dim)
    every, last = f"{layer.name}_every_state", f"{layer.name}_last_state"
    sequences = directions[0].return_sequences
    made = graph.add(
        "LSTM",
        [tokens_first, *names, graph.lengths],
        outputs=(every,) if sequences else ("", last),
        hidden_size=units,
        direction="bidirectional" if len(directions) == 2 else "forward",
    )
    if sequences:  # (tokens, directions, batch, units) -> (batch, tokens, directions * units)
        batch_first = graph.add("Transpose", [made], perm=[2, 0, 1, 3])
        return graph.add("Reshape", [batch_first, graph.constant(np.array([0, 0, len(directions) * units]))])
    batch_first = graph.add(
        "Transpose", [made], perm=[1, 0, 2]
    )  # (directions, batch, units) -> (batch, directions, units)
    return graph.add("Reshape", [batch_first, graph.constant(np.array([0, len(directions) * units]))])


def _onnx_weights(kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray, units: int) -> tuple[np.ndarray, ...]:
    """Keras has its gates in the order i, f, c, o in columns; ONNX i, o, f, c in rows, and a second bias."""
    order = np.arange(4 * units).reshape(4, units)[[0, 3, 1, 2]].ravel()
    return kernel.T[order], recurrent.T[order], np.concatenate([bias[order], np.zeros_like(bias)])


CONVERTERS = {
    "Embedding": _embedding,
    "Dropout": _identity,
    "LSTM": _lstm,
    "Bidirectional": _bidirectional,
    "Dense": _dense,
}
