"""The wire format of protocol buffers, in which ONNX models are written: fields with a number, a wire type, a value."""

from collections.abc import Iterator
from typing import Any, NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types


class Field(NamedTuple):
    """One field of a message as it stands in the file."""

    number: int
    wire: int
    value: Any  # a number, or the bytes of a text or message, a memoryview


def fields_of(message: memoryview) -> Iterator[Field]:
    """The fields of a message in their order.

    Raises:
        ValueError: it is no such message.
    """
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire = key >> 3, key & 7
        value: Any
        if wire == VARINT:
            value, position = _varint(message, position)
        else:
            if wire == BYTES:
                length, position = _varint(message, position)
            elif wire in (FIXED32, FIXED64):
                length = 4 if wire == FIXED32 else 8
            else:
                raise ValueError("it is no ONNX model")
            value, position = message[position : position + length], position + length
            if position > len(message):
                raise ValueError("it is no ONNX model, or is cut off")
        yield Field(number, wire, value)


def integers(field: Field) -> Iterator[int]:
    """The numbers of a repeated field, packed or one by one.

    Raises:
        ValueError: it is no list of up to a thousand bytes.
    """
    if field.wire == VARINT:
        yield field.value
        return
    if field.wire != BYTES or len(field.value) > 1000:
        raise ValueError("expected dimensions, received something else")
    position = 0
    while position < len(field.value):
        number, position = _varint(field.value, position)
        yield number


def written(number: int, value: int | str | bytes | memoryview) -> bytes:
    """A field as it stands in a file: a number from 0, or a text or a message with its length before it."""
    if isinstance(value, int):
        return _written_varint(number << 3 | VARINT) + _written_varint(value)
    content = value.encode() if isinstance(value, str) else value
    return b"".join([_written_varint(number << 3 | BYTES), _written_varint(len(content)), content])


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where the next field begins."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("it is no ONNX model, or is cut off")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("it is no ONNX model")


def _written_varint(value: int) -> bytes:
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
