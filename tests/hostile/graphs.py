"""ONNX graphs that mean harm, or are wrong."""

import os

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from textclf.inference.onnx.session import MOST_WORK_BYTES

FLOAT, INT32 = TensorProto.FLOAT, TensorProto.INT32
SCORE = [
    helper.make_node("Cast", ["token_ids"], ["numbers"], to=FLOAT),
    helper.make_node("Mul", ["numbers", "weight"], ["products"]),
    helper.make_node("ReduceMax", ["products"], ["largest"], axes=[1], keepdims=1),
]
SIGMOID = helper.make_node("Sigmoid", ["largest"], ["probabilities"])


def graph(nodes=None, weights=None, *, units=1, input_name="token_ids", opsets=(("", 17),), output_shape=None, **more):
    """A small graph that would answer, with something changed; `edit` may change the whole model."""
    shape = output_shape or ["batch", units]
    made = helper.make_graph(
        [*SCORE, SIGMOID] if nodes is None else nodes,
        "graph",
        [helper.make_tensor_value_info(input_name, INT32, ["batch", "tokens"])],
        [helper.make_tensor_value_info("probabilities", FLOAT, shape)],
        [array([0.1], "weight"), *(weights or [])],
    )
    opset_imports = [helper.make_opsetid(*opset) for opset in opsets]
    model = helper.make_model(made, opset_imports=opset_imports, ir_version=8)
    if edit := more.get("edit"):
        edit(model)
    return model.SerializeToString()


def array(values, name, kind=np.float32):
    return numpy_helper.from_array(np.array(values, kind), name)


def external(location):
    """Weights that are said to be in another file."""

    def edit(model):
        weight = model.graph.initializer[0]
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, "offset": "0", "length": "4"}.items():
            entry = weight.external_data.add()
            entry.key, entry.value = key, value

    return graph(edit=edit)


def operator(name, domain="", **attributes):
    """A graph with one operator that has no business there."""
    node = helper.make_node(name, ["largest"], ["more"], domain=domain, **attributes)
    last = helper.make_node("Sigmoid", ["more"], ["probabilities"])
    return graph([*SCORE, node, last], opsets=(("", 17), *([(domain, 1)] if domain else [])))


def weight(**fields):
    """The weight with other fields: dims, data_type, raw_data, float_data."""

    def edit(model):
        tensor = model.graph.initializer[0]
        for name, value in fields.items():
            tensor.ClearField(name)
            if isinstance(value, list):
                getattr(tensor, name).extend(value)
            else:
                setattr(tensor, name, value)

    return graph(edit=edit)


def subgraph():
    body = helper.make_graph([], "body", [], [])
    return operator("If", then_branch=body, else_branch=body)


def function():
    def edit(model):
        nodes = [helper.make_node("Identity", ["a"], ["b"])]
        model.functions.append(helper.make_function("mine", "F", ["a"], ["b"], nodes, [helper.make_opsetid("", 17)]))

    return graph(edit=edit)


