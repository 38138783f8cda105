"""Expand the compressed tables and weights of a graph to float32: files are then predicted as fast as without them.

The nodes that `export/quantization.py` writes work on each row of a table alone. So this module runs them once for
all rows with NumPy. Other graphs come from strangers: whatever is not such a node stays as it is.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables.patterns import names_within
from textclf.inference.onnx.lookup_tables.protobuf_writer import make_node
from textclf.inference.onnx.protobuf import FLOAT, Node, read_array, read_node

MOST_EXPANDED_BYTES = 2**28  # of all tables of a graph: half a million n-grams with 128 labels
MOST_WEIGHT_BYTES = 2**30  # of all weights beside the tables: an encoder of base size has 350 MB
UINT8, INT8, INT32, INT64, FLOAT16 = 2, 3, 6, 7, 10  # onnx.TensorProto.DataType
SMALL = {INT8: "<i1", FLOAT16: "<f2"}
FLOAT_AND_CODES = {FLOAT: "<f4", UINT8: "<u1", **SMALL}
SIZES = {INT64: "<i8"}
COLUMNS = 2  # the axis of the columns in the graph: (texts, ids of a text, columns). Here the ids are one axis.
CASTS = {FLOAT: np.float32, INT32: np.int32}


class Rows(NamedTuple):
    """The values of a tensor for every id, or for all texts alike."""

    ids: str  # the tensor of ids; empty for a weight
    array: np.ndarray  # (ids, ...), or the weight itself


class Expansion(NamedTuple):
    """A graph in which every table has float32."""

    nodes: list[Node]
    tables: dict[str, np.ndarray]  # float32 (ids, columns), which nodes read by these names
    weights: dict[str, np.ndarray]  # float32


def expand(nodes: list[Node], weights: dict[str, memoryview], *, tables: bool = True) -> Expansion:
    """Return a graph with float32 in place of compressed tables and weights.

    Args:
        nodes: of a graph that `verify.check_graph` has accepted, in its order.
        weights: its TensorProtos by name.
        tables: expand tables, too.

    Raises:
        LookupError, ValueError, MemoryError: a graph unlike those of `export`.
    """
    rows: dict[str, Rows] = {}
    operators = ROW_OPERATORS.keys() if tables else WEIGHT_OPERATORS
    room = MOST_EXPANDED_BYTES if tables else MOST_WEIGHT_BYTES
    for node in nodes:
        if node.operator in operators and len(node.outputs) == 1:
            made = ROW_OPERATORS[node.operator](node, rows, weights)
            if made is not None:
                rows[node.outputs[0]] = made
                room -= made.array.nbytes if node.operator != "Gather" else 0
                if room < 0:
                    raise MemoryError("the expanded tables are too large")
    inner = {id(node) for node in nodes if node.outputs[0] in rows}
    wanted = {name for node in nodes if id(node) not in inner for name in node.inputs if name in rows}
    # A Gather that nothing reads any more is left out later.
    inner -= {id(node) for node in nodes if node.operator == "Gather" and node.inputs[1] not in rows}
    expansion = Expansion([], {}, {})
    for node in nodes:
        name = node.outputs[0]
        if id(node) not in inner:
            expansion.nodes.append(node)
        elif name in wanted and not rows[name].ids:
            expansion.weights[name] = rows[name].array
        elif name in wanted:
            if rows[name].array.ndim != 2 or rows[name].array.dtype != np.float32:
                raise ValueError("expected compressed tables of float32 (ids, columns)")
            table = names_within(name)("table")
            expansion.tables[table] = np.ascontiguousarray(rows[name].array)
            expansion.nodes.append(read_node(memoryview(make_node("Gather", [table, rows[name].ids], [name]))))
    return expansion


def _gather(node: Node, rows: dict[str, Rows], weights: dict[str, memoryview]) -> Rows | None:
    """Return the rows of a weight: those of each id, or those that codes choose."""
    array = read_array(weights.get(node.inputs[0]), FLOAT_AND_CODES)
    if array is None or array.ndim != 2 or node.attributes:
        return None
    if node.inputs[1] not in rows:
        return Rows(node.inputs[1], array)
    ids, codes = rows[node.inputs[1]]
    return Rows(ids, array[_fits(codes, codes.shape + array.shape[1:])]) if ids else None


def _cast(node: Node, rows: dict[str, Rows], weights: dict[str, memoryview]) -> Rows | None:
    to = node.attributes.get("to")
    if node.attributes.keys() != {"to"} or not isinstance(to, int) or to not in CASTS:
        return None
    if (found := rows.get(node.inputs[0])) is None:
        weight = read_array(weights.get(node.inputs[0]), SMALL)
        found = None if weight is None else Rows("", weight)
    if found is None:
        return None
    array = _fits(found.array, found.array.shape) if found.ids else found.array
    return Rows(found.ids, array.astype(CASTS[to]))


def _multiply(node: Node, rows: dict[str, Rows], weights: dict[str, memoryview]) -> Rows | None:  # noqa: ARG001
    first, second = (rows.get(name) for name in node.inputs[:2])
    if first is None or second is None or first.ids != second.ids:
        return None
    if first.array.dtype != np.float32 or second.array.dtype != np.float32:
        return None
    if np.broadcast_shapes(first.array.shape, second.array.shape) != first.array.shape:
        return None  # codes by their scales, no larger than the codes
    with np.errstate(over="ignore"):  # infinity, as ONNX Runtime computes it
        return Rows(first.ids, first.array * second.array)


def _reshape(node: Node, rows: dict[str, Rows], weights: dict[str, memoryview]) -> Rows | None:
    """Return the values of each id as one row, where the shape is (0, 0, -1): as it was, as it was, all the rest."""
    found, shape = rows.get(node.inputs[0]), read_array(weights.get(node.inputs[1]), SIZES)
    if found is None or not found.ids or shape is None or shape.tolist() != [0, 0, -1] or node.attributes:
        return None
    return Rows(found.ids, found.array.reshape(len(found.array), -1))


def _slice(node: Node, rows: dict[str, Rows], weights: dict[str, memoryview]) -> Rows | None:
    """Return the first columns of each row."""
    found = rows.get(node.inputs[0])
    bounds = [read_array(weights.get(name), SIZES) for name in node.inputs[1:]]
    if found is None or not found.ids or found.array.ndim != 2 or len(bounds) != 3:
        return None
    if any(bound is None or bound.shape != (1,) for bound in bounds):
        return None
    start, end, axis = (int(bound[0]) for bound in bounds if bound is not None)
    return Rows(found.ids, found.array[:, :end]) if start == 0 and axis == COLUMNS and end >= 0 else None


def _fits(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array, if an array of this shape may be made of it.

    Raises:
        MemoryError: it may not.
    """
    if prod(shape) * 4 > MOST_EXPANDED_BYTES:
        raise MemoryError("an expanded table is too large")
    return array


# Operators that work on each row of a table alone -> the function that runs them for all rows.
ROW_OPERATORS: dict[str, Callable[[Node, dict[str, Rows], dict[str, memoryview]], Rows | None]] = {
    "Gather": _gather,
    "Cast": _cast,
    "Mul": _multiply,
    "Reshape": _reshape,
    "Slice": _slice,
}
WEIGHT_OPERATORS = {"Cast", "Mul"}
