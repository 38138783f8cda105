"""How good answers are, from true classes and probabilities alone. Every figure equals scikit-learn's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from textclf.data.targets import Targets
from textclf.evaluation.calibration import expected_calibration_error
from textclf.inference.decisions import Decision


def measure(classes: np.ndarray, probabilities: np.ndarray, targets: Targets, decision: Decision) -> dict:
    """Return all metrics of a classifier on labelled texts, beside those of always predicting the majority.

    Where the decision abstains from some texts, `coverage` is the share of the others and `accuracy_covered` their
    accuracy. All other metrics are those of the labels that would have been predicted.

    Args:
        classes: the true labels, as from `Targets.encode`.
        probabilities: (rows, labels).
    """
    predicted = decision.classes(probabilities, targets)
    metrics_of = multilabel_metrics if targets.many else classification_metrics
    metrics = metrics_of(classes, probabilities, predicted, targets.labels)
    if decision.abstain_below is not None:
        covered = ~decision.abstains(probabilities)
        metrics["coverage"] = float(covered.mean())
        metrics["accuracy_covered"] = float((predicted == classes)[covered].mean()) if covered.any() else None
    majority = targets.encode([targets.majority], rows=[0], name="majority")[0]
    is_majority = (classes == majority).reshape(len(classes), -1).all(axis=1)
    return {
        **metrics,
        "majority_label": targets.joined(targets.majority),
        "majority_accuracy": float(is_majority.mean()),
    }


def classification_metrics(
    true: np.ndarray, probabilities: np.ndarray, predicted: np.ndarray, labels: Sequence[str]
) -> dict:
    """All metrics of one set of answers, as plain JSON.

    Args:
        true: class indices, int (rows,).
        probabilities: one for every label, each row sums to 1, (rows, labels).
        predicted: class indices that are answered, int (rows,).

    The averages over classes leave out classes that neither occur nor are predicted, as scikit-learn does.
    A metric that is not defined (a ranking with only one class present) is `None`. The calibration error is that of
    the most probable label, whatever is answered.
    """
    probabilities = probabilities.astype(np.float64)
    confusion = confusion_matrix(true, predicted, len(labels))
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall, f1 = _ratios(confusion.diagonal(), answered, support)
    present = (support + answered) > 0
    metrics: dict[str, Any] = {"rows": len(true), "accuracy": float(confusion.trace() / len(true))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"{name}_macro"] = float(values[present].mean())
        metrics[f"{name}_weighted"] = float((values * support).sum() / support.sum())
        metrics[f"{name}_micro"] = metrics["accuracy"]  # one label a text: every miss is one false answer
    metrics["log_loss"] = log_loss(true, probabilities)
    metrics["brier_score"] = brier_score(true, probabilities)
    metrics["expected_calibration_error"] = expected_calibration_error(
        probabilities.max(axis=1), probabilities.argmax(axis=1) == true
    )
    metrics["roc_auc"] = roc_auc(true, probabilities)
    metrics["by_class"] = _by_class(labels, precision, recall, f1, support)
    metrics["confusion_matrix"] = {"labels": list(labels), "rows_true_columns_predicted": confusion.tolist()}
    return metrics


def multilabel_metrics(
    true: np.ndarray, probabilities: np.ndarray, predicted: np.ndarray, labels: Sequence[str]
) -> dict:
    """All metrics of one set of answers with any number of labels each, as plain JSON.

    Args:
        true: 0 and 1 for every label, (rows, labels).
        probabilities: of every label by itself, (rows, labels).
        predicted: whether each label is answered, bool (rows, labels).

    `accuracy` is the share of texts with exactly the right labels. Averages over labels leave out those that
    neither occur nor are predicted; `f1_samples` is the mean over texts, 1 where there is nothing to find and
    nothing is found (scikit-learn with zero_division=1); `log_loss` and `brier_score` are means over labels, and the
    calibration error is that of all probabilities of all labels together.
    """
    true, probabilities = true.astype(bool), probabilities.astype(np.float64)
    hits, support, answered = (true & predicted).sum(0), true.sum(0), predicted.sum(0)
    precision, recall, f1 = _ratios(hits, answered, support)
    present = (support + answered) > 0
    micro = _ratios(hits.sum(), answered.sum(), support.sum())
    samples = _ratios((true & predicted).sum(1), predicted.sum(1), true.sum(1))[2]
    metrics: dict[str, Any] = {"rows": len(true), "accuracy": float((true == predicted).all(axis=1).mean())}
    for name, values, total in zip(("precision", "recall", "f1"), (precision, recall, f1), micro, strict=True):
        metrics[f"{name}_macro"] = float(values[present].mean()) if present.any() else 0.0
        metrics[f"{name}_weighted"] = float((values * support).sum() / max(support.sum(), 1))
        metrics[f"{name}_micro"] = float(total)
    metrics["f1_samples"] = float(np.where(true.any(1) | predicted.any(1), samples, 1.0).mean())
    metrics["hamming_loss"] = float((true != predicted).mean())
    metrics["log_loss"] = _binary_log_loss(true, probabilities)
    metrics["brier_score"] = float(((probabilities - true) ** 2).mean())
    metrics["expected_calibration_error"] = expected_calibration_error(probabilities.ravel(), true.ravel())
    areas = [_binary_roc_auc(true[:, column], probabilities[:, column]) for column in range(len(labels))]
    defined = [area for area in areas if area is not None]
    metrics["roc_auc"] = float(np.mean(defined)) if defined else None
    metrics["by_class"] = _by_class(labels, precision, recall, f1, support)
    return metrics


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, num_labels: int) -> np.ndarray:
    """Rows are true classes, columns predicted ones, int64 (labels, labels)."""
    cells = np.bincount(true.astype(np.int64) * num_labels + predicted, minlength=num_labels**2)
    return cells.reshape(num_labels, num_labels)


def log_loss(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -log(probability of the true class), with probabilities kept off 0 and 1 as scikit-learn does."""
    epsilon = np.finfo(np.float64).eps
    chosen = probabilities[np.arange(len(true)), true] / probabilities.sum(axis=1)
    return float(-np.log(np.clip(chosen, epsilon, 1 - epsilon)).mean())


