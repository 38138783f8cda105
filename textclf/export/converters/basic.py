"""Layers that treat every token, or every text, by itself."""

import numpy as np

from textclf.export.converters.graph import Graph

ACTIVATIONS = {"linear": None, "relu": "Relu", "tanh": "Tanh"}


def embedding(graph: Graph, layer, token_ids: str) -> str:
    """(batch, tokens) -> (batch, tokens, embedding_dim)."""
    return graph.add("Gather", [graph.constant(layer.get_weights()[0], layer.name), token_ids])


def identity(graph: Graph, layer, tensor: str) -> str:  # noqa: ARG001
    """Dropout does nothing outside training."""
    return tensor


def dense(graph: Graph, layer, features: str) -> str:
    """(batch, features) -> (batch, units), or the same for every token."""
    kernel, bias = layer.get_weights()
    names = [graph.constant(kernel, f"{layer.name}_kernel"), graph.constant(bias, f"{layer.name}_bias")]
    if len(layer.input.shape) == 2:
        return activated(graph, layer, graph.add("Gemm", [features, *names]))
    return activated(graph, layer, graph.add("Add", [graph.add("MatMul", [features, names[0]]), names[1]]))


def activated(graph: Graph, layer, tensor: str) -> str:
    """The activation of a layer.

    Raises:
        NotImplementedError: one that is not in `ACTIVATIONS`.
    """
    name = layer.activation.__name__
    if name not in ACTIVATIONS:
        raise NotImplementedError(f"layer '{layer.name}' has activation {name}: not converted yet")
    operator = ACTIVATIONS[name]
    return graph.add(operator, [tensor]) if operator else tensor


def add(graph: Graph, layer, first: str, second: str) -> str:  # noqa: ARG001
    """The sum of two tensors."""
    return graph.add("Add", [first, second])


def activation(graph: Graph, layer, tensor: str) -> str:
    """An activation that is a layer of its own."""
    return activated(graph, layer, tensor)


def concatenate(graph: Graph, layer, *tensors: str) -> str:
    """Tensors side by side."""
    return graph.add("Concat", list(tensors), axis=layer.axis)


def layer_normalization(graph: Graph, layer, states: str) -> str:
    """Mean 0 and variance 1 over the numbers of each token, then a scale and a shift."""
    scale, shift = layer.get_weights()
    names = [graph.constant(scale, f"{layer.name}_scale"), graph.constant(np.asarray(shift), f"{layer.name}_shift")]
    return graph.add("LayerNormalization", [states, *names], axis=-1, epsilon=layer.epsilon)
