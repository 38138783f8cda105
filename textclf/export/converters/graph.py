"""The ONNX graph while it grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from textclf.models.sizes import MASKED

if TYPE_CHECKING:
    import onnx

FLOAT, INT32, INT64 = 1, 6, 7  # onnx.TensorProto.DataType; onnx is imported only to build a graph


@dataclass
class Graph:
    """Nodes and weights as they are added. A tensor is known by its name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    token_ids: str = ""  # int32 (batch, tokens), padded on the right whatever side the network was trained with
    lengths: str = ""  # int32 (batch,): tokens of each row
    prefix: str = ""  # of the names of layers, which may be the same in two models of an ensemble
    _real: str = ""
    _masked: str = ""

    def add(self, operator: str, inputs: list[str], *, outputs: tuple[str, ...] = (), **attributes) -> str:
        """Add a node; return the name of its first output that is not empty."""
        from onnx import helper

        outputs = outputs or (f"{self.prefix}{operator.lower()}_{len(self.nodes)}",)
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))
        return next(name for name in outputs if name)

    def constant(self, values: np.ndarray, name: str = "") -> str:
        """Add an array; return its name."""
        from onnx import numpy_helper

        name = f"{self.prefix}{name}" if name else f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        """Add a float32 scalar; return its name."""
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """Add an int64 vector, such as axes or a shape; return its name."""
        return self.constant(np.array(values, np.int64))

    def use_rows(self, token_ids: str) -> None:
        """Take other rows of token ids, padded on the right, for the layers that follow."""
        real = self.add("Not", [self.add("Equal", [token_ids, self.constant(np.array(0, np.int32))])])
        ones = self.add("Cast", [real], to=INT32)
        self.lengths = self.add("ReduceSum", [ones, self.integers(1)], keepdims=0)
        self.token_ids, self._real, self._masked = token_ids, "", ""

    def num_tokens(self) -> str:
        """Add nodes for the number of columns of the batch; return the name of the int64 scalar."""
        return self.add("Gather", [self.add("Shape", [self.token_ids]), self.constant(np.array(1, np.int64))])

    def real(self) -> str:
        """Add nodes for the mask, once; return its name: bool (batch, tokens, 1), True at a token."""
        if not self._real:
            padded = self.add("Equal", [self.token_ids, self.constant(np.array(0, np.int32))])
            self._real = self.add("Unsqueeze", [self.add("Not", [padded]), self.integers(2)])
        return self._real

    def masked(self) -> str:
        """Add nodes for what is added to the scores of attention, once: float32 (batch, 1, 1, tokens), 0 at a token."""
        if not self._masked:
            padded = self.add("Equal", [self.token_ids, self.constant(np.array(0, np.int32))])
            scores = self.add("Mul", [self.add("Cast", [padded], to=FLOAT), self.number(MASKED)])
            self._masked = self.add("Unsqueeze", [scores, self.integers(1, 2)])
        return self._masked
