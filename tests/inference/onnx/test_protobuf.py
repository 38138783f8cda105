"""Fields, nodes and weights are read as the package onnx writes them; a truncated message is an error."""

import numpy as np
import pytest
from onnx import helper, numpy_helper

from textclf.inference.onnx.lookup_tables.protobuf_writer import make_field
from textclf.inference.onnx.protobuf import read_array, read_fields, read_integers, read_node, tensor_name


@pytest.mark.parametrize("value", [2**40, b"some bytes"])
def test_a_truncated_field_is_an_error(value):
    message = make_field(300, value)
    for end in range(1, len(message)):
        with pytest.raises(ValueError, match="not an ONNX model"):
            list(read_fields(memoryview(message)[:end]))


def test_numbers_of_a_repeated_field_may_be_packed():
    packed = next(read_fields(memoryview(make_field(1, b"\x01\xac\x02"))))
    assert list(read_integers(packed)) == [1, 300]
    assert list(read_integers(next(read_fields(memoryview(make_field(1, 300)))))) == [300]


def test_a_node_is_read_as_onnx_writes_it():
    node = helper.make_node("Concat", ["a", "b"], ["c"], axis=1, perm=[1, 0, 2], direction="forward")
    read = read_node(memoryview(node.SerializeToString()))
    assert read[:4] == ("Concat", ["a", "b"], ["c"], {"axis": 1, "perm": [1, 0, 2], "direction": b"forward"})


def test_only_weights_of_float32_are_read():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    message = memoryview(numpy_helper.from_array(values, "name").SerializeToString())
    np.testing.assert_array_equal(read_array(message), values)
    assert tensor_name(message) == "name"
    assert read_array(memoryview(numpy_helper.from_array(values.astype(int)).SerializeToString())) is None
    assert read_array(None) is None
