"""Report sections with tables and bars: scores by split and label, confusions, scores by slice."""

import numpy as np

from textclf.data.targets import Targets
from textclf.evaluation.metrics import confusion_matrix, f1_score, largest_confusions
from textclf.evaluation.predictions_file import Predictions
from textclf.evaluation.ranking import average_precision, rank
from textclf.evaluation.report import blocks
from textclf.inference.classifier import Classifier

METRICS = {
    "accuracy": "accuracy",
    "f1_macro": "F1 macro",
    "f1_micro": "F1 micro",
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "brier_score": "Brier score",
    "expected_calibration_error": "calibration error",
    "coverage": "coverage",
    "accuracy_covered": "accuracy of covered",
}
LENGTH_GROUPS = 6
UNKNOWN_SHARES = (0, 0.02, 0.05, 0.1, 0.2)  # upper limits of the groups
LARGEST_MATRIX = 150  # labels
MOST_CONFUSIONS = 100


def by_split(metrics: dict, baseline: dict[str, float] | None, baseline_name: str) -> dict:
    """Return a table of the metrics of every split, of the majority label and of the linear baseline."""
    splits = {name: values for name, values in metrics.items() if isinstance(values, dict)}
    present = [name for name in METRICS if any(name in values for values in splits.values())]
    rows = [[name, values["rows"], *(_rounded(values.get(key)) for key in present)] for name, values in splits.items()]
    last = list(splits.values())[-1]
    majority = {"accuracy": last["majority_accuracy"]}
    for name, values in ((f"majority: “{last['majority_label']}”", majority), (baseline_name, baseline or {})):
        if values:
            rows.append([name, values.get("rows", last["rows"]), *(_rounded(values.get(key)) for key in present)])
    return blocks.table(["", "texts", *(METRICS[name] for name in present)], rows, title="By split")


def by_class(predictions: Predictions, metrics: dict) -> dict:
    """Return a table with precision, recall and F1 of every label, with links to its errors."""
    rows = []
    for index, (label, values) in enumerate(metrics[predictions.split]["by_class"].items()):
        truth, predicted = predictions.has_label(index), predictions.is_predicted(index)
        missed, wrong = int((truth & ~predicted).sum()), int((~truth & predicted).sum())
        links = [blocks.link(missed, f"missed {index}"), blocks.link(wrong, f"wrong {index}")]
        precision = average_precision(rank(predictions.has_label(index), predictions.probabilities[:, index]))
        scores = [_rounded(values[name]) for name in ("f1", "precision", "recall")]
        rows.append([label, values["support"], *scores, _rounded(precision), *links])
    columns = ["label", "texts", "F1", "precision", "recall", "average precision", "missed", "false alarms"]
    return blocks.table(columns, rows, title="By label")


def confusions(predictions: Predictions, targets: Targets) -> list[dict | None]:
    """Return the confusion matrix and a table of its largest cells off the diagonal; nothing for multi-label."""
    if targets.multilabel:
        return []
    labels = targets.labels
    cells = confusion_matrix(predictions.truth, predictions.predicted, len(labels))
    rows = []
    for true, predicted, count in largest_confusions(cells, MOST_CONFUSIONS):
        share = round(float(count / cells[true].sum()), 4)
        rows.append([labels[true], labels[predicted], blocks.link(count, f"{true}>{predicted}"), share])
    columns = ["true label", "predicted label", "texts", "share of the true label"]
    return [
        blocks.matrix(labels, cells.tolist()) if len(labels) <= LARGEST_MATRIX else None,
        blocks.table(columns, rows, title="Most frequent confusions"),
    ]


def slices(predictions: Predictions, classifier: Classifier) -> list[dict | None]:
    """Return bar charts of the score by text length and by share of unknown tokens."""
    metric = slice_metric(predictions)
    charts: list[dict | None] = []
    for title, groups in slice_scores(predictions, classifier).items():
        names, counts, scores = zip(*groups, strict=True)
        charts.append(blocks.bars(title, list(names), list(scores), list(counts), metric) if len(groups) > 1 else None)
    return charts


def slice_metric(predictions: Predictions) -> str:
    """Return the name of the score that `slice_scores` gives."""
    return "F1 micro" if predictions.truth.ndim == 2 else "accuracy"


def slice_scores(predictions: Predictions, classifier: Classifier) -> dict[str, list[tuple[str, int, float]]]:
    """Return groups of texts by length and by share of unknown tokens: title -> name, texts and score of each."""
    preprocessor = classifier.preprocessor
    rows = preprocessor.encode(predictions.texts)
    lengths = rows.lengths
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_GROUPS + 1)[1:-1]))
    names = _range_names(edges, lengths.max(), "tokens")
    by_length = _groups(np.searchsorted(edges, lengths), names, predictions)
    unknown_counts = np.add.reduceat(rows.values == preprocessor.tokenizer.unknown_id, rows.offsets[:-1])
    group_of = np.searchsorted(UNKNOWN_SHARES, unknown_counts / np.maximum(lengths, 1))
    names = ["none", *(f"up to {share:.0%}" for share in UNKNOWN_SHARES[1:]), f"over {UNKNOWN_SHARES[-1]:.0%}"]
    return {"By text length": by_length, "By share of unknown tokens": _groups(group_of, names, predictions)}


def _groups(group_of: np.ndarray, names: list[str], predictions: Predictions) -> list[tuple[str, int, float]]:
    chosen = ((name, group_of == number) for number, name in enumerate(names))
    return [(name, int(rows.sum()), _score(predictions, rows)) for name, rows in chosen if rows.any()]


def _score(predictions: Predictions, chosen: np.ndarray) -> float:
    """Return the accuracy on some texts, or the micro F1 of a multi-label classifier."""
    truth, predicted = predictions.truth[chosen], predictions.predicted[chosen]
    if truth.ndim == 1:
        return round(float((truth == predicted).mean()), 4)
    return round(float(f1_score((truth & predicted).sum(), predicted.sum(), truth.sum())), 4)


def _range_names(edges: np.ndarray, longest: int, unit: str) -> list[str]:
    ends = [*(int(edge) for edge in edges), int(longest)]
    starts = [1, *(end + 1 for end in ends[:-1])]
    return [
        f"{start}–{end} {unit}" if start < end else f"{end} {unit}" for start, end in zip(starts, ends, strict=True)
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
