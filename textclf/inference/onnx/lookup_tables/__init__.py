"""An ONNX graph that looks up what a token adds, instead of computing it wherever the token stands: for many texts.

What an LSTM's input adds to its gates, or a filter's answer to one of its tokens, depends on that token alone: a table
with a row for each id stands for half of the products, or all. It takes a while to make, and would make the file of a
classifier many times as large: the graph is made of the one in the file, when it pays.
"""

import numpy as np

from textclf.inference.onnx.lookup_tables import convolution, lstm
from textclf.inference.onnx.lookup_tables.patterns import Parts, Replaceable
from textclf.inference.onnx.protobuf import Node, name_of_tensor, read_node, written_input, written_tensor
from textclf.inference.onnx.wire_format import BYTES, Field, fields_of, written

OPSET = 17  # of the graphs that are made here; operators of another may have other attributes
MOST_TABLE_BYTES = 2**27
REPLACED = {"LSTM": lstm, "Conv": convolution}  # by the operator that is replaced


def with_tables(model: bytes) -> tuple[bytes, dict[str, np.ndarray]] | None:
    """A graph that gives the same probabilities, and the tables that it reads as further inputs.

    Args:
        model: one that `check_graph` has seen, with batches as `onnx_graph.build_graph` reads them.

    Returns:
        None if nothing in it can be replaced.
    """
    fields = list(fields_of(memoryview(model)))
    [graph] = [list(fields_of(field.value)) for field in fields if field.number == 7]
    opsets = [part for field in fields if field.number == 8 for part in fields_of(field.value)]
    nodes = [read_node(field.value) for field in graph if field.number == 1]
    weights = {name_of_tensor(field.value): field.value for field in graph if field.number == 5}
    found = _found(nodes, Parts({name: node for node in nodes for name in node.outputs}, weights))
    if not found or [part.value for part in opsets if part.number == 2] != [OPSET]:
        return None
    needed = _needed(nodes, found, graph)
    read = {name for node in needed if node.outputs[-1] not in found for name in node.inputs}
    made = {name: one.replace() for name, one in found.items()}
    new_weights = {name: values for one in made.values() for name, values in one.weights.items()}
    tables = {name: values for one in made.values() for name, values in one.tables.items()}
    messages = [made[node.outputs[-1]].nodes if node.outputs[-1] in made else [node.message] for node in needed]
    content = [
        *(written(1, message) for of_node in messages for message in of_node),
        *(written(5, weights[name]) for name in weights if name in read),
        *(written(5, written_tensor(name, values)) for name, values in new_weights.items()),
        *(written(11, written_input(name, values)) for name, values in tables.items()),
        *(written(field.number, field.value) for field in graph if field.number in (2, 11, 12)),
    ]
    rest = [written(field.number, field.value) for field in fields if field.number != 7]
    return b"".join([*rest, written(7, b"".join(content))]), tables


def _found(nodes: list[Node], parts: Parts) -> dict[str, Replaceable]:
    """The nodes that can be replaced, by the name of what they make, as long as there is room for their tables."""
    found, room = {}, MOST_TABLE_BYTES
    for node in nodes:
        one = REPLACED[node.operator].find(node, parts) if node.operator in REPLACED else None
        if one and one.table_bytes <= room:
            found[node.outputs[-1]] = one
            room -= one.table_bytes
    return found


def _needed(nodes: list[Node], found: dict[str, Replaceable], graph: list[Field]) -> list[Node]:
    """The nodes in their order, without those that only what is replaced has read."""
    outputs = (part for field in graph if field.number == 12 for part in fields_of(field.value))
    read = {str(part.value, "utf-8") for part in outputs if (part.number, part.wire) == (1, BYTES)}
    needed = []
    for node in reversed(nodes):
        if read.intersection(node.outputs):
            one = found.get(node.outputs[-1])
            read.update(one.reads if one else node.inputs)
            needed.append(node)
    return needed[::-1]
