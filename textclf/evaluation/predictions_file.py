"""The predictions of a run on its evaluation texts, read from `predictions.csv`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.inference.classifier import Classifier

MOST_ROWS = 100_000  # more rows change no metric in its third digit, and a report should take seconds
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
        most_rows: how many rows to read from the beginning; `None` for all.

    Raises:
        RunError: the file is missing or damaged.
    """
    targets, path = classifier.targets, run.inside(run.predictions)
    names = [f"probability_{label}" for label in targets.labels]
    table = _read_table(path, names, most_rows)
    probabilities = np.column_stack([table[name].to_numpy() for name in names])
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise RunError(f"{path}: damaged: the probabilities are not all between 0 and 1. Evaluate the run again.")
    split = next((name for name in ("test", "validation") if name in run.read_metrics()), "test")
    fields = [(field,) if field else () for field in table["label"].to_pylist()]
    if targets.multilabel:
        fields = [tuple(field[0].split(targets.separator)) if field else () for field in fields]
    rows = table["row"].to_numpy()
    truth = targets.encode(fields, rows=rows, name=str(path))
    return Predictions(
        split,
        rows,
        table["text"].to_pylist(),
        truth.astype(bool) if targets.multilabel else truth.astype(np.int64),
        classifier.decision.classes(probabilities, targets),
        probabilities,
    )


def _read_table(path: Path, probabilities: list[str], most_rows: int | None) -> pa.Table:
    types = {"row": pa.int64(), "text": pa.large_string(), "label": pa.string()}
    types |= dict.fromkeys(probabilities, pa.float64())
    batches, found = [], 0
    try:
        reader = csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=min(BLOCK_BYTES, max(path.stat().st_size, 1024) + 1)),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types), null_values=[]),
        )
        for batch in reader:
            batches.append(batch if most_rows is None else batch.slice(0, most_rows - found))
            found += len(batches[-1])
            if found == most_rows:
                break
        table = pa.Table.from_batches(batches, reader.schema)
    except FileNotFoundError:
        raise RunError(
            f"{path}: expected the predictions of the run, but there is no such file. Evaluate the run again."
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}: damaged: {str(error)[:200]}. Evaluate the run again.") from None
    if not len(table):
        raise RunError(f"{path}: expected predictions, got a file without rows. Evaluate the run again.")
    return table
