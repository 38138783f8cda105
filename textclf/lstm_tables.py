"""An ONNX graph in which an LSTM looks up what a token adds to its gates: for many texts, once the tables are made.

What the input adds depends on the token alone: a table of all tokens stands for half of all products. ONNX's `LSTM`
cannot read one, a `Scan` over the tokens can. It is slower for few texts, and not in a classifier's file, which
would be four times as large and for fewer runtimes: the graph is made of the one in the file, when it pays.
"""

from typing import NamedTuple

import numpy as np

from textclf.onnx_messages import (
    INT64,
    Attribute,
    Node,
    name_of_tensor,
    read_array,
    read_node,
    written_input,
    written_node,
    written_tensor,
)
from textclf.protocol_buffer import BYTES, fields_of, written

OPSET = 17  # of the graphs that are made here; operators of another may have other attributes
MOST_TABLE_BYTES = 2**28
DIRECTIONS = [b"forward", b"bidirectional"]
NO_NODE = Node("", ["", ""], [], {}, memoryview(b""))
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


def with_tables(model: bytes) -> tuple[bytes, dict[str, np.ndarray]] | None:
    """A graph that gives the same probabilities, and the tables that it reads as further inputs.

    Args:
        model: one that `check_graph` has seen, with batches as `onnx_graph.build_graph` reads them.

    Returns:
        None if it has no LSTM that reads an embedding and of which the last state is used.
    """
    fields = list(fields_of(memoryview(model)))
    [graph] = [list(fields_of(field.value)) for field in fields if field.number == 7]
    versions = [
        part.value for field in fields if field.number == 8 for part in fields_of(field.value) if part.number == 2
    ]
    nodes = [read_node(field.value) for field in graph if field.number == 1]
    weights = {name_of_tensor(field.value): field.value for field in graph if field.number == 5}
    makers = {name: node for node in nodes for name in node.outputs}
    found = {node.outputs[-1]: lstm for node in nodes if (lstm := _readable(node, makers, weights))}
    if not found or versions != [OPSET]:
        return None
    written_nodes: list[bytes] = []
    new_weights: dict[str, np.ndarray] = {}
    tables: dict[str, np.ndarray] = {}
    read: set[str] = set()
    for node in _needed(nodes, found, graph):
        if lstm := found.get(node.outputs[-1]):
            written_nodes += _add_scans(lstm, new_weights, tables)
        else:
            written_nodes.append(bytes(node.message))
            read.update(node.inputs)
    content = [
        *(written(1, node) for node in written_nodes),
        *(written(5, weights[name]) for name in weights if name in read),
        *(written(5, written_tensor(name, values)) for name, values in new_weights.items()),
        *(written(11, written_input(name, values)) for name, values in tables.items()),
        *(written(field.number, field.value) for field in graph if field.number in (2, 11, 12)),
    ]
    rest = [written(field.number, field.value) for field in fields if field.number != 7]
    return b"".join([*rest, written(7, b"".join(content))]), tables


def _readable(node: Node, makers: dict[str, Node], weights: dict[str, memoryview]) -> Lstm | None:
    """What there is of an LSTM that tables can stand for; None of any other node."""
    if node.operator != "LSTM" or len(node.inputs) != 5 or len(node.outputs) != 2 or node.outputs[0]:
        return None
    transposed = makers.get(node.inputs[0], NO_NODE)
    gathered = makers.get(transposed.inputs[0], NO_NODE)
    arrays = [read_array(weights.get(name)) for name in (gathered.inputs[0], *node.inputs[1:4])]
    embedding, kernel, recurrent_kernel, bias = arrays
    if embedding is None or kernel is None or recurrent_kernel is None or bias is None:
        return None
    lstm = Lstm(gathered.inputs[1], node.inputs[4], node.outputs[1], embedding, kernel, recurrent_kernel, bias)
    usual = (
        (transposed.operator, transposed.attributes) == ("Transpose", {"perm": [1, 0, 2]})
        and (gathered.operator, gathered.attributes) == ("Gather", {})
        and node.attributes.keys() == {"direction", "hidden_size"}
    )
    return lstm if usual and _fits(lstm, **node.attributes) else None


def _fits(lstm: Lstm, direction: Attribute, hidden_size: Attribute) -> bool:
    """Whether all shapes are as they must be, and the tables not too large."""
    if lstm.embedding.ndim != 2 or direction not in DIRECTIONS or not isinstance(hidden_size, int):
        return False
    ids, dim = lstm.embedding.shape
    directions, gates = DIRECTIONS.index(direction) + 1, 4 * hidden_size
    shapes = [(directions, gates, dim), (directions, gates, hidden_size), (directions, 2 * gates)]
    table_bytes = directions * ids * gates * 4
    return [array.shape for array in lstm[4:]] == shapes and table_bytes <= MOST_TABLE_BYTES


def _needed(nodes: list[Node], found: dict[str, Lstm], graph: list) -> list[Node]:
    """The nodes in their order, without those that only the LSTMs read that are found."""
    outputs = (part for field in graph if field.number == 12 for part in fields_of(field.value))
    read = {str(part.value, "utf-8") for part in outputs if (part.number, part.wire) == (1, BYTES)}
    needed = []
    for node in reversed(nodes):
        if read.intersection(node.outputs):
            lstm = found.get(node.outputs[-1])
            read.update((lstm.token_ids, lstm.lengths) if lstm else node.inputs)
            needed.append(node)
    return needed[::-1]


def _add_scans(lstm: Lstm, weights: dict[str, np.ndarray], tables: dict[str, np.ndarray]) -> list[bytes]:
    """Nodes that make the last state in place of the `LSTM`; what they read is added."""
    units = lstm.recurrent_kernel.shape[2]
    name = f"{lstm.last_state}/{{}}".format
    constants = {"zero": 0, "one": 1, "axis_0": [0], "axis_1": [1], "units": [units]}
    weights |= {name(key): np.array(value, np.int64) for key, value in constants.items()}
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
    states = []
    for number in range(len(lstm.kernel)):
        of_direction = f"{lstm.last_state}/{number}/{{}}".format
        tables[of_direction("table")], weights[of_direction("recurrent")] = _products(lstm, number)
        nodes += _scan(lstm, name, of_direction, backward=number == 1)
        states.append(of_direction("state"))
    return [*nodes, written_node("Concat", states, [lstm.last_state], axis=0)]


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
