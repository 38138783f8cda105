"""The ONNX graph as it grows: nodes, weights, and what is known of the rows of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

FLOAT, INT32, INT64 = 1, 6, 7  # onnx.TensorProto; onnx itself is imported only when a graph is built


@dataclass
class Graph:
    """Nodes and weights as they are added. Tensors are known by name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    token_ids: str = ""  # int32 (batch, tokens), its padding on the right whatever the network was trained with
    lengths: str = ""  # the tensor of row lengths, int32 (batch,)
    prefix: str = ""  # of all names that come from a layer: two networks may have layers of the same name
    _real: str = ""

    def add(self, operator: str, inputs: list[str], *, outputs: tuple[str, ...] = (), **attributes) -> str:
        """Add a node; returns the name of its first output."""
        from onnx import helper

        outputs = outputs or (f"{self.prefix}{operator.lower()}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))
        return next(name for name in outputs if name)

    def constant(self, values: np.ndarray, name: str = "") -> str:
        """Add an array; returns its name."""
        from onnx import numpy_helper

        name = f"{self.prefix}{name}" if name else f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        """Add one float32 for all elements of a tensor; returns its name."""
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """Add a list of int64, as axes and shapes are; returns its name."""
        return self.constant(np.array(values, np.int64))

    def num_tokens(self) -> str:
        """Columns of the batch, int64 scalar."""
        return self.add("Gather", [self.add("Shape", [self.token_ids]), self.constant(np.array(1, np.int64))])

    def real(self) -> str:
        """Where there is a token and no padding, bool (batch, tokens, 1)."""
        if not self._real:
            padded = self.add("Equal", [self.token_ids, self.constant(np.array(0, np.int32))])
            self._real = self.add("Unsqueeze", [self.add("Not", [padded]), self.integers(2)])
        return self._real
