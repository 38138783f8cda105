"""Store the tables and weights of a graph in fewer bits, with standard operators only.

A table gets one scale a row, and each value a code of 8 or 4 bits (`quantized_rows.py`), so that a row means the same
in every batch. The nodes that read the table give back float32, and everything behind them computes as before.
`onnxruntime.quantization` scales activations by what else is in the batch: a text alone and in a batch got different
probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from textclf.export.quantized_rows import QuantizedRows, quantize_rows, scales_up, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

PRECISIONS = ("float32", "float16", "int8", "int4")
KERNEL_GROUP = 32  # values of a weight that share a scale
FEWEST_VALUES = 65  # of a weight that is stored in fewer bits: a smaller one saves nothing
LARGEST_FLOAT16 = float(np.finfo(np.float16).max)
FLOAT, FLOAT16, INT32 = 1, 10, 6  # onnx.TensorProto.DataType


def quantize(model: onnx.ModelProto, precision: str) -> onnx.ModelProto:
    """Return a graph whose tables have a lower precision, and whose other weights are float16 or int8.

    Args:
        model: of `export.onnx`; it stays as it is.
        precision: one of `PRECISIONS`.
    """
    from onnx import ModelProto, checker

    made = ModelProto()
    made.CopyFrom(model)
    if precision == "float32":
        return made
    for name, array in _tables(made).items():
        rows = _small_enough(array) if precision == "float16" else quantize_rows(array, precision)
        if rows is not None:
            _replace_table(made.graph, name, rows)
    _shrink_weights(made.graph, precision)
    checker.check_model(made, full_check=True)
    return made


def _tables(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Return the tables of rows that ids (batch, entries) choose, by name."""
    from onnx import numpy_helper, shape_inference

    types = shape_inference.infer_shapes(model).graph
    ranks = {
        info.name: len(info.type.tensor_type.shape.dim)
        for info in [*types.input, *types.value_info]
        if info.type.tensor_type.HasField("shape")
    }
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = {}
    for weight in model.graph.initializer:
        nodes = readers.get(weight.name, [])
        looks_up = (
            node.op_type == "Gather" and node.input[0] == weight.name and ranks.get(node.input[1]) == 2
            for node in nodes
        )
        if weight.data_type == FLOAT and len(weight.dims) == 2 and nodes and all(looks_up):
            found[weight.name] = numpy_helper.to_array(weight)
    return found


def _replace_table(graph: onnx.GraphProto, name: str, table: QuantizedRows | np.ndarray) -> None:
    """Put the table into the graph in place of the one of this name, and the nodes that read it."""
    nodes = [node for node in graph.node if node.op_type == "Gather" and node.input[0] == name]
    _remove(graph.initializer, name)
    for node in nodes:
        place = list(graph.node).index(node)
        ids, output = node.input[1], node.output[0]
        graph.node.remove(node)
        new = [*_nodes_of_rows(name, table, ids, output)]
        for offset, added in enumerate(new):
            graph.node.insert(place + offset, added)
    for part, array in _arrays(name, table).items():
        _add_weight(graph, part, array)


