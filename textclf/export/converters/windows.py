"""Long texts in windows: a text is a row of its windows, which the encoder reads as rows of their own.

The graph knows neither the number of windows nor the width of a batch before it runs.
"""

import numpy as np

from textclf.export.converters.graph import FLOAT, INT32, INT64, Graph


def windows(graph: Graph, layer, token_ids: str) -> str:
    """Convert (batch, tokens) -> (batch * windows, tokens of a window). The layers that follow have these rows."""
    size = graph.add("Min", [graph.num_tokens(), _scalar(graph, layer.length)])
    added = graph.add("Sub", [graph.add("Mul", [_count(graph, layer), size]), graph.num_tokens()])
    pads = graph.add("Concat", [graph.integers(0, 0, 0), _vector(graph, added)], axis=0)
    padded = graph.add("Pad", [token_ids, pads])
    rows = graph.add("Reshape", [padded, graph.add("Concat", [graph.integers(-1), _vector(graph, size)], axis=0)])
    columns = graph.add("Range", [_scalar(graph, 0), size, _scalar(graph, 1)])
    empty = graph.add("Equal", [rows, graph.constant(np.array(0, np.int32))])
    first = graph.add("And", [empty, graph.add("Equal", [columns, _scalar(graph, 0)])])
    rows = graph.add("Add", [rows, graph.add("Cast", [first], to=INT32)])
    graph.use_rows(rows)
    return rows


def mean_of_windows(graph: Graph, layer, vectors: str, token_ids: str) -> str:
    """Convert (batch * windows, dim), (batch, tokens) -> (batch, dim). The layers that follow have rows of texts."""
    graph.use_rows(token_ids)
    count = _count(graph, layer)
    used = _rounded_up(graph, graph.add("Cast", [graph.lengths], to=INT64), layer.length)
    used = graph.add("Unsqueeze", [used, graph.integers(1)])  # int64 (batch, 1)
    dim = graph.integers(layer.output.shape[-1])
    shape = graph.add("Concat", [graph.integers(-1), _vector(graph, count), dim], axis=0)
    by_text = graph.add("Reshape", [vectors, shape])
    numbers = graph.add("Range", [_scalar(graph, 0), count, _scalar(graph, 1)])
    is_used = graph.add("Cast", [graph.add("Less", [numbers, used])], to=FLOAT)
    kept = graph.add("Mul", [by_text, graph.add("Unsqueeze", [is_used, graph.integers(2)])])
    summed = graph.add("ReduceSum", [kept, graph.integers(1)], keepdims=0)
    return graph.add("Div", [summed, graph.add("Cast", [used], to=FLOAT)])


def _count(graph: Graph, layer) -> str:
    """Add nodes for the windows of the longest text of the batch, an int64 scalar."""
    return _rounded_up(graph, graph.num_tokens(), layer.length)


def _rounded_up(graph: Graph, number: str, divisor: int) -> str:
    """Add nodes for positive integers divided by another, rounded up."""
    return graph.add("Div", [graph.add("Add", [number, _scalar(graph, divisor - 1)]), _scalar(graph, divisor)])


def _scalar(graph: Graph, value: int) -> str:
    return graph.constant(np.array(value, np.int64))


def _vector(graph: Graph, scalar: str) -> str:
    return graph.add("Reshape", [scalar, graph.integers(1)])
