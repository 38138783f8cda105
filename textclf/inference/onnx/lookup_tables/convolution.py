"""A convolution over an embedding: its answer at a token is a sum of one row for each token that it reads."""

from functools import partial
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables.patterns import NO_NODE, Parts, Replaceable, Replacement, names_within
from textclf.inference.onnx.protobuf import Node, written_node


class Convolution(NamedTuple):
    """What is read of it."""

    token_ids: str  # (batch, tokens), padded with 0 on the right
    output: str  # (batch, filters, tokens)
    embedding: np.ndarray  # (ids, dim)
    kernel: np.ndarray  # (filters, dim, width)
    bias: np.ndarray  # (filters,)
    before: int  # tokens before the one in whose place the answer stands


def find(node: Node, parts: Parts) -> Replaceable | None:
    """A convolution as `converters/convolution.py` writes it, with as many answers as tokens, over an embedding."""
    transposed = parts.maker(node.inputs[0], "Transpose", perm=[0, 2, 1])
    masked = parts.maker(transposed.inputs[0], "Where")
    gathered = parts.maker(masked.inputs[1], "Gather")
    is_real = parts.maker(parts.maker(masked.inputs[0], "Unsqueeze").inputs[0], "Not")
    is_padding = parts.maker(is_real.inputs[0], "Equal")
    if gathered is NO_NODE or is_padding.inputs[0] != gathered.inputs[1] or node.attributes.keys() != {"pads"}:
        return None
    arrays = [parts.array(name) for name in (gathered.inputs[0], *node.inputs[1:3])]
    pads = node.attributes["pads"]
    if [array.ndim for array in arrays] != [2, 3, 1] or not isinstance(pads, list):
        return None
    embedding, kernel, bias = arrays
    filters, dim, width = kernel.shape
    if len(embedding.T) != dim or len(bias) != filters or len(pads) != 2 or sum(pads) != width - 1:
        return None
    found = Convolution(gathered.inputs[1], node.outputs[0], embedding, kernel, bias, pads[0])
    return Replaceable((found.token_ids,), width * len(embedding) * filters * 4, partial(_replace, found))


def _replace(convolution: Convolution) -> Replacement:
    """Rows of the ids before, at and behind each token, added up."""
    width, before = convolution.kernel.shape[2], convolution.before
    name = names_within(convolution.output)
    weights = {name("pads"): np.array([0, before, 0, width - 1 - before]), name("axis_1"): np.array([1])}
    nodes = [
        written_node("Pad", [convolution.token_ids, name("pads")], [name("padded")]),
        written_node("Shape", [convolution.token_ids], [name("width")], start=1, end=2),
    ]
    tables, total = {}, ""
    for place in range(width):
        of_place = names_within(name(str(place)))
        tables[of_place("table")] = _answers(convolution, place)
        weights[of_place("start")] = np.array([place])
        nodes += [
            written_node("Add", [of_place("start"), name("width")], [of_place("end")]),
            written_node(
                "Slice", [name("padded"), of_place("start"), of_place("end"), name("axis_1")], [of_place("ids")]
            ),
            written_node("Gather", [of_place("table"), of_place("ids")], [of_place("answers")]),
        ]
        if place:
            nodes.append(written_node("Add", [total, of_place("answers")], [of_place("total")]))
        total = of_place("total" if place else "answers")
    nodes.append(written_node("Transpose", [total], [convolution.output], perm=[0, 2, 1]))
    return Replacement(nodes, weights, tables)


def _answers(convolution: Convolution, place: int) -> np.ndarray:
    """What all filters say to each id at this place, (ids, filters); the bias comes with the token itself."""
    with np.errstate(all="ignore"):  # a stranger's weights may be of any size; what comes of them is checked
        table = convolution.embedding @ convolution.kernel[:, :, place].T
        if place == convolution.before:
            table += convolution.bias
    table[0] = 0
    return table
