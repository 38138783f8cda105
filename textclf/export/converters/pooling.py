"""Pooling: the vectors of tokens or n-grams -> one vector for the text. Padding changes nothing."""

from textclf.export.converters.graph import FLOAT, Graph
from textclf.models.sizes import MASKED


def max_pooling(graph: Graph, layer, states: str) -> str:  # noqa: ARG001
    """Convert (batch, tokens, dim) -> (batch, dim)."""
    masked = graph.add("Where", [graph.real(), states, graph.number(MASKED)])
    return graph.add("ReduceMax", [masked], axes=[1], keepdims=0)


def mean_pooling(graph: Graph, layer, states: str) -> str:  # noqa: ARG001
    """Convert (batch, tokens, dim) -> (batch, dim)."""
    masked = graph.add("Where", [graph.real(), states, graph.number(0)])
    lengths = graph.add("Unsqueeze", [graph.add("Cast", [graph.lengths], to=FLOAT), graph.integers(1)])
    return graph.add("Div", [graph.add("ReduceSum", [masked, graph.integers(1)], keepdims=0), lengths])


def first_token(graph: Graph, layer, states: str) -> str:  # noqa: ARG001
    """Convert (batch, tokens, dim) -> (batch, dim). Padding is on the right, so the first token is column 0."""
    return graph.add("Squeeze", [graph.add("Gather", [states, graph.integers(0)], axis=1), graph.integers(1)])


def unit_normalization(graph: Graph, layer, vectors: str) -> str:  # noqa: ARG001
    """Convert (batch, dim) -> the same shape: vectors of length 1; one of zeros stays."""
    length = graph.add("ReduceL2", [vectors], axes=[1], keepdims=1)
    return graph.add("Div", [vectors, graph.add("Max", [length, graph.number(1e-12)])])


def attention_pooling(graph: Graph, layer, states: str) -> str:
    """Convert (batch, tokens, dim) -> (batch, dim)."""
    kernel, bias, query = (
        graph.constant(weight, f"{layer.name}_{name}")
        for weight, name in zip(layer.get_weights(), ("kernel", "bias", "query"), strict=True)
    )
    hidden = graph.add("Tanh", [graph.add("Add", [graph.add("MatMul", [states, kernel]), bias])])
    scores = graph.add("Where", [graph.real(), graph.add("MatMul", [hidden, query]), graph.number(MASKED)])
    weighted = graph.add("Mul", [graph.add("Softmax", [scores], axis=1), states])
    return graph.add("ReduceSum", [weighted, graph.integers(1)], keepdims=0)


def weighted_sum(graph: Graph, layer, rows: str, weights: str) -> str:
    """Convert (batch, entries, width) and (batch, entries) -> (batch, width)."""
    summed = graph.add("MatMul", [graph.add("Unsqueeze", [weights, graph.integers(1)]), rows])
    bias = graph.constant(layer.get_weights()[0], f"{layer.name}_bias")
    return graph.add("Add", [graph.add("Squeeze", [summed, graph.integers(1)]), bias])
