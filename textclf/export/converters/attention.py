"""Positions and self-attention."""

import numpy as np

from textclf.export.converters.graph import Graph


def positions(graph: Graph, layer, states: str) -> str:
    """Convert (batch, tokens, dim) -> the same shape. Padding is on the right, so a column is a position."""
    zero, one, last = (graph.constant(np.array(value, np.int64)) for value in (0, 1, layer.length - 1))
    places = graph.add("Min", [graph.add("Range", [zero, graph.num_tokens(), one]), last])
    return graph.add("Add", [states, graph.add("Gather", [graph.constant(layer.get_weights()[0], layer.name), places])])


def multi_head_attention(graph: Graph, layer, states: str, _: str) -> str:
    """Convert (batch, tokens, dim) -> the same shape. Scaled dot-product attention; padding has weight 0."""
    heads, size = layer.num_heads, layer.key_dim
    weights = layer.get_weights()  # kernel and bias of query, key, value and output
    query, key, value = (
        _by_head(graph, kernel, bias, states) for kernel, bias in zip(weights[:6:2], weights[1:6:2], strict=True)
    )
    scores = graph.add("MatMul", [query, graph.add("Transpose", [key], perm=[0, 1, 3, 2])])
    scores = graph.add("Mul", [scores, graph.number(1 / np.sqrt(size))])
    joined = graph.add("Reshape", [_means(graph, scores, value), graph.integers(0, 0, heads * size)])
    return _linear(graph, joined, weights[6].reshape(heads * size, -1), weights[7])


def self_attention(graph: Graph, layer, states: str) -> str:
    """Convert (batch, tokens, dim) -> the same shape, as `multi_head_attention`. One product makes all projections."""
    kernel, bias, output_kernel, output_bias = layer.get_weights()  # query, key and value side by side
    heads, dim = layer.num_heads, len(kernel)
    scale = np.repeat(np.array([(dim // heads) ** -0.5, 1, 1], np.float32), dim)  # of the query, so of the scores
    names = tuple(f"{graph.prefix}{layer.name}_{part}" for part in ("query", "key", "value"))
    graph.add("Split", [_linear(graph, states, kernel * scale, bias * scale)], outputs=names, axis=2)
    shape = graph.integers(0, 0, heads, dim // heads)
    query, key, value = (
        graph.add("Transpose", [graph.add("Reshape", [name, shape])], perm=order)
        for name, order in zip(names, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
    )
    joined = graph.add("Reshape", [_means(graph, graph.add("MatMul", [query, key]), value), graph.integers(0, 0, dim)])
    return _linear(graph, joined, output_kernel, output_bias)


def _means(graph: Graph, scores: str, value: str) -> str:
    """Return the means of the values, (batch, tokens, heads, size), from scores (batch, heads, tokens, tokens).

    ONNX Runtime adds in place. `Where` in place of the sum would make one more array of the size of the scores.
    """
    shares = graph.add("Softmax", [graph.add("Add", [scores, graph.masked()])], axis=-1)
    return graph.add("Transpose", [graph.add("MatMul", [shares, value])], perm=[0, 2, 1, 3])


def _by_head(graph: Graph, kernel: np.ndarray, bias: np.ndarray, states: str) -> str:
    """Project (batch, tokens, dim) -> (batch, heads, tokens, size)."""
    dim, heads, size = kernel.shape
    flat = _linear(graph, states, kernel.reshape(dim, heads * size), bias.ravel())
    return graph.add("Transpose", [graph.add("Reshape", [flat, graph.integers(0, 0, heads, size)])], perm=[0, 2, 1, 3])


def _linear(graph: Graph, states: str, kernel: np.ndarray, bias: np.ndarray) -> str:
    return graph.add("Add", [graph.add("MatMul", [states, graph.constant(kernel)]), graph.constant(bias)])
