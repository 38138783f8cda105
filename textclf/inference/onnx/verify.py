"""Is an ONNX graph one that can only compute? Looked at before ONNX Runtime sees it, and without the package `onnx`.

A model file is a protocol buffer: fields with a number, a wire type and a value. Every field that a graph of ours
can have is in `FIELDS`; all others are refused, and with them external data, subgraphs, functions, training
information and sparse tensors. `onnx` itself would take longer to import than to answer.
"""

from math import prod

import numpy as np

from textclf.core.errors import did_you_mean
from textclf.inference.onnx.wire_format import BYTES, FIXED32, VARINT, Field, fields_of, integers

# Fixed operators of the standard domain: no subgraph (If, Loop, Scan), no random numbers, no text, no other domain.
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

# Message -> number of a field -> its name, wire type, and the message that it holds. From onnx.proto (onnx 1.23).
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
# onnx.TensorProto.DataType -> what numpy calls it.
TYPES = {1: "<f4", 2: "<u1", 3: "<i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}


def check_graph(model: bytes) -> set[str]:
    """Refuse a model that could do anything but compute with what is in the file; which operators it has.

    Raises:
        ValueError: it is no ONNX model, or has external data, an operator that is not in `OPERATORS`, a weight
            that is no number, or anything else that no graph of ours has.
    """
    fields = _known_fields(memoryview(model), "model")
    graphs = [field.value for field in fields if field.number == 7]
    if len(graphs) != 1:
        raise ValueError("expected an ONNX model with one graph")
    for field in fields:
        if field.number == 8:
            _check_opset(field.value)
    fields = _known_fields(graphs[0], "graph")
    nodes = [field.value for field in fields if field.number == 1]
    if sum(map(len, nodes)) > MOST_NODE_BYTES:
        raise ValueError(f"expected a graph of at most {MOST_NODE_BYTES:,} bytes beside its weights, received more")
    operators = {_check_node(node) for node in nodes}
    for field in fields:
        if field.number == 5:
            _check_tensor(field.value)
    return operators


def _check_opset(message: memoryview) -> None:
    for field in _known_fields(message, "opset"):
        if field.number == 1 and len(field.value):
            raise ValueError(f"expected standard operators only, received those of '{_text(field.value)}'")
        if field.number == 2 and not 1 <= field.value <= NEWEST_OPSET:
            raise ValueError(f"expected operators of set {NEWEST_OPSET} or older, received {field.value}")


def _check_node(message: memoryview) -> str:
    """Its operator."""
    fields = _known_fields(message, "node")
    operators = [_text(field.value) for field in fields if field.number == 4]
    if len(operators) != 1:
        raise ValueError("expected one operator in every node")
    domain = next((_text(field.value) for field in fields if field.number == 7 and len(field.value)), "")
    if domain or operators[0] not in OPERATORS:
        full_name = f"{domain}.{operators[0]}" if domain else operators[0]
        meant = did_you_mean(operators[0], OPERATORS)
        raise ValueError(f"expected operators that can only compute, received '{full_name}'{meant}")
    for field in fields:
        if field.number == 5:
            for part in _known_fields(field.value, "attribute"):
                if part.number == 5:
                    _check_tensor(part.value)
    return operators[0]


def _check_tensor(message: memoryview) -> None:
    """Its values are all there, as many as its dimensions say, and numbers."""
    fields = _known_fields(message, "tensor")
    name = next((_text(field.value) for field in fields if field.number == 8), "")
    kinds = [field.value for field in fields if field.number == 2]
    contents = [field.value for field in fields if field.number == 9]
    dims = [dim for field in fields if field.number == 1 for dim in integers(field)]
    if len(kinds) != 1 or len(contents) > 1 or kinds[0] not in TYPES:
        raise ValueError(f"expected weights of a plain type, received others in '{name}'")
    if len(dims) > DEEPEST_TENSOR or any(dim >= 2**31 for dim in dims):  # a negative number is above 2**63 here
        raise ValueError(f"the dimensions of '{name}' cannot be")
    content, kind = contents[0] if contents else b"", np.dtype(TYPES[kinds[0]])
    if prod(dims) * kind.itemsize != len(content):
        raise ValueError(f"expected {prod(dims):,} values of {kind.itemsize} bytes in '{name}', received other data")
    if kind.kind == "f" and not np.isfinite(np.frombuffer(content, kind)).all():
        raise ValueError(f"expected finite weights, received some in '{name}' that are no numbers")


def _known_fields(message: memoryview, kind: str) -> list[Field]:
    """The fields of a message, all of them known."""
    known = FIELDS[kind]
    fields = []
    for field in fields_of(message):
        if kind == "tensor" and (field.number == EXTERNAL_DATA or (field.number == DATA_LOCATION and field.value)):
            raise ValueError("expected all weights in the file, but some are said to be in another one")
        if kind == "tensor" and field.number == DATA_LOCATION:
            continue
        name, wire, _ = known.get(field.number, ("", -1, None))
        if not name or wire not in (None, field.wire):
            raise ValueError(f"expected a plain ONNX model, received field {field.number} in a {kind}")
        fields.append(field)
        if len(fields) > MOST_FIELDS[kind]:
            raise ValueError(f"expected at most {MOST_FIELDS[kind]:,} fields in a {kind}, received more")
    return fields


def _text(value: memoryview) -> str:
    return bytes(value[:100]).decode("utf-8", "replace")
