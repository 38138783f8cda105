"""Nodes and weights of an ONNX graph, read and written without the package `onnx`, which takes long to import."""

from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.wire_format import fields_of, integers, written

INT, GRAPH, INTS = 2, 5, 7  # onnx.AttributeProto.AttributeType
FLOAT, INT64 = 1, 7  # onnx.TensorProto.DataType

Attribute = bytes | int | list[int] | None  # a text, or graph; a number; numbers; anything else


class Node(NamedTuple):
    """A node of a graph."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]
    message: memoryview


def read_node(message: memoryview) -> Node:
    """A node of a graph that `check_graph` has seen."""
    operator = ""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Attribute] = {}
    for field in fields_of(message):
        if field.number == 1:
            inputs.append(str(field.value, "utf-8"))
        elif field.number == 2:
            outputs.append(str(field.value, "utf-8"))
        elif field.number == 4:
            operator = str(field.value, "utf-8")
        elif field.number == 5:
            attributes |= _attribute(field.value)
    return Node(operator, inputs, outputs, attributes, message)


def _attribute(message: memoryview) -> dict[str, Attribute]:
    """Its name and its value, if that is a number, a text or a list of numbers."""
    name = ""
    value: Attribute = None
    many: list[int] = []
    for field in fields_of(message):
        if field.number == 1:
            name = str(field.value, "utf-8")
        elif field.number == 3:
            value = field.value
        elif field.number == 4:
            value = bytes(field.value)
        elif field.number == 8:
            many += integers(field)
    return {name: many or value}


def written_node(operator: str, inputs: list[str], outputs: list[str], **attributes: bytes | int | list[int]) -> bytes:
    """A node with attributes that are numbers, lists of them, or graphs (bytes)."""
    parts = [*(written(1, name) for name in inputs), *(written(2, name) for name in outputs), written(4, operator)]
    for name, value in attributes.items():
        if isinstance(value, int):
            content = written(3, value) + written(20, INT)
        elif isinstance(value, bytes):
            content = written(6, value) + written(20, GRAPH)
        else:
            content = b"".join(written(8, one) for one in value) + written(20, INTS)
        parts.append(written(5, written(1, name) + content))
    return b"".join(parts)


def name_of_tensor(message: memoryview) -> str:
    """By which nodes read it."""
    return next((str(field.value, "utf-8") for field in fields_of(message) if field.number == 8), "")


def read_array(message: memoryview | None) -> np.ndarray | None:
    """A weight of float32; None if there is none, or one of another type."""
    fields = [] if message is None else list(fields_of(message))
    if [field.value for field in fields if field.number == 2] != [FLOAT]:
        return None
    dims = [dim for field in fields if field.number == 1 for dim in integers(field)]
    content = next((field.value for field in fields if field.number == 9), b"")
    return np.frombuffer(content, "<f4").reshape(dims)


def written_tensor(name: str, values: np.ndarray) -> bytes:
    """A weight, float32 or int64."""
    kind = FLOAT if values.dtype == np.float32 else INT64
    dims = b"".join(written(1, dim) for dim in values.shape)
    return dims + written(2, kind) + written(8, name) + written(9, values.tobytes())


def written_input(name: str, values: np.ndarray) -> bytes:
    """An input of the graph, float32 of any number of rows."""
    dims = [written(1, written(2, "ids")), written(1, written(1, values.shape[1]))]
    kind = written(1, written(1, FLOAT) + written(2, b"".join(dims)))
    return written(1, name) + written(2, kind)
