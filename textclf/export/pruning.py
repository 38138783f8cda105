"""Leave out n-grams, for a classifier of a wanted size: those that change the logits of training texts least."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textclf.core.errors import RunError
from textclf.preprocessing.vocabulary import FIRST_ID

if TYPE_CHECKING:
    import onnx
    import pyarrow as pa

    from textclf.preprocessing.preprocessor import Preprocessor

SCALED_TEXTS = 2_000  # that the new weights of n-grams are compared on
ROUNDS = 6  # of finding the number of n-grams
MARGIN = 0.99  # of the wanted size: sizes are not quite proportional to the number
Parts = tuple["onnx.ModelProto", "Preprocessor"]


class Pruned(NamedTuple):
    """A classifier with fewer n-grams."""

    model: onnx.ModelProto
    preprocessor: Preprocessor
    kept: int
    total: int


def prune_to_size(
    model: onnx.ModelProto,
    preprocessor: Preprocessor,
    texts: pa.LargeStringArray,
    size_of: Callable[[onnx.ModelProto, Preprocessor], int],
    most_bytes: int,
) -> Pruned:
    """Return the classifier with as many n-grams as fit into a size; all of them if they do.

    Args:
        model: float32.
        preprocessor: makes its inputs.
        texts: without labels; they show how much larger the weights of the remaining n-grams of a text become.
        size_of: returns the bytes that a model and a preprocessor will take.
        most_bytes: of the classifier.

    Raises:
        RunError: it is larger without any n-gram.
    """
    total = len(preprocessor.ngrams.buckets) if preprocessor.ngrams else 0
    whole, made = size_of(model, preprocessor), Pruned(model, preprocessor, total, total)
    if whole <= most_bytes:
        return made
    importance = _importance(model, preprocessor) if total else np.empty(0)
    kept, size = 0, 0
    least = size_of(*prune(model, preprocessor, importance, 1, texts)) if total else whole
    if least > most_bytes:
        raise RunError(
            f"--size {most_bytes / 1e6:g}: the smallest possible size of this classifier is {least / 1e6:.3g} MB. "
            "Choose a larger size, or train a smaller network."
        )
    lower, upper = (1, least), (total, whole)  # number of n-grams, and size
    for _ in range(ROUNDS):
        share = (most_bytes * MARGIN - lower[1]) / max(upper[1] - lower[1], 1)
        kept = min(max(int(lower[0] + share * (upper[0] - lower[0])), lower[0]), upper[0] - 1)
        candidate = prune(model, preprocessor, importance, kept, texts)
        size = size_of(*candidate)
        if size > most_bytes:
            upper = (kept, size)
            continue
        lower, made = (kept, size), Pruned(*candidate, kept, total)
        if size > 0.97 * most_bytes:
            break
    return made if made.kept < total else Pruned(*prune(model, preprocessor, importance, 1, texts), 1, total)


def prune(
    model: onnx.ModelProto, preprocessor: Preprocessor, importance: np.ndarray, count: int, texts: pa.LargeStringArray
) -> Parts:
    """Return model and preprocessor with only the `count` most important n-grams.

    The weights of a text's n-grams have length 1. With fewer of them each is larger, so the table is made smaller by
    the mean of the old weights divided by the new ones: without that, twice as many predictions change.

    Args:
        importance: of each n-gram, by its place.
    """
    from onnx import ModelProto, numpy_helper

    assert preprocessor.ngrams is not None
    places = np.sort(np.argsort(-importance, kind="stable")[:count])
    smaller = copy.copy(preprocessor)
    smaller.ngrams = preprocessor.ngrams.keep(places)
    made = ModelProto()
    made.CopyFrom(model)
    rows = np.append(np.arange(FIRST_ID), FIRST_ID + places)
    names, factor = _table_names(model), _shrinkage(preprocessor, smaller, places, texts)
    for weight in made.graph.initializer:
        if weight.name in names:
            table = numpy_helper.to_array(weight)[rows] * factor
            weight.CopyFrom(numpy_helper.from_array(table.astype(np.float32), weight.name))
    return made, smaller


def _importance(model: onnx.ModelProto, preprocessor: Preprocessor) -> np.ndarray:
    """Return the root mean square of what each n-gram adds to the logits of a training text, (n-grams,)."""
    from onnx import numpy_helper

    assert preprocessor.ngrams is not None
    squares = np.zeros(len(preprocessor.ngrams.buckets))
    names = _table_names(model)
    for weight in model.graph.initializer:
        if weight.name in names:
            squares += (numpy_helper.to_array(weight)[FIRST_ID:].astype(np.float64) ** 2).sum(axis=1)
    return np.sqrt(squares * preprocessor.ngrams.frequencies) * preprocessor.ngrams.inverse_frequencies[FIRST_ID:]


def _table_names(model: onnx.ModelProto) -> set[str]:
    """Return the names of the tables that n-gram ids look up."""
    return {node.input[0] for node in model.graph.node if node.op_type == "Gather" and node.input[1] == "ngram_ids"}


def _shrinkage(before: Preprocessor, after: Preprocessor, places: np.ndarray, texts: pa.LargeStringArray) -> np.float32:
    """Return the mean, over n-grams that stay, of their weight before divided by their weight after."""
    assert before.ngrams is not None
    assert after.ngrams is not None
    texts = texts.slice(0, SCALED_TEXTS)
    stays = np.zeros(before.num_ngrams, bool)
    stays[FIRST_ID + places] = True
    old, new = before.ngrams.encode(texts), after.ngrams.encode(texts)
    weights = old["ngram_weights"].values[stays[old["ngram_ids"].values]]
    others = new["ngram_weights"].values[new["ngram_ids"].values >= FIRST_ID]
    if len(weights) != len(others) or not len(weights):  # texts with more n-grams than are read
        return np.float32(1)
    return np.float32((weights / others).mean())