def _arrays(name: str, table: QuantizedRows | np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights of a table by their names in the graph."""
    if isinstance(table, np.ndarray):
        return {f"{name}_float16": table}
    arrays = {f"{name}_codes": table.codes}
    if table.values is not None or table.scales is not None:
        arrays[f"{name}_shape"] = np.array([0, 0, -1])
    if table.values is not None:
        arrays[f"{name}_values"] = table.values
    if table.scales is not None and table.scale_values is not None:
        arrays |= {f"{name}_scales": table.scales, f"{name}_scale_values": table.scale_values}
    if _is_padded(table):
        arrays |= {f"{name}_start": np.array([0]), f"{name}_columns": np.array([table.columns])}
        arrays[f"{name}_axis"] = np.array([2])
    return arrays


def _is_padded(table: QuantizedRows) -> bool:
    """Return whether the bytes of a row have more values than the row."""
    return table.values is not None and table.codes.shape[1] * table.values.shape[1] > table.columns


def _nodes_of_rows(name: str, table: QuantizedRows | np.ndarray, ids: str, output: str) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that make float32 rows of a table. All of them work row by row."""
    from onnx import helper

    if isinstance(table, np.ndarray):
        yield helper.make_node("Gather", [f"{name}_float16", ids], [f"{output}_rows"])
        yield helper.make_node("Cast", [f"{output}_rows"], [output], to=FLOAT)
        return
    unscaled = output if table.scales is None else f"{output}_unscaled"
    if table.values is None:
        yield helper.make_node("Gather", [f"{name}_codes", ids], [f"{output}_codes"])
        yield helper.make_node("Cast", [f"{output}_codes"], [unscaled], to=FLOAT)
    elif _is_padded(table):
        yield from _nodes_of_codes(name, ("codes", "values"), ids, f"{output}_padded")
        bounds = [f"{name}_{part}" for part in ("start", "columns", "axis")]
        yield helper.make_node("Slice", [f"{output}_padded", *bounds], [unscaled])
    else:
        yield from _nodes_of_codes(name, ("codes", "values"), ids, unscaled)
    if table.scales is not None:
        yield from _nodes_of_codes(name, ("scales", "scale_values"), ids, f"{output}_scales")
        yield helper.make_node("Mul", [unscaled, f"{output}_scales"], [output])


def _nodes_of_codes(name: str, parts: tuple[str, str], ids: str, output: str) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that look up the values of the codes of each id.

    Args:
        name: of the table.
        parts: the names of its codes and of the values of each code.
    """
    from onnx import helper

    codes, values = (f"{name}_{part}" for part in parts)
    yield helper.make_node("Gather", [codes, ids], [f"{output}_codes"])
    yield helper.make_node("Cast", [f"{output}_codes"], [f"{output}_bytes"], to=INT32)
    yield helper.make_node("Gather", [values, f"{output}_bytes"], [f"{output}_values"])
    yield helper.make_node("Reshape", [f"{output}_values", f"{name}_shape"], [output])


def _shrink_weights(graph: onnx.GraphProto, precision: str) -> None:
    """Store every other weight of float32 in fewer bits, and make it float32 again where the graph begins."""
    from onnx import helper, numpy_helper

    for weight in list(graph.initializer):
        if weight.data_type != FLOAT or np.prod(weight.dims) < FEWEST_VALUES or weight.name.endswith("_values"):
            continue
        array, name = numpy_helper.to_array(weight), weight.name
        small = _small_enough(array)
        if small is None:
            continue
        _remove(graph.initializer, name)
        if precision == "float16" or array.ndim < 2:
            _add_weight(graph, f"{name}_float16", small)
            nodes = [helper.make_node("Cast", [f"{name}_float16"], [name], to=FLOAT)]
        else:
            codes, scales = _kernel_codes(array)
            parts = {"codes": codes, "scales": scales}
            for part, values in parts.items():
                _add_weight(graph, f"{name}_{part}", values)
            nodes = [helper.make_node("Cast", [f"{name}_{part}"], [f"{name}_{part}_float"], to=FLOAT) for part in parts]
            nodes.append(helper.make_node("Mul", [node.output[0] for node in nodes], [name]))
        for place, node in enumerate(nodes):
            graph.node.insert(place, node)


def _kernel_codes(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a weight as int8 with a scale, float16, for each group of at least `KERNEL_GROUP` values.

    A group is the end of the weight; in a matrix also a column, if that is nearer. In encoders both occur: features
    with large values lie in rows of one matrix, and in columns of the next.
    """
    codes, scales = _codes_of_ends(kernel)
    if kernel.ndim == 2 and len(kernel) >= KERNEL_GROUP:
        by_column, column_scales = (part.T for part in _codes_of_ends(kernel.T))
        if _error(kernel, by_column, column_scales) < _error(kernel, codes, scales):
            return by_column, column_scales
    return codes, scales


def _codes_of_ends(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = [int(np.prod(kernel.shape[-axes:])) for axes in range(1, kernel.ndim + 1)]
    axes = next((axes for axes, size in enumerate(ends, start=1) if size >= KERNEL_GROUP), kernel.ndim)
    rows = kernel.reshape(-1, ends[axes - 1])
    scales = scales_up(scales_up(np.abs(rows).max(axis=1, keepdims=True, initial=0)).astype(np.float32) / 127)
    codes = whole_numbers(rows, scales)
    return codes.reshape(kernel.shape), scales.reshape(*kernel.shape[:-axes], *[1] * axes)


def _error(kernel: np.ndarray, codes: np.ndarray, scales: np.ndarray) -> float:
    """Return the sum of squared errors."""
    return float(((codes * scales.astype(np.float32) - kernel) ** 2).sum())


def _small_enough(array: np.ndarray) -> np.ndarray | None:
    """Return an array as float16, or None if one of its values is too large."""
    return array.astype(np.float16) if np.abs(array).max(initial=0) <= LARGEST_FLOAT16 else None


def _remove(weights, name: str) -> None:
    weights.remove(next(weight for weight in weights if weight.name == name))


def _add_weight(graph: onnx.GraphProto, name: str, array: np.ndarray) -> None:
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
