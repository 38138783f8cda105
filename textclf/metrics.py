"""How good answers are, from true classes and probabilities alone. Every figure equals scikit-learn's."""

from collections.abc import Sequence

import numpy as np


def classification_metrics(true: np.ndarray, probabilities: np.ndarray, labels: Sequence[str]) -> dict:
    """All metrics of one set of answers, as plain JSON.

    Args:
        true: class indices, int (rows,).
        probabilities: one for every label, each row sums to 1, (rows, labels).

    The averages over classes leave out classes that neither occur nor are predicted, as scikit-learn does.
    A metric that is not defined (a ranking with only one class present) is `None`.
    """
    probabilities = probabilities.astype(np.float64)
    confusion = confusion_matrix(true, probabilities.argmax(axis=1), len(labels))
    precision, recall, f1 = _precision_recall_f1(confusion)
    support = confusion.sum(axis=1)
    present = (support + confusion.sum(axis=0)) > 0
    metrics = {"rows": len(true), "accuracy": float(confusion.trace() / len(true))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        metrics[f"{name}_macro"] = float(values[present].mean())
        metrics[f"{name}_weighted"] = float((values * support).sum() / support.sum())
        metrics[f"{name}_micro"] = metrics["accuracy"]  # one label a text: every miss is one false answer
    metrics["log_loss"] = log_loss(true, probabilities)
    metrics["roc_auc"] = roc_auc(true, probabilities)
    metrics["by_class"] = {
        label: {
            "precision": float(precision[index]),
            "recall": float(recall[index]),
            "f1": float(f1[index]),
            "support": int(support[index]),
        }
        for index, label in enumerate(labels)
    }
    metrics["confusion_matrix"] = {"labels": list(labels), "rows_true_columns_predicted": confusion.tolist()}
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


def roc_auc(true: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Area under the ROC curve; with more than two labels the mean of every label against the rest."""
    num_labels = probabilities.shape[1]
    columns = [1] if num_labels == 2 else range(num_labels)
    areas = [_binary_roc_auc(true == column, probabilities[:, column]) for column in columns]
    return None if None in areas else float(np.mean(areas))


def _binary_roc_auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """The share of (positive, negative) pairs in the right order, ties half (Mann-Whitney U)."""
    num_positive, num_negative = int(positive.sum()), int((~positive).sum())
    if not num_positive or not num_negative:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2  # 1-based, equal scores share their mean rank
    rank_sum = mean_ranks[inverse][positive].sum()
    return float((rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))


def _precision_recall_f1(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By class; 0 where nothing was predicted or nothing was there to find."""
    hits = confusion.diagonal().astype(np.float64)
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    return (
        hits / np.maximum(predicted, 1),
        hits / np.maximum(support, 1),
        2 * hits / np.maximum(predicted + support, 1),
    )
