"""An LSTM that reads an embedding: what a token adds to its gates is a row of a table."""

from functools import partial
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables.patterns import NO_NODE, Parts, Replaceable, Replacement, names_within
from textclf.inference.onnx.protobuf import INT64, Node, written_node
from textclf.inference.onnx.wire_format import written

DIRECTIONS = [b"forward", b"bidirectional"]
GATES = [0, 2, 1, 3]  # ONNX's order is input, output, forget, candidate; the candidate stays last


class Lstm(NamedTuple):
    """An LSTM that reads an embedding, of one direction or two, of which the last state is used."""

    token_ids: str  # (batch, tokens), padded with 0 on the right
    lengths: str  # (batch,)
    last_state: str  # (directions, batch, units)
    embedding: np.ndarray  # (ids, dim)
    kernel: np.ndarray  # (directions, 4 * units, dim)
    recurrent_kernel: np.ndarray  # (directions, 4 * units, units)
    bias: np.ndarray  # (directions, 8 * units): that of the inputs, that of the states


def find(node: Node, parts: Parts) -> Replaceable | None:
    """An LSTM as `converters/recurrent.py` writes it, that reads an embedding and of which the last state is used."""
    transposed = parts.maker(node.inputs[0], "Transpose", perm=[1, 0, 2])
    gathered = parts.maker(transposed.inputs[0], "Gather")
    attributes = node.attributes
    if gathered is NO_NODE or len(node.inputs) != 5 or len(node.outputs) != 2 or node.outputs[0]:
        return None
    if attributes.keys() != {"direction", "hidden_size"} or attributes["direction"] not in DIRECTIONS:
        return None
    arrays = [parts.array(name) for name in (gathered.inputs[0], *node.inputs[1:4])]
    if [array.ndim for array in arrays] != [2, 3, 3, 2] or not isinstance(units := attributes["hidden_size"], int):
        return None
    lstm = Lstm(gathered.inputs[1], node.inputs[4], node.outputs[1], *arrays)
    ids, dim = lstm.embedding.shape
    directions = 1 + DIRECTIONS.index(attributes["direction"])
    shapes = [(directions, 4 * units, dim), (directions, 4 * units, units), (directions, 8 * units)]
    if [array.shape for array in arrays[1:]] != shapes:
        return None
    return Replaceable((lstm.token_ids, lstm.lengths), directions * ids * 4 * units * 4, partial(_replace, lstm))


def _replace(lstm: Lstm) -> Replacement:
    """A `Scan` over the tokens for each direction, which needs half of the products."""
    units = lstm.recurrent_kernel.shape[2]
    name = names_within(lstm.last_state)
    constants = {"zero": 0, "one": 1, "axis_0": [0], "axis_1": [1], "units": [units]}
    weights = {name(key): np.array(value) for key, value in constants.items()}
    weights |= {name("float_1"): np.array([1], np.float32), name("float_2"): np.array([2], np.float32)}
    nodes = [
        # Padding comes first, so that the last step is that of the last token: column j takes what stands at
        # (j + length) mod width. Id 0 adds nothing to gates of a state of zeros, which stays one.
        written_node("Shape", [lstm.token_ids], [name("widths")], start=1, end=2),
        written_node("Squeeze", [name("widths")], [name("width")]),
        written_node("Range", [name("zero"), name("width"), name("one")], [name("columns")]),
        written_node("Cast", [lstm.lengths], [name("lengths")], to=INT64),
        written_node("Unsqueeze", [name("lengths"), name("axis_1")], [name("ends")]),
        written_node("Add", [name("columns"), name("ends")], [name("moved")]),
        written_node("Mod", [name("moved"), name("width")], [name("sources")]),
        written_node("GatherElements", [lstm.token_ids, name("sources")], [name("padded_first")], axis=1),
        written_node("Shape", [lstm.token_ids], [name("rows")], start=0, end=1),
        written_node("Concat", [name("rows"), name("units")], [name("shape")], axis=0),
        written_node("ConstantOfShape", [name("shape")], [name("zeros")]),
    ]
    tables, states = {}, []
    for number in range(len(lstm.kernel)):
        of_direction = names_within(name(str(number)))
        tables[of_direction("table")], weights[of_direction("recurrent")] = _products(lstm, number)
        nodes += _scan(lstm, name, of_direction, backward=number == 1)
        states.append(of_direction("state"))
    nodes.append(written_node("Concat", states, [lstm.last_state], axis=0))
    return Replacement(nodes, weights, tables)


def _products(lstm: Lstm, direction: int) -> tuple[np.ndarray, np.ndarray]:
    """What each id adds to the gates, (ids, 4 * units), and what the state is multiplied by, (units, 4 * units).

    The candidate's are doubled: tanh(x) is 2 sigmoid(2 x) - 1, so that all gates are one function of one array.
    """
    units = lstm.recurrent_kernel.shape[2]
    order = np.arange(4 * units).reshape(4, units)[GATES].ravel()
    scale = np.repeat(np.array([1, 1, 1, 2], np.float32), units)
    with np.errstate(all="ignore"):  # a stranger's weights may be of any size; what comes of them is checked
        bias = lstm.bias[direction][: 4 * units] + lstm.bias[direction][4 * units :]
        table = lstm.embedding @ (lstm.kernel[direction][order].T * scale)
        table += bias[order] * scale
        recurrent = lstm.recurrent_kernel[direction][order].T * scale
    table[0] = 0
    return table, recurrent


def _scan(lstm: Lstm, name, of_direction, *, backward: bool) -> list[bytes]:
    """One direction: (batch, tokens) -> its last state, (1, batch, units)."""
    step = [
        written_node("Gather", [of_direction("table"), "token_id"], ["added"]),
        written_node("Gemm", ["state", of_direction("recurrent"), "added"], ["sums"]),
        written_node("Sigmoid", ["sums"], ["gates"]),
        written_node("Split", ["gates"], ["input", "forget", "output", "half"], axis=1),
        written_node("Mul", ["half", name("float_2")], ["twice"]),
        written_node("Sub", ["twice", name("float_1")], ["candidate"]),
        written_node("Mul", ["forget", "cell"], ["kept"]),
        written_node("Mul", ["input", "candidate"], ["new"]),
        written_node("Add", ["kept", "new"], ["next_cell"]),
        written_node("Tanh", ["next_cell"], ["shown"]),
        written_node("Mul", ["output", "shown"], ["next_state"]),
    ]
    body = b"".join(
        [
            *(written(1, node) for node in step),
            written(2, "step"),
            *(written(11, written(1, given)) for given in ("state", "cell", "token_id")),
            *(written(12, written(1, made)) for made in ("next_state", "next_cell")),
        ]
    )
    # From the last token to the first: there the padding on the right comes first by itself.
    ids = lstm.token_ids if backward else name("padded_first")
    last = [of_direction(part) for part in ("last_state", "last_cell")]
    return [
        written_node("Transpose", [ids], [of_direction("by_token")], perm=[1, 0]),
        written_node(
            "Scan",
            [name("zeros"), name("zeros"), of_direction("by_token")],
            last,
            body=body,
            num_scan_inputs=1,
            scan_input_directions=[int(backward)],
        ),
        written_node("Unsqueeze", [last[0], name("axis_0")], [of_direction("state")]),
    ]
