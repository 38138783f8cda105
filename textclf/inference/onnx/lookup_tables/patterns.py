"""What a graph is searched for, and what is put in its place."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.protobuf import Attribute, Node, read_array

NO_NODE = Node("", [""] * 5, [""], {}, memoryview(b""))


class Parts(NamedTuple):
    """The parts of a graph by name."""

    makers: dict[str, Node]  # tensor -> the node that makes it
    weights: dict[str, memoryview]

    def maker(self, name: str, operator: str, **attributes: Attribute) -> Node:
        """The node that makes a tensor, if it is such a one; otherwise `NO_NODE`."""
        node = self.makers.get(name, NO_NODE)
        return node if (node.operator, node.attributes) == (operator, attributes) else NO_NODE

    def array(self, name: str) -> np.ndarray:
        """A weight of float32; without any dimension if there is none."""
        array = read_array(self.weights.get(name))
        return np.array(0, np.float32) if array is None else array


def names_within(prefix: str) -> Callable[[str], str]:
    """Part -> the name of a tensor that belongs to what has the prefix."""
    return lambda part: f"{prefix}/{part}"


class Replacement(NamedTuple):
    """What makes the same tensor."""

    nodes: list[bytes]
    weights: dict[str, np.ndarray]
    tables: dict[str, np.ndarray]  # (ids, numbers), float32; a row of zeros for padding, which has id 0


class Replaceable(NamedTuple):
    """A node that tables can stand for."""

    reads: tuple[str, ...]  # what the replacement does
    table_bytes: int
    replace: Callable[[], Replacement]
