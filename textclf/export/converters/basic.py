"""Layers that read each token, or each text, alone."""

from collections.abc import Callable

import numpy as np

from textclf.export.converters.graph import FLOAT, Graph


def _gelu(graph: Graph, tensor: str) -> str:
    """Add the exact GELU, x / 2 * (1 + erf(x / sqrt 2)), in the form that ONNX Runtime makes one operator of.

    The operator Gelu needs opset 20.
    """
    error = graph.add("Erf", [graph.add("Div", [tensor, graph.number(np.sqrt(2))])])
    product = graph.add("Mul", [tensor, graph.add("Add", [error, graph.number(1)])])
    return graph.add("Mul", [product, graph.number(0.5)])


def _operator(name: str) -> Callable[[Graph, str], str]:
    return lambda graph, tensor: graph.add(name, [tensor])


# Name of an activation in Keras -> the function that adds it.
ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "linear": lambda _, tensor: tensor,
    "relu": _operator("Relu"),
    "tanh": _operator("Tanh"),
    "gelu": _gelu,
}


def embedding(graph: Graph, layer, token_ids: str) -> str:
    """Convert (batch, tokens) -> (batch, tokens, dim)."""
    return graph.add("Gather", [graph.constant(layer.get_weights()[0], layer.name), token_ids])


def quantized_embedding(graph: Graph, layer, token_ids: str) -> str:
    """Convert (batch, tokens) -> (batch, tokens, dim): codes of 8 bits times the scale of their row."""
    codes, scales = (
        graph.add("Gather", [graph.constant(weight, f"{layer.name}_{name}"), token_ids])
        for weight, name in zip(layer.get_weights(), ("codes", "scales"), strict=True)
    )
    return graph.add("Mul", [graph.add("Cast", [codes], to=FLOAT), scales])


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
    return ACTIVATIONS[name](graph, tensor)


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
