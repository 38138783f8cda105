"""Find nodes of a graph that lookup tables can replace, and describe the replacement."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.protobuf import Attribute, Node, read_array

NO_NODE = Node("", [""] * 5, [""], {}, memoryview(b""))


class GraphIndex(NamedTuple):
    """The nodes and weights of a graph by the name of their tensor."""

    producers: dict[str, Node]
    weights: dict[str, memoryview]
    expanded: dict[str, np.ndarray]  # weights that are not in the file as float32

    def producer(self, name: str, operator: str, **attributes: Attribute) -> Node:
        """Return the node that produces a tensor; `NO_NODE` if it has another operator or other attributes."""
        node = self.producers.get(name, NO_NODE)
        return node if (node.operator, node.attributes) == (operator, attributes) else NO_NODE

    def weight(self, name: str) -> np.ndarray:
        """Return a float32 weight; an array without dimensions if there is none."""
        array = self.expanded[name] if name in self.expanded else read_array(self.weights.get(name))
        return np.array(0, np.float32) if array is None else array


class Replacement(NamedTuple):
    """Nodes that produce the same tensor as the replaced one."""

    nodes: list[bytes]
    weights: dict[str, np.ndarray]
    tables: dict[str, np.ndarray]  # float32 (ids, columns); the row of padding, id 0, is zero


class Match(NamedTuple):
    """A node that lookup tables can replace."""

    reads: tuple[str, ...]  # the tensors that the replacement reads
    table_bytes: int
    replace: Callable[[], Replacement]


def names_within(prefix: str) -> Callable[[str], str]:
    """Return a function that prefixes the name of a tensor."""
    return lambda part: f"{prefix}/{part}"
