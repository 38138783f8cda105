"""Write the parts of an ONNX graph without the package `onnx`. Names as in `onnx.helper`."""

import numpy as np

from textclf.inference.onnx.protobuf import BYTES, FLOAT, VARINT

INT, GRAPH, INTS = 2, 5, 7  # onnx.AttributeProto.AttributeType
INT64 = 7  # onnx.TensorProto.DataType


def make_field(number: int, value: int | str | bytes | memoryview) -> bytes:
    """Return a field of a message: an integer from 0, or a string or message, which its length precedes."""
    if isinstance(value, int):
        return _make_varint(number << 3 | VARINT) + _make_varint(value)
    content = value.encode() if isinstance(value, str) else value
    return b"".join([_make_varint(number << 3 | BYTES), _make_varint(len(content)), content])


def make_node(operator: str, inputs: list[str], outputs: list[str], **attributes: bytes | int | list[int]) -> bytes:
    """Return a NodeProto. Attributes are integers, lists of integers, or graphs (bytes)."""
    fields = [
        *(make_field(1, name) for name in inputs),
        *(make_field(2, name) for name in outputs),
        make_field(4, operator),
    ]
    for name, value in attributes.items():
        if isinstance(value, int):
            content = make_field(3, value) + make_field(20, INT)
        elif isinstance(value, bytes):
            content = make_field(6, value) + make_field(20, GRAPH)
        else:
            content = b"".join(make_field(8, number) for number in value) + make_field(20, INTS)
        fields.append(make_field(5, make_field(1, name) + content))
    return b"".join(fields)


def make_tensor(name: str, values: np.ndarray) -> bytes:
    """Return a TensorProto of float32 or int64."""
    data_type = FLOAT if values.dtype == np.float32 else INT64
    dims = b"".join(make_field(1, dim) for dim in values.shape)
    return dims + make_field(2, data_type) + make_field(8, name) + make_field(9, values.tobytes())


def make_table_input(name: str, table: np.ndarray) -> bytes:
    """Return the ValueInfoProto of a table, a graph input of float32 ("ids", columns)."""
    dims = [make_field(1, make_field(2, "ids")), make_field(1, make_field(1, table.shape[1]))]
    tensor_type = make_field(1, make_field(1, FLOAT) + make_field(2, b"".join(dims)))
    return make_field(1, name) + make_field(2, tensor_type)


def _make_varint(value: int) -> bytes:
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