def terabytes(rows=10**12):
    """A row of numbers as long as this, from three numbers."""
    weights = [array(value, name, np.int64) for name, value in {"from": 0, "to": rows, "by": 1}.items()]
    nodes = [
        helper.make_node("Range", ["from", "to", "by"], ["row"]),
        helper.make_node("ReduceSum", ["row"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["number"], to=FLOAT),
        helper.make_node("Add", ["largest", "number"], ["more"]),
        helper.make_node("Sigmoid", ["more"], ["probabilities"]),
    ]
    return graph([*SCORE, *nodes], weights)


def outer_products():
    """[n, 1] times [1, n], again and again."""
    weights = [array(np.ones((300_000, 1)), "column"), array(np.ones((1, 300_000)), "line")]
    nodes = [
        helper.make_node("MatMul", ["column", "line"], ["table"]),
        helper.make_node("ReduceMax", ["table"], ["number"], keepdims=0),
        helper.make_node("Add", ["largest", "number"], ["more"]),
        helper.make_node("Sigmoid", ["more"], ["probabilities"]),
    ]
    return graph([*SCORE, *nodes], weights)


def ended_with(*names):
    """Other ends than a sigmoid: what comes out are no probabilities."""
    nodes = [
        helper.make_node(name, ["largest" if not number else f"end_{number}"], [f"end_{number + 1}"])
        for number, name in enumerate(names)
    ]
    nodes[-1].output[0] = "probabilities"
    return graph([*SCORE, *nodes])


def embedding(rows):
    """An embedding with too few rows for the vocabulary."""
    nodes = [
        helper.make_node("Gather", ["table", "token_ids"], ["found"]),
        helper.make_node("ReduceMax", ["found"], ["largest"], axes=[1], keepdims=1),
        SIGMOID,
    ]
    return graph(nodes, [array(np.zeros(rows), "table")])


def useless(number):
    return helper.make_node("Abs", ["weight"], [f"useless_{number}"])


GRAPHS = {
    "no model": lambda: b"not a graph",
    "nothing": lambda: b"",
    "no graph": lambda: helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString()[:4],
    "external data": lambda: external("weights.bin"),
    "external data outside": lambda: external("../../../etc/passwd"),
    "external data absolute": lambda: external("/etc/passwd"),
    "external data in memory": lambda: external("*/_ORT_MEM_ADDR_/*"),
    "unknown operator": lambda: operator("Frobnicate"),
    "operator of another domain": lambda: operator("FusedMatMul", "com.microsoft"),
    "operator of Python": lambda: operator("PyOp", "ai.onnx.contrib"),
    "random numbers": lambda: operator("RandomNormalLike"),
    "subgraph": subgraph,
    "loop": lambda: operator("Loop", body=helper.make_graph([], "body", [], [])),
    "function": function,
    "another domain": lambda: graph(opsets=(("", 17), ("com.microsoft", 1))),
    "operators of the future": lambda: graph(opsets=(("", 99),)),
    "metadata": lambda: graph(edit=lambda model: helper.set_model_props(model, {"a": "b"})),
    "training information": lambda: graph(edit=lambda model: model.training_info.add()),
    "sparse weights": lambda: graph(edit=lambda model: model.graph.sparse_initializer.add()),
    "weight that is no number": lambda: graph(weights=[array([1, np.nan], "other")]),
    "infinite weight": lambda: graph(weights=[array([np.inf], "other")]),
    "half a weight that is no number": lambda: graph(weights=[array([np.nan], "other", np.float16)]),
    "weights of text": lambda: weight(data_type=TensorProto.STRING),
    "weights of a type that is none": lambda: weight(data_type=77),
    "weights larger than the file": lambda: weight(dims=[10**6, 10**6]),
    "weights of negative size": lambda: weight(dims=[-1]),
    "weights of overflowing size": lambda: weight(dims=[2**31 - 1] * 8),
    "weights of too many dimensions": lambda: weight(dims=[1] * 20),
    "weights with a hole": lambda: weight(raw_data=b"abc"),
    "weights twice": lambda: weight(float_data=[1.0] * 10),
    "terabytes": terabytes,
    "a little more than is allowed": lambda: terabytes(2 * MOST_WORK_BYTES // 8 * (os.cpu_count() or 1)),
    "more terabytes": lambda: terabytes(2**62),
    "outer products": outer_products,
    "another input": lambda: graph(input_name="ids"),
    "too many units": lambda: graph(units=5),
    "units that are not there": lambda: graph([*SCORE, helper.make_node("Sigmoid", ["products"], ["probabilities"])]),
    "too few rows": lambda: embedding(3),
    "no probabilities": lambda: ended_with("Exp"),
    "negative probabilities": lambda: ended_with("Sigmoid", "Neg"),
    "no numbers": lambda: ended_with("Neg", "Log"),
    "a circle": lambda: graph([helper.make_node("Add", ["largest", "b"], ["b"]), *SCORE, SIGMOID]),
    "an input that is not there": lambda: graph([helper.make_node("Sigmoid", ["nowhere"], ["probabilities"])]),
    "no nodes": lambda: graph([]),
    "too many nodes": lambda: graph([*SCORE, SIGMOID, *map(useless, range(50_000))]),
    "a wrong type": lambda: graph([helper.make_node("Sigmoid", ["token_ids"], ["probabilities"])]),
    "fields without end": lambda: b"\x3a\x02\x0a\x00" + b"\x0a\x00" * 1_000_000,
    "nodes without end": lambda: b"\x3a\x80\x89\x7a" + b"\x0a\x00" * 1_000_000,
    "a field longer than the file": lambda: b"\x3a\xff\xff\xff\xff\x0f" + bytes(100),
    "a number without end": lambda: b"\xff" * 1000,
    "two graphs": lambda: graph() + graph(),
}  # fmt: skip