def brier_score(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance between probabilities and truth: 0 to 1 with two labels, otherwise summed over them."""
    distances = (probabilities - (true[:, None] == np.arange(probabilities.shape[1]))) ** 2
    return float(distances[:, 1].mean() if probabilities.shape[1] == 2 else distances.sum(axis=1).mean())


def roc_auc(true: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Area under the ROC curve; with more than two labels the mean of every label against the rest."""
    num_labels = probabilities.shape[1]
    columns = [1] if num_labels == 2 else range(num_labels)
    areas = [_binary_roc_auc(true == column, probabilities[:, column]) for column in columns]
    defined = [area for area in areas if area is not None]
    return float(np.mean(defined)) if len(defined) == len(areas) else None


def _binary_roc_auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """The share of (positive, negative) pairs in the right order, ties half (Mann-Whitney U)."""
    num_positive, num_negative = int(positive.sum()), int((~positive).sum())
    if not num_positive or not num_negative:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2  # 1-based, equal scores share their mean rank
    rank_sum = mean_ranks[inverse][positive].sum()
    return float((rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))


def _binary_log_loss(true: np.ndarray, probabilities: np.ndarray) -> float:
    epsilon = np.finfo(np.float64).eps
    chosen = np.where(true, probabilities, 1 - probabilities)
    return float(-np.log(np.clip(chosen, epsilon, 1 - epsilon)).mean())


def _ratios(hits: np.ndarray, answered: np.ndarray, support: np.ndarray) -> tuple[np.ndarray, ...]:
    """Precision, recall and F1; 0 where nothing was predicted or nothing was there to find."""
    return (
        hits / np.maximum(answered, 1),
        hits / np.maximum(support, 1),
        2 * hits / np.maximum(answered + support, 1),
    )


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
