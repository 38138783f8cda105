"""Metrics from true classes, predicted classes and probabilities, as scikit-learn has them.

`docs/run-folder.md` names the differences from scikit-learn. scikit-learn itself is not used: importing it takes 1.5 s.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from textclf.data.targets import Targets, Unknown
from textclf.evaluation.calibration import expected_calibration_error
from textclf.inference.decisions import Decision

EPSILON = float(np.finfo(np.float64).eps)
Counts = np.ndarray | np.integer | int


class Metrics(dict):
    """The metrics of one evaluation, by name, which a notebook shows as tables."""

    def _repr_html_(self) -> str:
        """Return the main metrics, and those of each label."""
        from textclf.core.formatting import LABEL_HEADER, label_rows, summary_header, summary_row
        from textclf.core.html import html_table

        return html_table(summary_header(), [summary_row(self)]) + html_table(LABEL_HEADER, label_rows(self))


def measure(
    classes: np.ndarray,
    probabilities: np.ndarray,
    targets: Targets,
    decision: Decision,
    unknown: Unknown | None = None,
) -> dict:
    """Return all metrics of a classifier on labelled texts, beside those of always predicting the majority.

    Where the decision abstains from some texts, `coverage` is the share of the others and `accuracy_covered` their
    accuracy. All other metrics are those of the labels that would have been predicted. Where texts have labels that
    the classifier does not have, `unknown_rows` is the number of these texts, and `unknown_labels` that of each label.

    Args:
        classes: the true labels, as from `Targets.encode`.
        probabilities: (rows, labels).
        unknown: labels that the classifier does not have, see `Targets.encode_known`.
    """
    predicted = decision.classes(probabilities, targets)
    if targets.multilabel:
        metrics = multilabel_metrics(classes, probabilities, predicted, targets.labels, unknown)
    else:
        metrics = classification_metrics(classes, probabilities, predicted, targets.labels, unknown)
    if decision.abstain_below is not None:
        covered = ~decision.abstains(probabilities)
        metrics["coverage"] = float(covered.mean())
        metrics["accuracy_covered"] = float((predicted == classes)[covered].mean()) if covered.any() else None
    majority = targets.encode([targets.majority], rows=[0], name="majority")[0]
    is_majority = (classes == majority).reshape(len(classes), -1).all(axis=1)
    if unknown is not None:
        is_majority &= unknown.by_text == 0
    metrics |= {"majority_label": targets.joined(targets.majority), "majority_accuracy": float(is_majority.mean())}
    if unknown is not None and unknown.by_label:
        metrics |= {"unknown_rows": int((unknown.by_text > 0).sum()), "unknown_labels": unknown.by_label}
    return metrics


def classification_metrics(
    true: np.ndarray,
    probabilities: np.ndarray,
    predicted: np.ndarray,
    labels: Sequence[str],
    unknown: Unknown | None = None,
) -> dict:
    """Return all metrics of predictions with one label each, as plain JSON.

    The averages over labels leave out labels that neither occur nor are predicted, as scikit-learn does. A metric that
    is not defined (ROC AUC with only one label present) is `None`. The calibration error is that of the most probable
    label, even where a threshold makes the prediction another one.

    A text of class -1 has a label that the classifier does not have. It counts as wrong, and its label has a
    precision, recall and F1 of 0. Log loss, Brier score and ROC AUC leave it out: there is no probability of its label.

    Args:
        true: class indices, int (rows,).
        probabilities: of every label, each row sums to 1, (rows, labels).
        predicted: predicted class indices, int (rows,).
        unknown: the labels of the texts of class -1.
    """
    probabilities = probabilities.astype(np.float64)
    known, more = true >= 0, unknown.by_label if unknown else {}
    confusion = confusion_matrix(true[known], predicted[known], len(labels))
    counts = np.bincount(predicted, minlength=len(labels))
    hits, predicted_counts, support = _with_unknown(confusion.diagonal(), counts, confusion.sum(axis=1), more)
    precision, recall, f1 = precision_recall_f1(hits, predicted_counts, support)
    present = (support + predicted_counts) > 0
    metrics: dict[str, Any] = {"rows": len(true), "accuracy": float(confusion.trace() / len(true))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"{name}_macro"] = float(values[present].mean())
        metrics[f"{name}_weighted"] = float((values * support).sum() / support.sum())
        metrics[f"{name}_micro"] = metrics["accuracy"]  # with one label a text each miss is also a false alarm
    calibration_error = expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == true)
    cells = {"labels": list(labels), "rows_true_columns_predicted": confusion.tolist()}
    if not known.all():
        cells["unknown_true_columns_predicted"] = (counts - confusion.sum(axis=0)).tolist()
        true, probabilities = true[known], probabilities[known]
    metrics["log_loss"] = float(log_losses(true, probabilities / probabilities.sum(axis=1, keepdims=True)).mean())
    metrics["brier_score"] = brier_score(true, probabilities)
    metrics["expected_calibration_error"] = calibration_error
    metrics["roc_auc"] = roc_auc(true, probabilities)
    metrics["by_class"] = _by_class([*labels, *more], precision, recall, f1, support)
    metrics["confusion_matrix"] = cells
    return metrics


def multilabel_metrics(
    true: np.ndarray,
    probabilities: np.ndarray,
    predicted: np.ndarray,
    labels: Sequence[str],
    unknown: Unknown | None = None,
) -> dict:
    """Return all metrics of predictions with any number of labels each, as plain JSON.

    `accuracy` is the share of texts with exactly the right labels. Averages over labels leave out those that neither
    occur nor are predicted; scikit-learn counts each as 0. `roc_auc` is the mean over the labels for which it is
    defined, `None` without any. `f1_samples` is the mean over texts; a text without labels for which none is predicted
    counts as 1 (scikit-learn with zero_division=1). `log_loss` and `brier_score` are means over labels. The
    calibration error is that of all probabilities of all labels together.

    Args:
        true: 0 and 1 for every label, (rows, labels).
        probabilities: of every label independently, (rows, labels).
        predicted: whether each label is predicted, bool (rows, labels).
        unknown: further labels that the classifier does not have. Each is a missed one of its texts. `log_loss`,
            `brier_score`, `roc_auc` and the calibration error leave these labels out, but none of the texts.
    """
    true, probabilities = true.astype(bool), probabilities.astype(np.float64)
    missed, more = unknown or Unknown(np.zeros(len(true), np.int64), {})
    right = (true == predicted).all(axis=1) & (missed == 0)
    hits, predicted_counts, support = _with_unknown((true & predicted).sum(0), predicted.sum(0), true.sum(0), more)
    precision, recall, f1 = precision_recall_f1(hits, predicted_counts, support)
    present = (support + predicted_counts) > 0
    micro = precision_recall_f1(hits.sum(), predicted_counts.sum(), support.sum())
    samples = f1_score((true & predicted).sum(1), predicted.sum(1), true.sum(1) + missed)
    metrics: dict[str, Any] = {"rows": len(true), "accuracy": float(right.mean())}
    for name, values, total in zip(("precision", "recall", "f1"), (precision, recall, f1), micro, strict=True):
        metrics[f"{name}_macro"] = float(values[present].mean()) if present.any() else 0.0
        metrics[f"{name}_weighted"] = float((values * support).sum() / max(support.sum(), 1))
        metrics[f"{name}_micro"] = float(total)
    metrics["f1_samples"] = float(np.where(true.any(1) | predicted.any(1) | (missed > 0), samples, 1.0).mean())
    metrics["hamming_loss"] = float(((true != predicted).sum() + missed.sum()) / (len(true) * len(support)))
    metrics["log_loss"] = float(log_losses(true, probabilities).mean())
    metrics["brier_score"] = float(((probabilities - true) ** 2).mean())
    metrics["expected_calibration_error"] = expected_calibration_error(probabilities.ravel(), true.ravel())
    areas = [binary_roc_auc(true[:, column], probabilities[:, column]) for column in range(len(labels))]
    defined = [area for area in areas if area is not None]
    metrics["roc_auc"] = float(np.mean(defined)) if defined else None
    metrics["by_class"] = _by_class([*labels, *more], precision, recall, f1, support)
    return metrics


def _with_unknown(
    hits: np.ndarray, predicted: np.ndarray, support: np.ndarray, more: dict[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the counts of all labels: an unknown label occurs, and is never predicted."""
    never, rows = np.zeros(len(more), np.int64), np.array([*more.values()], np.int64)
    return np.append(hits, never), np.append(predicted, never), np.append(support, rows)


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, num_labels: int) -> np.ndarray:
    """Return how often each class is predicted for each true class, int64 (true labels, predicted labels)."""
    cells = np.bincount(true.astype(np.int64) * num_labels + predicted, minlength=num_labels**2)
    return cells.reshape(num_labels, num_labels)


