"""Confident learning: find texts whose label is probably wrong.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels". A label is suspect if
another label has at least the mean probability that texts with that other label get. So a classifier that is never
sure of a label is believed at a lower probability.
"""

from typing import NamedTuple

import numpy as np


class LabelErrors(NamedTuple):
    """Labels that are probably wrong, the most certain first; each array (errors,)."""

    rows: np.ndarray  # positions of the texts
    given: np.ndarray  # class index of the suspect label
    suggested: np.ndarray  # class index of the better label; with multi-label texts the same: to be added or removed
    margins: np.ndarray  # probability of the suggested label minus that of the given one, -1 to 1


def label_errors(truth: np.ndarray, probabilities: np.ndarray) -> LabelErrors:
    """Return the labels that are probably wrong.

    Args:
        truth: given class indices, int (texts,); or whether each text has each label, bool (texts, labels): each label
            is then judged against its absence.
        probabilities: of classifiers that did not learn from these texts, (texts, labels).
    """
    if truth.ndim == 1:
        return _errors_of_classes(truth, probabilities)
    found = []
    for label, (given, of_label) in enumerate(zip(truth.T, probabilities.T, strict=True)):
        errors = _errors_of_classes(given.astype(np.int64), np.stack([1 - of_label, of_label], axis=1))
        labels = np.full(len(errors.rows), label)
        found.append(LabelErrors(errors.rows, labels, labels, errors.margins))
    return _most_certain_first(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _errors_of_classes(truth: np.ndarray, probabilities: np.ndarray) -> LabelErrors:
    texts, labels = probabilities.shape
    counts = np.bincount(truth, minlength=labels)
    own = probabilities[np.arange(texts), truth]
    # A label of a single row is never suggested: the classifier that predicts its row does not know it.
    thresholds = np.where(counts > 1, np.bincount(truth, weights=own, minlength=labels) / np.maximum(counts, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != truth))
    margins = probabilities[rows, suggested[rows]] - own[rows]
    return _most_certain_first(rows, truth[rows], suggested[rows], margins)


def _most_certain_first(rows: np.ndarray, given: np.ndarray, suggested: np.ndarray, margins: np.ndarray) -> LabelErrors:
    order = np.argsort(-margins, kind="stable")
    return LabelErrors(rows[order], given[order], suggested[order], margins[order])
