"""Replace a convolution over an embedding by a sum of table rows, one for each token within its width."""

from functools import partial
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables.patterns import NO_NODE, GraphIndex, Match, Replacement, names_within
from textclf.inference.onnx.lookup_tables.protobuf_writer import make_node
from textclf.inference.onnx.protobuf import Node


class Convolution(NamedTuple):
    """The tensors and weights of a convolution over an embedding."""

    token_ids: str  # (batch, tokens), padded with 0 on the right
    output: str  # (batch, filters, tokens)
    embedding: np.ndarray  # (ids, dim)
    kernel: np.ndarray  # (filters, dim, width)
    bias: np.ndarray  # (filters,)
    before: int  # tokens of the width before the token of the output


def find(node: Node, graph: GraphIndex) -> Match | None:
    """Return a match for a convolution as `export/converters/convolution.py` writes it, over an embedding."""
    transposed = graph.producer(node.inputs[0], "Transpose", perm=[0, 2, 1])
    masked = graph.producer(transposed.inputs[0], "Where")
    gathered = graph.producer(masked.inputs[1], "Gather")
    is_real = graph.producer(graph.producer(masked.inputs[0], "Unsqueeze").inputs[0], "Not")
    is_padding = graph.producer(is_real.inputs[0], "Equal")
    if gathered is NO_NODE or is_padding.inputs[0] != gathered.inputs[1] or node.attributes.keys() != {"pads"}:
        return None
    arrays = [graph.weight(name) for name in (gathered.inputs[0], *node.inputs[1:3])]
    pads = node.attributes["pads"]
    if [array.ndim for array in arrays] != [2, 3, 1] or not isinstance(pads, list):
        return None
    embedding, kernel, bias = arrays
    filters, dim, width = kernel.shape
    if len(embedding.T) != dim or len(bias) != filters or len(pads) != 2 or sum(pads) != width - 1:
        return None
    found = Convolution(gathered.inputs[1], node.outputs[0], embedding, kernel, bias, pads[0])
    return Match((found.token_ids,), width * len(embedding) * filters * 4, partial(_replace, found))


def _replace(convolution: Convolution) -> Replacement:
    """Add up the rows of the ids before, at and behind each token, from one table for each place of the width."""
    width, before = convolution.kernel.shape[2], convolution.before
    name = names_within(convolution.output)
    weights = {name("pads"): np.array([0, before, 0, width - 1 - before]), name("axis_1"): np.array([1])}
    nodes = [
        make_node("Pad", [convolution.token_ids, name("pads")], [name("padded")]),
        make_node("Shape", [convolution.token_ids], [name("width")], start=1, end=2),
    ]
    tables, total = {}, ""
    for place in range(width):
        of_place = names_within(name(str(place)))
        tables[of_place("table")] = _table(convolution, place)
        weights[of_place("start")] = np.array([place])
        nodes += [
            make_node("Add", [of_place("start"), name("width")], [of_place("end")]),
            make_node("Slice", [name("padded"), of_place("start"), of_place("end"), name("axis_1")], [of_place("ids")]),
            make_node("Gather", [of_place("table"), of_place("ids")], [of_place("rows")]),
        ]
        if place:
            nodes.append(make_node("Add", [total, of_place("rows")], [of_place("total")]))
        total = of_place("total" if place else "rows")
    nodes.append(make_node("Transpose", [total], [convolution.output], perm=[0, 2, 1]))
    return Replacement(nodes, weights, tables)


def _table(convolution: Convolution, place: int) -> np.ndarray:
    """Return the products of every id with all filters at one place of the width, float32 (ids, filters)."""
    with np.errstate(all="ignore"):  # the weights of a stranger may overflow; `run_session` checks the output
        table = convolution.embedding @ convolution.kernel[:, :, place].T
        if place == convolution.before:  # the place of the token itself: padding has no bias
            table += convolution.bias
    table[0] = 0
    return table