def largest_confusions(cells: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """Return true class, predicted class and count of the largest cells of a confusion matrix off its diagonal."""
    errors = cells * (1 - np.eye(len(cells), dtype=np.int64))
    largest = np.argsort(-errors, axis=None, kind="stable")[:most]
    pairs = zip(*np.unravel_index(largest, cells.shape), strict=True)
    return [(int(true), int(other), int(errors[true, other])) for true, other in pairs if errors[true, other]]


def precision_recall_f1(hits: Counts, predicted: Counts, support: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return precision, recall and F1, each 0 where it is not defined.

    Args:
        hits: how often a label is predicted rightly.
        predicted: how often it is predicted.
        support: how often it is true.
    """
    return hits / np.maximum(predicted, 1), hits / np.maximum(support, 1), f1_score(hits, predicted, support)


def f1_score(hits: Counts, predicted: Counts, support: Counts) -> np.ndarray:
    """Return F1, 0 where a label is neither predicted nor true; arguments as for `precision_recall_f1`."""
    return 2 * hits / np.maximum(predicted + support, 1)


def log_losses(true: np.ndarray, probabilities: np.ndarray, smallest: float = EPSILON) -> np.ndarray:
    """Return the log loss of every text, (rows,).

    Args:
        true: class indices (rows,), or for a multi-label classifier 0 and 1 for every label (rows, labels): the loss is
            then the mean over labels.
        probabilities: (rows, labels).
        smallest: probabilities are clipped to this distance from 0 and 1; by default as in scikit-learn.
    """
    if true.ndim == 1:
        of_truth = probabilities[np.arange(len(true)), true]
    else:
        of_truth = np.where(true, probabilities, 1 - probabilities)
    losses = -np.log(np.clip(of_truth, smallest, 1 - smallest))
    return losses if true.ndim == 1 else losses.mean(axis=1)


def brier_score(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean squared difference of probabilities and truth.

    With two labels it is that of the second label, 0 to 1; with more the sum over labels, 0 to 2.
    """
    differences = (probabilities - (true[:, None] == np.arange(probabilities.shape[1]))) ** 2
    return float(differences[:, 1].mean() if probabilities.shape[1] == 2 else differences.sum(axis=1).mean())


def roc_auc(true: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Return the area under the ROC curve; with more than two labels the mean over labels, each against the rest.

    It is `None` if it is not defined for one of the labels, because no text has it or all have it.
    """
    num_labels = probabilities.shape[1]
    columns = [1] if num_labels == 2 else range(num_labels)
    areas = [binary_roc_auc(true == column, probabilities[:, column]) for column in columns]
    defined = [area for area in areas if area is not None]
    return float(np.mean(defined)) if len(defined) == len(areas) else None


def binary_roc_auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Return the share of (positive, negative) pairs in the right order, ties counted half (Mann-Whitney U)."""
    num_positive, num_negative = int(positive.sum()), int((~positive).sum())
    if not num_positive or not num_negative:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2  # 1-based, equal scores share their mean rank
    rank_sum = mean_ranks[inverse][positive].sum()
    return float((rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))


def _by_class(labels: Sequence[str], precision, recall, f1, support) -> dict[str, dict]:
    return {
        label: {
            "precision": float(precision[index]),
            "recall": float(recall[index]),
            "f1": float(f1[index]),
            "support": int(support[index]),
        }
        for index, label in enumerate(labels)
    }
