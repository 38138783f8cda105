"""Lookup tables: a faster graph for many texts. Other packages use `add_lookup_tables` and `expand_weights`.

An LSTM multiplies the embedding of each token by its input kernel, a convolution by its filters. The product depends
on the token id alone, so a table with one row per id replaces it: half of the products of an LSTM, all of a
convolution.

Contract: the new graph has the inputs of the old one and the tables as further inputs. Its probabilities differ by
rounding, about 1e-7. Tables take at most `MOST_TABLE_BYTES`. A graph of another shape than `export` writes gives None,
and is then run as it is. The tables are never saved: they would make the model file many times as large.

The tables of an exported classifier may be compressed: `expansion` gives back their float32 first.

Measured on 2 cores, files against the graph without tables (docs/experiments.md, "lookup tables made in memory"):
1.1 to 1.4 times as fast with an LSTM, 1.5 to 2.4 times with a convolution. Making tables and session takes 0.03 to
0.1 s, which pays after about eight tokens per id (`engine.TOKENS_PER_ID`).
"""

import logging
from typing import NamedTuple

import numpy as np

from textclf.inference.onnx.lookup_tables import convolution, lstm
from textclf.inference.onnx.lookup_tables.expansion import expand
from textclf.inference.onnx.lookup_tables.patterns import GraphIndex, Match
from textclf.inference.onnx.lookup_tables.protobuf_writer import make_field, make_table_input, make_tensor
from textclf.inference.onnx.protobuf import BYTES, Field, Node, read_fields, read_node, tensor_name

log = logging.getLogger(__name__)

OPSET = 17  # of `export`; an operator of another opset may have other attributes
MOST_TABLE_BYTES = 2**27
PATTERNS = {"LSTM": lstm, "Conv": convolution}  # operator -> the module that finds and replaces it


class LookupGraph(NamedTuple):
    """A graph with lookup tables."""

    model: bytes
    tables: dict[str, np.ndarray]  # further inputs of every run, float32 (ids, columns)


def expand_weights(model: bytes) -> bytes:
    """Return a graph whose compressed weights have float32, but not its tables: else every run would cast them.

    Args:
        model: as for `add_lookup_tables`. One that `export` has not made is returned as it is.
    """
    try:
        graph = add_lookup_tables(model, products=False, expand_tables=False)
    except (ValueError, LookupError, MemoryError) as error:
        log.debug("weights stay compressed: %s", error)
        return model
    return model if graph is None else graph.model


def add_lookup_tables(model: bytes, *, products: bool = True, expand_tables: bool = True) -> LookupGraph | None:
    """Return a graph with the same probabilities that reads lookup tables; None if nothing can be replaced.

    Compressed weights are expanded to float32 in any case.

    Args:
        model: a serialized graph that `verify.check_graph` has accepted.
        products: replace products by tables.
        expand_tables: expand compressed tables, too.

    Raises:
        ValueError, LookupError, MemoryError: a graph unlike those of `export`, or too little memory.
    """
    fields = list(read_fields(memoryview(model)))
    [graph] = [list(read_fields(field.value)) for field in fields if field.number == 7]
    opsets = [part for field in fields if field.number == 8 for part in read_fields(field.value)]
    if [part.value for part in opsets if part.number == 2] != [OPSET]:
        return None
    weights = {tensor_name(field.value): field.value for field in graph if field.number == 5}
    nodes = [read_node(field.value) for field in graph if field.number == 1]
    nodes, tables, new_weights = expand(nodes, weights, tables=expand_tables)
    producers = {name: node for node in nodes for name in node.outputs}
    matches = _find_matches(nodes, GraphIndex(producers, weights, tables | new_weights)) if products else {}
    if not matches and not tables and not new_weights:
        return None
    needed = _needed_nodes(nodes, matches, graph)
    read = {name for node in needed if node.outputs[-1] not in matches for name in node.inputs}
    made = {name: match.replace() for name, match in matches.items()}
    tables = {name: values for name, values in tables.items() if name in read}
    new_weights = {name: values for name, values in new_weights.items() if name in read}
    for one in made.values():
        new_weights |= one.weights
        tables |= one.tables
    messages = [made[node.outputs[-1]].nodes if node.outputs[-1] in made else [node.message] for node in needed]
    content = [
        *(make_field(1, message) for of_node in messages for message in of_node),
        *(make_field(5, weights[name]) for name in weights if name in read),
        *(make_field(5, make_tensor(name, values)) for name, values in new_weights.items()),
        *(make_field(11, make_table_input(name, table)) for name, table in tables.items()),
        *(make_field(field.number, field.value) for field in graph if field.number in (2, 11, 12)),
    ]
    rest = [make_field(field.number, field.value) for field in fields if field.number != 7]
    return LookupGraph(b"".join([*rest, make_field(7, b"".join(content))]), tables)


def _find_matches(nodes: list[Node], graph: GraphIndex) -> dict[str, Match]:
    """Return the replaceable nodes by the name of their last output, as many as `MOST_TABLE_BYTES` allows."""
    matches, room = {}, MOST_TABLE_BYTES
    for node in nodes:
        match = PATTERNS[node.operator].find(node, graph) if node.operator in PATTERNS else None
        if match and match.table_bytes <= room:
            matches[node.outputs[-1]] = match
            room -= match.table_bytes
    return matches


def _needed_nodes(nodes: list[Node], matches: dict[str, Match], graph: list[Field]) -> list[Node]:
    """Return the nodes in graph order, without those whose only readers are replaced."""
    outputs = (part for field in graph if field.number == 12 for part in read_fields(field.value))
    read = {str(part.value, "utf-8") for part in outputs if (part.number, part.wire) == (1, BYTES)}
    needed = []
    for node in reversed(nodes):
        if read.intersection(node.outputs):
            match = matches.get(node.outputs[-1])
            read.update(match.reads if match else node.inputs)
            needed.append(node)
    return needed[::-1]
