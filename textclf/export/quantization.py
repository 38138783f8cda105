"""Store the tables and weights of a graph in fewer bits, with standard operators only.

A table gets one scale a row, and each value a code of 8 or 4 bits, so that a row means the same in every batch. The
nodes that read the table give back float32, and everything behind them computes as before. `onnxruntime.quantization`
scales activations by what else is in the batch: a text alone and in a batch got different probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

PRECISIONS = ("float32", "float16", "int8", "int4")
CHUNK_VALUES = 2**20  # converted at once: a bound on memory
KERNEL_GROUP = 32  # values of a weight that share a scale
FEWEST_VALUES = 65  # of a weight that is stored in fewer bits: a smaller one saves nothing
SAMPLE = 200_000  # values that levels are fitted to
LLOYD_STEPS = 20
LARGEST_FLOAT16 = float(np.finfo(np.float16).max)
FLOAT, FLOAT16, INT32 = 1, 10, 6  # onnx.TensorProto.DataType


class QuantizedRows(NamedTuple):
    """A table in fewer bits. A value is `scale of its row * value of its code`."""

    codes: np.ndarray  # int8 (rows, columns); with `values` uint8 (rows, bytes)
    scales: np.ndarray | None  # float16 (rows, 1); none for a table of one column
    values: np.ndarray | None  # float32 (256, n): the n values that each byte stands for; none where a code is a value
    columns: int


def quantize_rows(table: np.ndarray, precision: str) -> QuantizedRows:
    """Return a table in fewer bits.

    With `int8` a code is a whole number from -127 to 127. With `int4` a byte holds two codes for 16 values that are
    fitted to the table (Lloyd's algorithm). A table of one column has 256 such values and no scales with both: a
    scale for each row would be larger than the row.

    Args:
        table: float32 (rows, columns), finite.
        precision: `int8` or `int4`.
    """
    columns = table.shape[1]
    if columns == 1:
        values = _spread_levels(table.ravel(), np.ones(len(table)), 256)
        codes = _nearest(table, values).astype(np.uint8)
        return QuantizedRows(codes, None, values.astype(np.float32)[:, None], columns)
    scales = _scales_up(np.abs(table).max(axis=1, keepdims=True, initial=0))
    if precision == "int8":
        scales = _scales_up(scales.astype(np.float32) / 127)
        parts = [np.rint(_scaled(table[rows], scales[rows])).astype(np.int8) for rows in _chunks(table)]
        return QuantizedRows(np.concatenate(parts), scales, None, columns)
    sample = np.random.default_rng(0).permutation(len(table))[: max(SAMPLE // columns, 1)]
    weights = np.repeat(scales[sample].astype(np.float64) ** 2, columns)  # an error counts as in the table itself
    levels = _fit_levels(_scaled(table[sample], scales[sample]).ravel(), weights, 16)
    parts = [_nearest(_scaled(table[rows], scales[rows]), levels) for rows in _chunks(table)]
    codes = np.concatenate(parts)
    codes = np.pad(codes, ((0, 0), (0, columns % 2)))
    pairs = np.stack([np.repeat(levels, 16), np.tile(levels, 16)], axis=1).astype(np.float32)
    return QuantizedRows(codes[:, ::2] << 4 | codes[:, 1::2], scales, pairs, columns)


def dequantize_rows(rows: QuantizedRows) -> np.ndarray:
    """Return the float32 table that the nodes of a graph read, (rows, columns)."""
    if rows.values is None:
        table = rows.codes.astype(np.float32)
    else:
        table = rows.values[rows.codes].reshape(len(rows.codes), -1)[:, : rows.columns]
    return table if rows.scales is None else table * rows.scales.astype(np.float32)


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
    if table.values is not None:
        arrays |= {f"{name}_values": table.values, f"{name}_shape": np.array([0, 0, -1])}
        if table.codes.shape[1] * table.values.shape[1] > table.columns:
            arrays |= {f"{name}_start": np.array([0]), f"{name}_columns": np.array([table.columns])}
            arrays[f"{name}_axis"] = np.array([2])
    if table.scales is not None:
        arrays[f"{name}_scales"] = table.scales
    return arrays


def _nodes_of_rows(name: str, table: QuantizedRows | np.ndarray, ids: str, output: str) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that make float32 rows of a table. All of them work row by row."""
    from onnx import helper

    if isinstance(table, np.ndarray):
        yield helper.make_node("Gather", [f"{name}_float16", ids], [f"{output}_rows"])
        yield helper.make_node("Cast", [f"{output}_rows"], [output], to=FLOAT)
        return
    unscaled = output if table.scales is None else f"{output}_unscaled"
    yield helper.make_node("Gather", [f"{name}_codes", ids], [f"{output}_codes"])
    if table.values is None:
        yield helper.make_node("Cast", [f"{output}_codes"], [unscaled], to=FLOAT)
    else:
        is_padded = table.codes.shape[1] * table.values.shape[1] > table.columns
        whole = f"{output}_padded" if is_padded else unscaled
        yield helper.make_node("Cast", [f"{output}_codes"], [f"{output}_bytes"], to=INT32)
        yield helper.make_node("Gather", [f"{name}_values", f"{output}_bytes"], [f"{output}_values"])
        yield helper.make_node("Reshape", [f"{output}_values", f"{name}_shape"], [whole])
        if is_padded:
            bounds = [f"{name}_start", f"{name}_columns", f"{name}_axis"]
            yield helper.make_node("Slice", [whole, *bounds], [unscaled])
    if table.scales is not None:
        yield helper.make_node("Gather", [f"{name}_scales", ids], [f"{output}_halves"])
        yield helper.make_node("Cast", [f"{output}_halves"], [f"{output}_scales"], to=FLOAT)
        yield helper.make_node("Mul", [unscaled, f"{output}_scales"], [output])


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
    rows = quantize_rows(kernel.reshape(-1, ends[axes - 1]), "int8")
    assert rows.scales is not None
    return rows.codes.reshape(kernel.shape), rows.scales.reshape(*kernel.shape[:-axes], *[1] * axes)


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


def _scales_up(scales: np.ndarray) -> np.ndarray:
    """Return scales as float16, none smaller than it was: so no code leaves its range."""
    rounded = scales.astype(np.float16)
    return np.where(rounded.astype(np.float32) < scales, np.nextafter(rounded, np.float16(np.inf)), rounded)


def _scaled(table: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the rows divided by their scales; a row of zeros has the scale 0 and stays."""
    divisors = scales.astype(np.float32)
    return table / np.where(divisors == 0, np.float32(1), divisors)


def _chunks(table: np.ndarray) -> Iterator[slice]:
    rows = max(CHUNK_VALUES // table.shape[1], 1)
    for start in range(0, max(len(table), 1), rows):
        yield slice(start, start + rows)


def _nearest(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the number of the nearest level of each value, uint8; the levels ascend."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values).astype(np.uint8)


def _spread_levels(values: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return ascending levels, closer where there are more values, float64 (count,).

    The cube root of the density has the least squared error (Panter and Dite 1951). A fifth of the levels is spread
    evenly, so that the few largest values keep theirs: they decide the texts that have them.
    """
    density, edges = np.histogram(values, bins=4096, weights=weights)
    shares = np.cbrt(density)
    shares = np.concatenate([[0], np.cumsum(shares + shares.mean() / 4)])
    return np.interp((np.arange(count) + 0.5) / count * shares[-1], shares, edges)


def _fit_levels(values: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return ascending levels with the least squared error (Lloyd 1982), float64 (count,)."""
    levels = _spread_levels(values, weights, count)
    order = np.argsort(values, kind="stable")
    values, weights = values[order].astype(np.float64), weights[order]
    sums = np.concatenate([[0], np.cumsum(values * weights)])
    totals = np.concatenate([[0], np.cumsum(weights)])
    for _ in range(LLOYD_STEPS):
        borders = np.searchsorted(values, (levels[1:] + levels[:-1]) / 2)
        borders = np.concatenate([[0], borders, [len(values)]])
        amount, total = np.diff(totals[borders]), np.diff(sums[borders])
        levels = np.where(amount > 0, total / np.where(amount > 0, amount, 1), levels)
    return np.sort(levels)
