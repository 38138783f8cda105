"""Texts whose label is probably wrong: confident learning, from probabilities of classifiers that have not seen them.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels". A label that the
probabilities speak against is suspect where they give another label at least the mean probability that texts
labelled so get: a classifier that is never sure of a label is believed at a lower probability.
"""

from typing import NamedTuple

import numpy as np


class Suspects(NamedTuple):
    """Labels that are probably wrong, the most certain first; each array (suspects,)."""

    rows: np.ndarray  # positions of the texts
    given: np.ndarray  # class index of the label that is in doubt
    suggested: (
        np.ndarray
    )  # … of the one in its place; where a text may have many, the same: it is to be added or removed
    margins: np.ndarray  # probability of the suggested answer less that of the given one, -1 to 1


def label_errors(truth: np.ndarray, probabilities: np.ndarray) -> Suspects:
    """Suspects among texts with one label each.

    Args:
        truth: class indices as given, int (texts,).
        probabilities: of classifiers that did not learn from these texts, (texts, labels).
    """
    texts, labels = probabilities.shape
    counts = np.bincount(truth, minlength=labels)
    own = probabilities[np.arange(texts), truth]
    thresholds = np.where(counts > 0, np.bincount(truth, weights=own, minlength=labels) / np.maximum(counts, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != truth))
    return _ranked(rows, truth[rows], suggested[rows], probabilities[rows, suggested[rows]] - own[rows])


def label_errors_of_many(truth: np.ndarray, probabilities: np.ndarray) -> Suspects:
    """Suspects where a text may have any number of labels: each label against its absence.

    Args:
        truth: whether each text has each label, (texts, labels).
    """
    found = []
    for label in range(truth.shape[1]):
        of_label = probabilities[:, label]
        suspects = label_errors(truth[:, label].astype(np.int64), np.stack([1 - of_label, of_label], axis=1))
        labels = np.full(len(suspects.rows), label)
        found.append(Suspects(suspects.rows, labels, labels, suspects.margins))
    return _ranked(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _ranked(rows: np.ndarray, given: np.ndarray, suggested: np.ndarray, margins: np.ndarray) -> Suspects:
    order = np.argsort(-margins, kind="stable")
    return Suspects(rows[order], given[order], suggested[order], margins[order])
