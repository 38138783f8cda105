"""The allow-list of ONNX graphs: a model file may come from a stranger, and is checked before ONNX Runtime loads it.

`FIELDS` lists every field that a graph of textclf can have, `OPERATORS` every operator that only computes. Anything
else is an error: external data, subgraphs, functions, training information, sparse tensors. The package `onnx` could
do the same, but its import takes 0.1 to 0.3 s, as long as a prediction.
"""

from math import prod

import numpy as np

from textclf.core.errors import did_you_mean
from textclf.inference.onnx.protobuf import BYTES, FIXED32, VARINT, Field, read_fields, read_integers

# Operators of the standard domain. Left out: subgraphs (If, Loop, Scan), random numbers, strings.
_STANDARD = """
    Abs Add And ArgMax AveragePool BatchNormalization Cast Clip Concat Conv CumSum Div Elu Equal Erf Exp Expand Flatten
    Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GRU HardSigmoid
    Identity IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LSTM MatMul Max MaxPool Mean Min
    Mod Mul Neg Not Or Pad Pow Range Reciprocal ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Relu Reshape RNN ScatterElements ScatterND Selu Shape Sigmoid Sign Size Slice Softmax Softplus
    Softsign Split Sqrt Squeeze Sub Sum Tanh TopK Transpose Unsqueeze Where Xor
"""
OPERATORS = frozenset(_STANDARD.split())
NEWEST_OPSET = 23
MOST_NODE_BYTES = 2**20  # of all nodes; weights are not counted
MOST_FIELDS = {"model": 100, "opset": 10, "graph": 20_000, "node": 1_000, "attribute": 10_000, "tensor": 20}
DEEPEST_TENSOR = 8  # dimensions
EXTERNAL_DATA, DATA_LOCATION = 13, 14

