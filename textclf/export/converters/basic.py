"""Layers that read each token, or each text, alone."""

import numpy as np

from textclf.export.converters.graph import Graph

ACTIVATIONS = {"linear": None, "relu": "Relu", "tanh": "Tanh"}


def embedding(graph: Graph, layer, token_ids: str) -> str:
    """Convert (batch, tokens) -> (batch, tokens, dim)."""
    return graph.add("Gather", [graph.constant(layer.get_weights()[0], layer.name), token_ids])


def identity(graph: Graph, layer, tensor: str) -> str:  # noqa: ARG001
    """Return the input: dropout does nothing in inference."""
    return tensor


def dense(graph: Graph, layer, features: str) -> str:
    """Convert (batch, features) -> (batch, units), or (batch, tokens, features) -> (batch, tokens, units)."""
    kernel, bias = layer.get_weights()
    names = [graph.constant(kernel, f"{layer.name}_kernel"), graph.constant(bias, f"{layer.name}_bias")]
    if len(layer.input.shape) == 2:
        return activation(graph, layer, graph.add("Gemm", [features, *names]))
    return activation(graph, layer, graph.add("Add", [graph.add("MatMul", [features, names[0]]), names[1]]))


def activation(graph: Graph, layer, tensor: str) -> str:
    """Convert the activation of a layer; the shape stays.

    Raises:
        NotImplementedError: an activation that is not in `ACTIVATIONS`.
    """
    name = layer.activation.__name__
    if name not in ACTIVATIONS:
        raise NotImplementedError(f"no ONNX converter for activation {name} of layer '{layer.name}'")
    operator = ACTIVATIONS[name]
    return graph.add(operator, [tensor]) if operator else tensor


def add(graph: Graph, layer, first: str, second: str) -> str:  # noqa: ARG001
    """Convert the sum of two tensors of one shape."""
    return graph.add("Add", [first, second])


def concatenate(graph: Graph, layer, *tensors: str) -> str:
    """Convert the concatenation of tensors along `layer.axis`."""
    return graph.add("Concat", list(tensors), axis=layer.axis)


def layer_normalization(graph: Graph, layer, states: str) -> str:
    """Convert (batch, tokens, dim) -> the same shape: mean 0 and variance 1 for each token, then scale and shift."""
    scale, shift = layer.get_weights()
    names = [graph.constant(scale, f"{layer.name}_scale"), graph.constant(np.asarray(shift), f"{layer.name}_shift")]
    return graph.add("LayerNormalization", [states, *names], axis=-1, epsilon=layer.epsilon)
