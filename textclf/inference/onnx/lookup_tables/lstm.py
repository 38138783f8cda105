"""Replace an LSTM over an embedding by an ONNX `Scan` that looks up the input part of its gates."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables.patterns import NO_NODE, GraphIndex, Match, Replacement, names_within
from textclf.inference.onnx.lookup_tables.protobuf_writer import INT64, make_field, make_node
from textclf.inference.onnx.protobuf import Node

DIRECTIONS = [b"forward", b"bidirectional"]
GATES = [0, 2, 1, 3]  # ONNX's input, output, forget, candidate -> input, forget, output, candidate


class Lstm(NamedTuple):
    """The tensors and weights of an LSTM over an embedding, of one direction or two; only its last state is read."""

    token_ids: str  # (batch, tokens), padded with 0 on the right
    lengths: str  # (batch,)
    last_state: str  # (directions, batch, units)
    embedding: np.ndarray  # (ids, dim)
    kernel: np.ndarray  # (directions, 4 * units, dim)
    recurrent_kernel: np.ndarray  # (directions, 4 * units, units)
    bias: np.ndarray  # (directions, 8 * units): the input bias, then the recurrent bias


def find(node: Node, graph: GraphIndex) -> Match | None:
    """Return a match for an LSTM as `export/converters/recurrent.py` writes it, over an embedding."""
    transposed = graph.producer(node.inputs[0], "Transpose", perm=[1, 0, 2])
    gathered = graph.producer(transposed.inputs[0], "Gather")
    attributes = node.attributes
    if gathered is NO_NODE or len(node.inputs) != 5 or len(node.outputs) != 2 or node.outputs[0]:
        return None
    if attributes.keys() != {"direction", "hidden_size"} or attributes["direction"] not in DIRECTIONS:
        return None
    arrays = [graph.weight(name) for name in (gathered.inputs[0], *node.inputs[1:4])]
    if [array.ndim for array in arrays] != [2, 3, 3, 2] or not isinstance(units := attributes["hidden_size"], int):
        return None
    lstm = Lstm(gathered.inputs[1], node.inputs[4], node.outputs[1], *arrays)
    ids, dim = lstm.embedding.shape
    directions = 1 + DIRECTIONS.index(attributes["direction"])
    shapes = [(directions, 4 * units, dim), (directions, 4 * units, units), (directions, 8 * units)]
    if [array.shape for array in arrays[1:]] != shapes:
        return None
    return Match((lstm.token_ids, lstm.lengths), directions * ids * 4 * units * 4, partial(_replace, lstm))


def _replace(lstm: Lstm) -> Replacement:
    """Scan over the tokens once for each direction."""
    units = lstm.recurrent_kernel.shape[2]
    name = names_within(lstm.last_state)
    constants = {"zero": 0, "one": 1, "axis_0": [0], "axis_1": [1], "units": [units]}
    weights = {name(key): np.array(value) for key, value in constants.items()}
    weights |= {name("float_1"): np.array([1], np.float32), name("float_2"): np.array([2], np.float32)}
    nodes = [
        # Move the padding to the left, so that the last step is that of the last token: column j of a row reads
        # column (j + length) mod width. Padding needs no mask, as its table row of zeros keeps a state of zeros.
        make_node("Shape", [lstm.token_ids], [name("widths")], start=1, end=2),
        make_node("Squeeze", [name("widths")], [name("width")]),
        make_node("Range", [name("zero"), name("width"), name("one")], [name("columns")]),
        make_node("Cast", [lstm.lengths], [name("lengths")], to=INT64),
        make_node("Unsqueeze", [name("lengths"), name("axis_1")], [name("ends")]),
        make_node("Add", [name("columns"), name("ends")], [name("moved")]),
        make_node("Mod", [name("moved"), name("width")], [name("sources")]),
        make_node("GatherElements", [lstm.token_ids, name("sources")], [name("padded_first")], axis=1),
        make_node("Shape", [lstm.token_ids], [name("rows")], start=0, end=1),
        make_node("Concat", [name("rows"), name("units")], [name("shape")], axis=0),
        make_node("ConstantOfShape", [name("shape")], [name("zeros")]),
    ]
    tables, states = {}, []
    for number in range(len(lstm.kernel)):
        of_direction = names_within(name(str(number)))
        tables[of_direction("table")], weights[of_direction("recurrent")] = _table(lstm, number)
        nodes += _scan(lstm, name, of_direction, backward=number == 1)
        states.append(of_direction("state"))
    nodes.append(make_node("Concat", states, [lstm.last_state], axis=0))
    return Replacement(nodes, weights, tables)


def _table(lstm: Lstm, direction: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the input part of the gates for every id, (ids, 4 * units), and the recurrent kernel, (units, 4 * units).

    The columns of the candidate are doubled: as tanh(x) = 2 sigmoid(2x) - 1, one sigmoid then serves all gates.
    """
    units = lstm.recurrent_kernel.shape[2]
    order = np.arange(4 * units).reshape(4, units)[GATES].ravel()
    scale = np.repeat(np.array([1, 1, 1, 2], np.float32), units)
    with np.errstate(all="ignore"):  # the weights of a stranger may overflow; `run_session` checks the output
        bias = lstm.bias[direction][: 4 * units] + lstm.bias[direction][4 * units :]
        table = lstm.embedding @ (lstm.kernel[direction][order].T * scale)
        table += bias[order] * scale
        recurrent = lstm.recurrent_kernel[direction][order].T * scale
    table[0] = 0
    return table, recurrent


