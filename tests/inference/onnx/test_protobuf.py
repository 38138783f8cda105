"""Nodes and weights as the package onnx reads and writes them."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from textclf.inference.onnx.protobuf import (
    name_of_tensor,
    read_array,
    read_node,
    written_input,
    written_node,
    written_tensor,
)


def test_a_node_is_read_as_onnx_writes_it():
    node = helper.make_node("Concat", ["a", "b"], ["c"], axis=1, perm=[1, 0, 2], direction="forward")
    read = read_node(memoryview(node.SerializeToString()))
    assert read[:4] == ("Concat", ["a", "b"], ["c"], {"axis": 1, "perm": [1, 0, 2], "direction": b"forward"})


def test_a_node_is_written_as_onnx_reads_it():
    node = onnx.NodeProto.FromString(written_node("Scan", ["a", ""], ["c"], start=0, perm=[1, 0], body=b""))
    assert (node.op_type, list(node.input), list(node.output)) == ("Scan", ["a", ""], ["c"])
    read = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    assert read == {"start": 0, "perm": [1, 0], "body": onnx.GraphProto()}


@pytest.mark.parametrize("values", [np.zeros((0, 3), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3).T,
                                    np.array(7), np.array([2**40])])  # fmt: skip
def test_a_weight_is_written_as_onnx_reads_it(values):
    message = written_tensor("name", values)
    read = onnx.TensorProto.FromString(message)
    assert read.name == "name" == name_of_tensor(memoryview(message))
    np.testing.assert_array_equal(numpy_helper.to_array(read), values)


def test_only_weights_of_float32_are_read():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(read_array(memoryview(numpy_helper.from_array(values).SerializeToString())), values)
    assert read_array(memoryview(numpy_helper.from_array(values.astype(int)).SerializeToString())) is None
    assert read_array(None) is None


def test_an_input_has_any_number_of_rows():
    read = onnx.ValueInfoProto.FromString(written_input("table", np.zeros((5, 300), np.float32)))
    assert read == helper.make_tensor_value_info("table", onnx.TensorProto.FLOAT, ["ids", 300])