# Message -> field number -> (name, wire type, message in it). From onnx.proto (onnx 1.23).
FIELDS: dict[str, dict[int, tuple[str, int | None, str | None]]] = {
    "model": {
        1: ("ir_version", VARINT, None),
        2: ("producer_name", BYTES, None),
        3: ("producer_version", BYTES, None),
        5: ("model_version", VARINT, None),
        6: ("doc_string", BYTES, None),
        7: ("graph", BYTES, "graph"),
        8: ("opset_import", BYTES, "opset"),
    },
    "opset": {1: ("domain", BYTES, None), 2: ("version", VARINT, None)},
    "graph": {
        1: ("node", BYTES, "node"),
        2: ("name", BYTES, None),
        5: ("initializer", BYTES, "tensor"),
        10: ("doc_string", BYTES, None),
        11: ("input", BYTES, None),
        12: ("output", BYTES, None),
        13: ("value_info", BYTES, None),
    },
    "node": {
        1: ("input", BYTES, None),
        2: ("output", BYTES, None),
        3: ("name", BYTES, None),
        4: ("op_type", BYTES, None),
        5: ("attribute", BYTES, "attribute"),
        6: ("doc_string", BYTES, None),
        7: ("domain", BYTES, None),
    },
    "attribute": {
        1: ("name", BYTES, None),
        2: ("f", FIXED32, None),
        3: ("i", VARINT, None),
        4: ("s", BYTES, None),
        5: ("t", BYTES, "tensor"),
        7: ("floats", None, None),
        8: ("ints", None, None),
        9: ("strings", BYTES, None),
        20: ("type", VARINT, None),
    },
    "tensor": {
        1: ("dims", None, None),
        2: ("data_type", VARINT, None),
        8: ("name", BYTES, None),
        9: ("raw_data", BYTES, None),
    },
}
# onnx.TensorProto.DataType -> NumPy dtype.
TYPES = {1: "<f4", 2: "<u1", 3: "<i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}


def check_graph(model: bytes) -> set[str]:
    """Check that a model only computes, from data in the file alone; return its operators.

    Raises:
        ValueError: the bytes are not an ONNX model, or contain a field or operator that is not on the allow-list,
            external data, or weights that are not finite.
    """
    fields = _known_fields(memoryview(model), "model")
    graphs = [field.value for field in fields if field.number == 7]
    if len(graphs) != 1:
        raise ValueError(f"expected an ONNX model with one graph, got {len(graphs)} graphs")
    for field in fields:
        if field.number == 8:
            _check_opset(field.value)
    fields = _known_fields(graphs[0], "graph")
    nodes = [field.value for field in fields if field.number == 1]
    num_bytes = sum(map(len, nodes))
    if num_bytes > MOST_NODE_BYTES:
        raise ValueError(f"expected nodes of at most {MOST_NODE_BYTES:,} bytes, got {num_bytes:,}")
    operators = {_check_node(node) for node in nodes}
    for field in fields:
        if field.number == 5:
            _check_tensor(field.value)
    return operators


def _check_opset(message: memoryview) -> None:
    for field in _known_fields(message, "opset"):
        if field.number == 1 and len(field.value):
            raise ValueError(f"expected operators of the standard domain, got the domain '{_text(field.value)}'")
        if field.number == 2 and not 1 <= field.value <= NEWEST_OPSET:
            raise ValueError(f"expected opset 1 to {NEWEST_OPSET}, got {field.value}")


def _check_node(message: memoryview) -> str:
    """Check a node and its attributes; return its operator."""
    fields = _known_fields(message, "node")
    operators = [_text(field.value) for field in fields if field.number == 4]
    if len(operators) != 1:
        raise ValueError(f"expected one operator in every node, got {len(operators)}")
    domain = next((_text(field.value) for field in fields if field.number == 7 and len(field.value)), "")
    if domain or operators[0] not in OPERATORS:
        full_name = f"{domain}.{operators[0]}" if domain else operators[0]
        meant = did_you_mean(operators[0], OPERATORS)
        raise ValueError(f"operator '{full_name}' is not allowed{meant}")
    for field in fields:
        if field.number == 5:
            for part in _known_fields(field.value, "attribute"):
                if part.number == 5:
                    _check_tensor(part.value)
    return operators[0]


def _check_tensor(message: memoryview) -> None:
    """Check that a tensor has a plain type and as many finite values as its dimensions say."""
    fields = _known_fields(message, "tensor")
    name = next((_text(field.value) for field in fields if field.number == 8), "")
    data_types = [field.value for field in fields if field.number == 2]
    contents = [field.value for field in fields if field.number == 9]
    dims = [dim for field in fields if field.number == 1 for dim in read_integers(field)]
    if len(data_types) != 1 or len(contents) > 1 or data_types[0] not in TYPES:
        raise ValueError(f"weight '{name}': expected integers, floats or booleans in one block, got another type")
    if len(dims) > DEEPEST_TENSOR or any(dim >= 2**31 for dim in dims):  # a negative number reads as >= 2**63
        raise ValueError(f"weight '{name}': expected at most {DEEPEST_TENSOR} dimensions below 2**31, got {dims[:9]}")
    content, dtype = contents[0] if contents else b"", np.dtype(TYPES[data_types[0]])
    if prod(dims) * dtype.itemsize != len(content):
        raise ValueError(
            f"weight '{name}': expected {prod(dims):,} values of {dtype.itemsize} bytes, got {len(content):,} bytes"
        )
    if dtype.kind == "f" and not np.isfinite(np.frombuffer(content, dtype)).all():
        raise ValueError(f"weight '{name}': expected finite values, got NaN or infinity")


def _known_fields(message: memoryview, kind: str) -> list[Field]:
    """Return the fields of a message; each of them is in `FIELDS`."""
    known = FIELDS[kind]
    fields = []
    for field in read_fields(message):
        if kind == "tensor" and (field.number == EXTERNAL_DATA or (field.number == DATA_LOCATION and field.value)):
            raise ValueError("expected all weights in the model file, got a weight in another file")
        if kind == "tensor" and field.number == DATA_LOCATION:
            continue
        name, wire, _ = known.get(field.number, ("", -1, None))
        if not name or wire not in (None, field.wire):
            raise ValueError(f"field {field.number} of a {kind} is not allowed in an ONNX model of textclf")
        fields.append(field)
        if len(fields) > MOST_FIELDS[kind]:
            raise ValueError(f"expected at most {MOST_FIELDS[kind]:,} fields in a {kind}, got more")
    return fields


def _text(value: memoryview) -> str:
    return bytes(value[:100]).decode("utf-8", "replace")
