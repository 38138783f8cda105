"""Convolutions over tokens. `inference.onnx.lookup_tables.convolution` looks for exactly these nodes."""

from textclf.export.converters.basic import activation
from textclf.export.converters.graph import Graph


def masked_convolution(graph: Graph, layer, states: str) -> str:
    """Convert (batch, tokens, dim) -> (batch, tokens, filters); padding and the ends of a row read as zeros."""
    kernel, bias = layer.get_weights()  # (width, dim, filters)
    width = len(kernel)
    names = [
        graph.constant(kernel.transpose(2, 1, 0), f"{layer.name}_kernel"),
        graph.constant(bias, f"{layer.name}_bias"),
    ]
    masked = graph.add("Where", [graph.real(), states, graph.number(0)])
    tokens_last = graph.add("Transpose", [masked], perm=[0, 2, 1])
    convolved = graph.add("Conv", [tokens_last, *names], pads=[(width - 1) // 2, width // 2])
    return activation(graph, layer, graph.add("Transpose", [convolved], perm=[0, 2, 1]))
