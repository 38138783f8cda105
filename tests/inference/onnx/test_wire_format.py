"""Fields are read as they were written, and a message that is cut off is refused."""

import pytest

from textclf.inference.onnx.wire_format import BYTES, VARINT, Field, fields_of, integers, written


@pytest.mark.parametrize("number", [1, 15, 16, 2000])
@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31, 2**63, b"", b"a" * 127, b"b" * 128])
def test_a_field_is_read_as_it_was_written(number, value):
    message = memoryview(written(number, value) + written(1, "next"))
    first, second = fields_of(message)
    assert first == Field(number, VARINT if isinstance(value, int) else BYTES, value)
    assert second == Field(1, BYTES, b"next")


@pytest.mark.parametrize("value", [2**40, b"some bytes"])
def test_a_field_that_is_cut_off_is_refused(value):
    message = written(300, value)
    for end in range(1, len(message)):
        with pytest.raises(ValueError, match="no ONNX model"):
            list(fields_of(memoryview(message)[:end]))


def test_numbers_of_a_repeated_field_may_be_packed():
    packed = next(fields_of(memoryview(written(1, b"\x01\xac\x02"))))
    assert list(integers(packed)) == [1, 300]
    assert list(integers(next(fields_of(memoryview(written(1, 300)))))) == [300]
