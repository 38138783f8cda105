"""Predict a table of any library: the same table, with the predictions as further columns."""

from typing import Any

import numpy as np

from textclf.core.errors import DataError, TextTypeError, named
from textclf.core.tables import column_names, with_columns
from textclf.inference.classifier import Classifier
from textclf.inference.predict import PROBABILITY, of_labels

PREDICTED, CONFIDENCE = "predicted", "probability"


def predict_frame(
    classifier: Classifier,
    table: Any,
    text: str | None = None,
    *,
    threshold: float | None = None,
    probabilities: bool = False,
) -> Any:
    """Return a table with the columns `predicted` and `probability`, see `Classifier.predict_frame`."""
    column = text or classifier.metadata["text_column"]
    found = column_names(table)
    if found is None:
        raise TextTypeError(f"expected a table, got {type(table).__name__}. For a column of texts call predict.")
    if column not in found:
        raise DataError(f"expected a column '{column}', got {named(found) or 'none'}. Name it: text='…'.")
    rows = classifier.predict_proba(table[column])
    added = _columns(classifier, rows, threshold)
    if probabilities:
        added |= {f"{PROBABILITY}{label}": rows[:, place] for place, label in enumerate(classifier.labels)}
    taken = [name for name in added if name in found]
    if taken:
        raise DataError(f"the table has a column '{taken[0]}' already. Rename it, or leave it out.")
    return with_columns(table, added)


def _columns(classifier: Classifier, rows: np.ndarray, threshold: float | None) -> dict[str, Any]:
    """Return the label of each text and its probability, the highest where the classifier abstains; or the lists."""
    decoded = classifier.decode(rows, threshold)
    values = of_labels(rows, decoded, classifier.targets)
    if classifier.targets.multilabel:
        return {PREDICTED: [list(labels) for labels in decoded], CONFIDENCE: values}
    labels = [next(iter(found), None) for found in decoded]
    return {PREDICTED: labels, CONFIDENCE: np.array(values, rows.dtype).reshape(len(rows))}
