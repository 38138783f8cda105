"""Fields, nodes and weights are written as the package onnx, and our own reader, read them."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from textclf.inference.onnx.lookup_tables.protobuf_writer import make_field, make_node, make_table_input, make_tensor
from textclf.inference.onnx.protobuf import BYTES, VARINT, Field, read_fields, tensor_name


@pytest.mark.parametrize("number", [1, 15, 16, 2000])
@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31, 2**63, b"", b"a" * 127, b"b" * 128])
def test_a_field_is_read_as_it_was_written(number, value):
    message = memoryview(make_field(number, value) + make_field(1, "next"))
    first, second = read_fields(message)
    assert first == Field(number, VARINT if isinstance(value, int) else BYTES, value)
    assert second == Field(1, BYTES, b"next")


def test_a_node_is_written_as_onnx_reads_it():
    node = onnx.NodeProto.FromString(make_node("Scan", ["a", ""], ["c"], start=0, perm=[1, 0], body=b""))
    assert (node.op_type, list(node.input), list(node.output)) == ("Scan", ["a", ""], ["c"])
    read = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    assert read == {"start": 0, "perm": [1, 0], "body": onnx.GraphProto()}


@pytest.mark.parametrize("values", [np.zeros((0, 3), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3).T,
                                    np.array(7), np.array([2**40])])  # fmt: skip
def test_a_weight_is_written_as_onnx_reads_it(values):
    message = make_tensor("name", values)
    read = onnx.TensorProto.FromString(message)
    assert read.name == "name" == tensor_name(memoryview(message))
    np.testing.assert_array_equal(numpy_helper.to_array(read), values)


def test_the_input_of_a_table_has_any_number_of_rows():
    read = onnx.ValueInfoProto.FromString(make_table_input("table", np.zeros((5, 300), np.float32)))
    assert read == helper.make_tensor_value_info("table", onnx.TensorProto.FLOAT, ["ids", 300])
