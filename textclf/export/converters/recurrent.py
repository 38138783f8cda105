"""LSTM layers. `inference.onnx.lookup_tables.lstm` looks for exactly these nodes."""

import numpy as np

from textclf.export.converters.graph import Graph


def lstm(graph: Graph, layer, states: str) -> str:
    """Convert an LSTM of one direction."""
    return _add_lstm(graph, layer, [layer], states)


def bidirectional(graph: Graph, layer, states: str) -> str:
    """Convert an LSTM of two directions; their outputs are concatenated."""
    return _add_lstm(graph, layer, [layer.forward_layer, layer.backward_layer], states)


def _add_lstm(graph: Graph, layer, directions: list, states: str) -> str:
    """Convert (batch, tokens, dim) -> (batch, directions * units), or (batch, tokens, directions * units)."""
    units = directions[0].units
    of_directions = (direction.get_weights() for direction in directions)
    weights = [_onnx_weights(kernel, recurrent, bias, units) for kernel, recurrent, bias in of_directions]
    kernel, recurrent, bias = (np.stack(arrays) for arrays in zip(*weights, strict=True))
    names = [
        graph.constant(kernel, f"{layer.name}_kernel"),
        graph.constant(recurrent, f"{layer.name}_recurrent_kernel"),
        graph.constant(bias, f"{layer.name}_bias"),
    ]
    tokens_first = graph.add("Transpose", [states], perm=[1, 0, 2])  # (tokens, batch, dim)
    every, last = (f"{graph.prefix}{layer.name}_{which}_state" for which in ("every", "last"))
    sequences = directions[0].return_sequences
    output = graph.add(
        "LSTM",
        [tokens_first, *names, graph.lengths],
        outputs=(every,) if sequences else ("", last),
        hidden_size=units,
        direction="bidirectional" if len(directions) == 2 else "forward",
    )
    if sequences:  # (tokens, directions, batch, units) -> (batch, tokens, directions * units)
        batch_first = graph.add("Transpose", [output], perm=[2, 0, 1, 3])
        return graph.add("Reshape", [batch_first, graph.integers(0, 0, len(directions) * units)])
    # (directions, batch, units) -> (batch, directions * units)
    batch_first = graph.add("Transpose", [output], perm=[1, 0, 2])
    return graph.add("Reshape", [batch_first, graph.integers(0, len(directions) * units)])


def _onnx_weights(kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray, units: int) -> tuple[np.ndarray, ...]:
    """Return the weights for ONNX: gates i, o, f, c in rows and two biases. Keras has i, f, c, o in columns and one."""
    order = np.arange(4 * units).reshape(4, units)[[0, 3, 1, 2]].ravel()
    return kernel.T[order], recurrent.T[order], np.concatenate([bias[order], np.zeros_like(bias)])