def _scan(lstm: Lstm, name: Callable[[str], str], of_direction: Callable[[str], str], *, backward: bool) -> list[bytes]:
    """Return the nodes of one direction: (batch, tokens) -> its last state, (1, batch, units)."""
    # The backward direction scans from the last token to the first, so that padding on the right comes first.
    ids = lstm.token_ids if backward else name("padded_first")
    last = [of_direction(part) for part in ("last_state", "last_cell")]
    return [
        make_node("Transpose", [ids], [of_direction("by_token")], perm=[1, 0]),
        make_node(
            "Scan",
            [name("zeros"), name("zeros"), of_direction("by_token")],
            last,
            body=_step(name, of_direction),
            num_scan_inputs=1,
            scan_input_directions=[int(backward)],
        ),
        make_node("Unsqueeze", [last[0], name("axis_0")], [of_direction("state")]),
    ]


def _step(name: Callable[[str], str], of_direction: Callable[[str], str]) -> bytes:
    """Return the graph of one step: state, cell and token ids -> the next state and cell."""
    nodes = [
        make_node("Gather", [of_direction("table"), "token_id"], ["input_part"]),
        make_node("Gemm", ["state", of_direction("recurrent"), "input_part"], ["sums"]),
        make_node("Sigmoid", ["sums"], ["gates"]),
        make_node("Split", ["gates"], ["input_gate", "forget_gate", "output_gate", "half"], axis=1),
        make_node("Mul", ["half", name("float_2")], ["twice"]),
        make_node("Sub", ["twice", name("float_1")], ["candidate"]),
        make_node("Mul", ["forget_gate", "cell"], ["kept"]),
        make_node("Mul", ["input_gate", "candidate"], ["new"]),
        make_node("Add", ["kept", "new"], ["next_cell"]),
        make_node("Tanh", ["next_cell"], ["tanh_cell"]),
        make_node("Mul", ["output_gate", "tanh_cell"], ["next_state"]),
    ]
    return b"".join(
        [
            *(make_field(1, node) for node in nodes),
            make_field(2, "step"),
            *(make_field(11, make_field(1, tensor)) for tensor in ("state", "cell", "token_id")),
            *(make_field(12, make_field(1, tensor)) for tensor in ("next_state", "next_cell")),
        ]
    )
