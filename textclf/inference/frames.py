"""Predict a table of any library: the same table, with the predictions as further columns."""

from typing import Any

import numpy as np
import pyarrow as pa

from textclf.core.errors import DataError, TextTypeError, named
from textclf.core.tables import column_names, own_names, with_columns
from textclf.core.text_column import text_array
from textclf.inference.classifier import Classifier
from textclf.inference.predict import PROBABILITY, of_labels

PREDICTED, CONFIDENCE = "predicted", "probability"
ONE = {PREDICTED: pa.string()}  # types of the columns
SEVERAL = {PREDICTED: pa.list_(pa.string()), CONFIDENCE: pa.list_(pa.float64())}  # of a multi-label classifier


def predict_frame(
    classifier: Classifier,
    table: Any,
    text: str | None = None,
    *,
    threshold: float | None = None,
    probabilities: bool = False,
) -> Any:
    """Return a table with the columns `predicted` and `probability`, see `Classifier.predict_frame`."""
    named_column = text or classifier.metadata["text_column"]
    columns = [named_column] if isinstance(named_column, str) else named_column
    found = column_names(table)
    if found is None:
        raise TextTypeError(f"expected a table, got {type(table).__name__}. For a column of texts call predict.")
    for column in columns:
        if column not in found:
            raise DataError(f"expected a column '{column}', got {named(found) or 'none'}. Name it: text='…'.")
    rows = classifier.predict_proba(_texts(classifier, [table[name] for name in own_names(table, columns)]))
    added = _columns(classifier, rows, threshold)
    if probabilities:
        added |= {f"{PROBABILITY}{label}": rows[:, place] for place, label in enumerate(classifier.labels)}
    taken = [name for name in added if name in found]
    if taken:
        raise DataError(f"the table has a column '{taken[0]}' already. Rename it, or leave it out.")
    return with_columns(table, added, SEVERAL if classifier.targets.multilabel else ONE)


def _texts(classifier: Classifier, columns: list[Any]) -> Any:
    """Return a column of texts; of several the texts of each row, joined as in training."""
    if len(columns) == 1:
        return columns[0]
    rows = zip(*(text_array(column).to_pylist() for column in columns), strict=True)
    return [classifier.reading.text_separator.join(filter(None, row)) for row in rows]


def _columns(classifier: Classifier, rows: np.ndarray, threshold: float | None) -> dict[str, Any]:
    """Return the label of each text and its probability, the highest where the classifier abstains; or the lists."""
    decoded = classifier.decode(rows, threshold)
    values = of_labels(rows, decoded, classifier.targets)
    if classifier.targets.multilabel:
        return {PREDICTED: [list(labels) for labels in decoded], CONFIDENCE: values}
    labels = [next(iter(found), None) for found in decoded]
    return {PREDICTED: labels, CONFIDENCE: np.array(values, rows.dtype).reshape(len(rows))}
