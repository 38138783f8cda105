"""Read ONNX models without the package `onnx`, whose import takes 0.1 to 0.3 s: longer than a prediction.

An ONNX model is a protocol buffer, a message of fields. A field has a number, a wire type and a value, which may be a
message again. The numbers come from onnx.proto.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FLOAT = 1  # onnx.TensorProto.DataType
FLOATS = {FLOAT: "<f4"}
MOST_LIST_BYTES = 1000

Attribute = bytes | int | list[int] | None  # a string; a number; a list of numbers; None for any other kind


class Field(NamedTuple):
    """One field of a message."""

    number: int
    wire: int
    value: Any  # an int, or a memoryview of a string or a message


class Node(NamedTuple):
    """One node of a graph."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]
    message: memoryview


def read_fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message in file order.

    Raises:
        ValueError: the bytes are not a message.
    """
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        number, wire = key >> 3, key & 7
        value: Any
        if wire == VARINT:
            value, position = _read_varint(message, position)
        else:
            if wire == BYTES:
                length, position = _read_varint(message, position)
            elif wire in (FIXED32, FIXED64):
                length = 4 if wire == FIXED32 else 8
            else:
                raise ValueError("not an ONNX model")
            value, position = message[position : position + length], position + length
            if position > len(message):
                raise ValueError("not an ONNX model, or truncated")
        yield Field(number, wire, value)


def read_integers(field: Field) -> Iterator[int]:
    """Yield the numbers of a repeated field, packed or one by one.

    Raises:
        ValueError: the field is not a list of numbers, or has more than `MOST_LIST_BYTES`.
    """
    if field.wire == VARINT:
        yield field.value
        return
    if field.wire != BYTES or len(field.value) > MOST_LIST_BYTES:
        raise ValueError(f"expected a list of integers of at most {MOST_LIST_BYTES:,} bytes, got another field")
    position = 0
    while position < len(field.value):
        number, position = _read_varint(field.value, position)
        yield number


def read_node(message: memoryview) -> Node:
    """Return the node that a NodeProto describes; `verify.check_graph` has accepted its graph."""
    operator = ""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Attribute] = {}
    for field in read_fields(message):
        if field.number == 1:
            inputs.append(str(field.value, "utf-8"))
        elif field.number == 2:
            outputs.append(str(field.value, "utf-8"))
        elif field.number == 4:
            operator = str(field.value, "utf-8")
        elif field.number == 5:
            name, value = _read_attribute(field.value)
            attributes[name] = value
    return Node(operator, inputs, outputs, attributes, message)


def _read_attribute(message: memoryview) -> tuple[str, Attribute]:
    name = ""
    value: Attribute = None
    numbers: list[int] = []
    for field in read_fields(message):
        if field.number == 1:
            name = str(field.value, "utf-8")
        elif field.number == 3:
            value = field.value
        elif field.number == 4:
            value = bytes(field.value)
        elif field.number == 8:
            numbers += read_integers(field)
    return name, numbers or value


def tensor_name(message: memoryview) -> str:
    """Return the name of a TensorProto."""
    return next((str(field.value, "utf-8") for field in read_fields(message) if field.number == 8), "")


def read_array(message: memoryview | None, types: Mapping[int, str] = FLOATS) -> np.ndarray | None:
    """Return the values of a TensorProto; None for no tensor or another type.

    Args:
        types: onnx.TensorProto.DataType -> NumPy dtype; by default only float32.
    """
    fields = [] if message is None else list(read_fields(message))
    found = [field.value for field in fields if field.number == 2]
    if len(found) != 1 or found[0] not in types:
        return None
    dims = [dim for field in fields if field.number == 1 for dim in read_integers(field)]
    content = next((field.value for field in fields if field.number == 9), b"")
    return np.frombuffer(content, types[found[0]]).reshape(dims)


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return a number, stored in groups of seven bits with the lowest first, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("not an ONNX model, or truncated")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("not an ONNX model")
