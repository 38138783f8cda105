"""The predictions of a run on its evaluation texts, read from `predictions.csv`."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.data.targets import Targets
from textclf.inference.classifier import Classifier

MOST_ROWS = 100_000  # a report should take seconds; the accuracy of so many random rows is that of all ± 0.003
BLOCK_BYTES = 2**26  # a line has to fit into it


class Predictions(NamedTuple):
    """Texts with their true labels, predicted labels and probabilities."""

    split: str
    rows: np.ndarray  # row numbers in the file of the split, counted from 1
    texts: list[str]
    truth: np.ndarray  # class indices (texts,); of a multi-label classifier bool (texts, labels)
    predicted: np.ndarray  # the same
    probabilities: np.ndarray  # float64 (texts, labels)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def correct(self) -> np.ndarray:
        """Return whether each text has exactly the right labels, bool (texts,)."""
        return (self.truth == self.predicted).reshape(len(self), -1).all(axis=1)

    @property
    def one_hot_truth(self) -> np.ndarray:
        """Return whether each text has each label, bool (texts, labels)."""
        return self.truth if self.truth.ndim == 2 else self.truth[:, None] == np.arange(self.probabilities.shape[1])

    @property
    def one_hot_predicted(self) -> np.ndarray:
        """Return whether each label is predicted for each text, bool (texts, labels)."""
        if self.predicted.ndim == 2:
            return self.predicted
        return self.predicted[:, None] == np.arange(self.probabilities.shape[1])

    def has_label(self, index: int) -> np.ndarray:
        """Return whether each text has one label, bool (texts,)."""
        return _has_class(self.truth, index)

    def is_predicted(self, index: int) -> np.ndarray:
        """Return whether one label is predicted for each text, bool (texts,)."""
        return _has_class(self.predicted, index)

    @property
    def error(self) -> np.ndarray:
        """Return 1 minus the probability of the true label, (texts,); the largest such error of a multi-label text."""
        if self.truth.ndim == 1:
            return 1 - self.probabilities[np.arange(len(self)), self.truth]
        return np.abs(self.truth - self.probabilities).max(axis=1)


def _has_class(classes: np.ndarray, index: int) -> np.ndarray:
    return classes[:, index] if classes.ndim == 2 else classes == index


def read_predictions(run: RunFolder, classifier: Classifier, most_rows: int | None = MOST_ROWS) -> Predictions:
    """Read the predictions for the last split of a run: test, or validation if it has no test; or for all folds.

    Args:
        classifier: that of the run.
        most_rows: how many rows to keep; `None` for all. They are chosen at random, and are the same in each file of
            as many rows: files may be sorted by label, or have the labels in turns.

    Raises:
        RunError: the file is missing or damaged.
    """
    targets, path = classifier.targets, run.inside(run.predictions)
    names = [f"probability_{label}" for label in targets.labels]
    table = _read_table(path, names, most_rows)
    probabilities = np.column_stack([table[name].to_numpy() for name in names])
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise RunError(f"{path}: damaged: the probabilities are not all between 0 and 1. Train again.")
    split = next((name for name in ("test", "validation") if name in run.read_metrics()), "test")
    rows = table["row"].to_numpy()
    texts, truth = table["text"].to_pylist(), _classes(table, "label", targets, path)
    return Predictions(split, rows, texts, truth, _predicted(table, probabilities, classifier, path), probabilities)


def _predicted(table: pa.Table, probabilities: np.ndarray, classifier: Classifier, path: Path) -> np.ndarray:
    """Return the predicted classes. A probability of six digits can be on the other side of a threshold."""
    if classifier.targets.multilabel:
        return _classes(table, "predicted", classifier.targets, path)
    classes = classifier.decision.classes(probabilities, classifier.targets).astype(np.int64)
    named = np.flatnonzero([field != "" for field in table["predicted"].to_pylist()])  # where it does not abstain
    classes[named] = _classes(table.select(["row", "predicted"]).take(named), "predicted", classifier.targets, path)
    return classes


def _classes(table: pa.Table, column: str, targets: Targets, path: Path) -> np.ndarray:
    """Return the classes of a column of labels, as in `Predictions`."""
    fields = table[column].to_pylist()
    if targets.multilabel:
        labels = [tuple(field.split(targets.separator)) if field else () for field in fields]
    else:
        labels = [(field,) for field in fields]
    try:
        classes = targets.encode(labels, rows=table["row"].to_numpy(), name=column)
    except DataError as error:
        raise RunError(f"{path}: damaged: {str(error).partition('. ')[0]}. Train again.") from None
    return classes.astype(bool if targets.multilabel else np.int64)


def _read_table(path: Path, probabilities: list[str], most_rows: int | None) -> pa.Table:
    types = {"row": pa.int64(), "text": pa.large_string(), "label": pa.string(), "predicted": pa.string()}
    types |= dict.fromkeys(probabilities, pa.float64())
    try:
        reader = csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=min(BLOCK_BYTES, max(path.stat().st_size, 1024) + 1)),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types), null_values=[]),
        )
        table = reader.read_all() if most_rows is None else _sample(reader, reader.schema, most_rows)
    except FileNotFoundError:
        raise RunError(
            f"{path}: expected the predictions of the run, but there is no such file. Train again."
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}: damaged: {str(error)[:200]}. Train again.") from None
    if not len(table):
        raise RunError(f"{path}: expected predictions, got a file without rows. Train again.")
    return table


def _sample(batches: Iterable[pa.RecordBatch], schema: pa.Schema, most_rows: int) -> pa.Table:
    """Return at most so many rows of all batches, chosen at random, in their order."""
    table, keys, random = schema.empty_table(), np.empty(0), np.random.default_rng(0)
    for batch in batches:
        table = pa.concat_tables([table, pa.Table.from_batches([batch])])
        keys = np.append(keys, random.random(len(batch)))
        if len(keys) > most_rows:
            kept = np.sort(np.argpartition(keys, most_rows)[:most_rows])  # those with the lowest keys
            table, keys = table.take(kept), keys[kept]
    return table
