"""The predictions of several runs for the same texts, with the labels of all runs in one order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.data.targets import Targets
from textclf.evaluation.evaluate import labelled_texts
from textclf.evaluation.predictions_file import MOST_ROWS, Predictions, read_predictions
from textclf.inference.classifier import Classifier


def targets_of_all(folders: Sequence[RunFolder], classifiers: Sequence[Classifier]) -> Targets:
    """Return the labels of all classifiers: those of the first, then the others.

    Raises:
        RunError: some have one label a text, and others any number.
    """
    first = classifiers[0].targets
    for folder, classifier in zip(folders, classifiers, strict=True):
        if classifier.targets.multilabel != first.multilabel:
            raise RunError(
                f"{folder.path}: expected labels of the same kind as in {folders[0].path} ({first.type}), got "
                f"{classifier.targets.type}. Compare runs that all have one label a text, or all several."
            )
    labels = list(dict.fromkeys(label for classifier in classifiers for label in classifier.labels))
    if labels == first.labels:
        return first
    kind = "multilabel" if first.multilabel else "multiclass"
    return Targets(kind, labels, [0] * len(labels), first.majority, first.separator)


def saved_predictions(
    folders: Sequence[RunFolder], classifiers: Sequence[Classifier], targets: Targets
) -> list[Predictions]:
    """Return what each run has predicted for its own test texts.

    Raises:
        RunError: the texts or their labels differ.
    """
    found = []
    for folder, classifier in zip(folders, classifiers, strict=True):
        own = read_predictions(folder, classifier)
        classes = (
            in_labels(values, classifier.labels, targets.labels)
            for values in (own.truth, own.predicted, own.probabilities)
        )
        found.append(Predictions(own.split, own.rows, own.texts, *classes))
        if not (_same_truth(found[0], found[-1]) and found[0].texts == found[-1].texts):
            raise RunError(
                f"{folder.path}: expected a run evaluated on the same texts and labels as {folders[0].path}, got one "
                "evaluated on others. Name labelled texts for both with --data FILE."
            )
    return found


def predictions_on(
    data: str,
    classifiers: Sequence[Classifier],
    targets: Targets,
    columns: dict[str, str],
    reading: Mapping[str, Any],
) -> list[Predictions]:
    """Return what each classifier predicts for the labelled texts of a file; of more than `MOST_ROWS` for a sample.

    Raises:
        DataError: the file cannot be read, or has a label that no classifier has.
    """
    found: list[Predictions] = []
    for classifier in classifiers:
        dataset = labelled_texts(classifier, data, columns, reading)
        if len(dataset) > MOST_ROWS:
            chosen = np.random.default_rng(0).permutation(len(dataset))[:MOST_ROWS]
            dataset = dataset.take(np.sort(chosen))
        truth = targets.encode(dataset.labels, rows=dataset.rows, name=dataset.name)
        probabilities = classifier.predict_proba(dataset.texts)
        predicted = classifier.decision.classes(probabilities, classifier.targets)
        found.append(
            Predictions(
                dataset.name,
                dataset.rows,
                dataset.texts.to_pylist(),
                truth.astype(bool if targets.multilabel else np.int64),
                in_labels(predicted, classifier.labels, targets.labels),
                in_labels(probabilities.astype(np.float64), classifier.labels, targets.labels),
            )
        )
        if not _same_truth(found[0], found[-1]):  # the runs have other columns of labels
            raise DataError(f"{data}: expected the same labels for all runs. Name their column with --label-column.")
    return found


def _same_truth(first: Predictions, other: Predictions) -> bool:
    return np.array_equal(first.rows, other.rows) and np.array_equal(first.truth, other.truth)


def in_labels(values: np.ndarray, labels: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Return class indices, or a column for each label, for other labels or another order. A new column has zeros.

    Args:
        values: for `labels`, (rows,) or (rows, labels).
        wanted: all of `labels`, and perhaps more.
    """
    places = np.array([wanted.index(label) for label in labels])
    if values.ndim == 1:
        return places[values]
    spread = np.zeros((len(values), len(wanted)), values.dtype)
    spread[:, places] = values
    return spread
