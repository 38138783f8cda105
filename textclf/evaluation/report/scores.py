"""How good the classifier is: scores by split and class, confusions, thresholds, calibration, and where it fails."""

import numpy as np

from textclf.data.targets import Targets
from textclf.evaluation.calibration import before_temperature, expected_calibration_error, reliability
from textclf.evaluation.metrics import confusion_matrix
from textclf.evaluation.predictions_file import Answers
from textclf.evaluation.report import blocks
from textclf.evaluation.report.curves import (
    at_thresholds,
    average_precision,
    coverage,
    precision_recall,
    ranking,
    roc,
    thinned,
)
from textclf.inference.classifier import Classifier

FIGURES = {
    "accuracy": "accuracy",
    "f1_macro": "F1 macro",
    "f1_micro": "F1 micro",
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "brier_score": "Brier score",
    "expected_calibration_error": "calibration error",
    "coverage": "coverage",
    "accuracy_covered": "accuracy on these",
}
MOST_CURVES = 100  # labels that have curves of their own
STEPS = 200  # of the threshold slider
LENGTHS = 6  # bars
UNKNOWN_SHARES = (0, 0.02, 0.05, 0.1, 0.2)
MOST_MATRIX = 150  # labels


def by_split(metrics: dict, baseline: dict[str, float] | None, baseline_name: str) -> dict:
    """Scores of every split beside what no skill and a linear model would get."""
    splits = {name: values for name, values in metrics.items() if isinstance(values, dict)}
    present = [name for name in FIGURES if any(name in values for values in splits.values())]
    rows = [
        [name, values["rows"], *(_rounded(values.get(figure)) for figure in present)] for name, values in splits.items()
    ]
    last = list(splits.values())[-1]
    majority = {"accuracy": last["majority_accuracy"]}
    for name, values in ((f"always “{last['majority_label']}”", majority), (baseline_name, baseline or {})):
        if values:
            rows.append([name, values.get("rows", last["rows"]), *(_rounded(values.get(figure)) for figure in present)])
    return blocks.table(["", "texts", *(FIGURES[name] for name in present)], rows, title="By split")


def by_class(answers: Answers, metrics: dict, targets: Targets) -> dict:
    """Precision, recall and F1 of every label, with links to its mistakes."""
    rows = []
    average = {index: average_precision(_ranked(answers, index, targets)) for index in range(len(targets.labels))}
    for index, (label, values) in enumerate(metrics[answers.split]["by_class"].items()):
        truth, predicted = _has(answers.truth, index, targets), _has(answers.predicted, index, targets)
        missed, wrong = int((truth & ~predicted).sum()), int((~truth & predicted).sum())
        figures = [_rounded(values[name]) for name in ("f1", "precision", "recall")]
        links = [blocks.link(missed, f"missed {index}"), blocks.link(wrong, f"wrong {index}")]
        rows.append([label, values["support"], *figures, _rounded(average[index]), *links])
    columns = ["label", "texts", "F1", "precision", "recall", "average precision", "missed", "answered wrongly"]
    return blocks.table(columns, rows, title="By label")


def confusions(answers: Answers, targets: Targets) -> list[dict | None]:
    """The matrix and its largest cells off the diagonal."""
    if targets.many:
        return []
    labels = targets.labels
    cells = confusion_matrix(answers.truth, answers.predicted, len(labels))
    errors = cells * (1 - np.eye(len(labels), dtype=np.int64))
    order = np.argsort(-errors, axis=None, kind="stable")[:100]
    pairs = [
        (true, said) for true, said in zip(*np.unravel_index(order, cells.shape), strict=True) if errors[true, said]
    ]
    rows = [
        [
            labels[true],
            labels[said],
            blocks.link(int(errors[true, said]), f"{true}>{said}"),
            _share(errors, cells, true, said),
        ]
        for true, said in pairs
    ]
    columns = ["true label", "answer", "texts", "share of the true label"]
    return [
        blocks.matrix(labels, cells.tolist()) if len(labels) <= MOST_MATRIX else None,
        blocks.table(columns, rows, title="Most frequent confusions"),
    ]


def curves(answers: Answers, targets: Targets) -> dict:
    """Precision by recall and ROC of each label against the rest, the most frequent labels first."""
    indices = [1] if len(targets.labels) == 2 and not targets.many else _by_frequency(answers, targets)[:MOST_CURVES]
    points = 100 if len(indices) < 20 else 40
    options = {}
    for index in indices:
        ranked = _ranked(answers, index, targets)
        if not ranked.positives or not ranked.negatives:
            continue
        label = targets.labels[index]
        recall, precision = precision_recall(ranked)
        note = f"average precision {average_precision(ranked):.4f}"
        area = float(np.trapezoid(roc(ranked)[1], roc(ranked)[0]))
        options[label] = [
            blocks.lines(
                "Precision by recall", {label: thinned(recall, precision, points)}, "recall", "precision", note=note
            ),
            blocks.lines(
                "ROC",
                {label: thinned(*roc(ranked), points)},
                "false alarms",
                "hits",
                note=f"area {area:.4f}",
                diagonal=True,
            ),
        ]
    return blocks.choice("Label", options)


def thresholds(answers: Answers, classifier: Classifier) -> dict | None:
    """A slider for the positive one of two labels, or for each of many."""
    targets = classifier.targets
    if not targets.many and len(targets.labels) != 2:
        return None
    chosen = classifier.decision.thresholds or [0.5] * len(targets.labels)
    options = {}
    for index in _by_frequency(answers, targets)[:MOST_CURVES] if targets.many else [1]:
        ranked = _ranked(answers, index, targets)
        threshold = chosen[index if targets.many else 0]
        options[targets.labels[index]] = [
            blocks.slider(*at_thresholds(ranked, STEPS), ranked.positives, ranked.negatives, threshold)
        ]
    return blocks.choice("Label", options)


def calibration(answers: Answers, targets: Targets, temperature: float) -> list[dict | None]:
    """Whether 0.9 means 90 percent, before and after the temperature; and what silence when unsure would give."""
    series, errors = {}, {}
    before = before_temperature(answers.probabilities, temperature, many=targets.many)
    for name, probabilities in {"calibrated": answers.probabilities, "as the network gave them": before}.items():
        confidences, right = _confidences(answers, probabilities, targets)
        series[name] = [
            [round(point.confidence, 4), round(point.right, 4), point.count]
            for point in reliability(confidences, right)
        ]
        errors[name] = expected_calibration_error(confidences, right)
    note = "; ".join(f"{name}: error {error:.4f}" for name, error in errors.items())
    note = f"On the line, 0.9 means 90 percent. {note}. Temperature {temperature:.3f}."
    diagram = blocks.lines(
        "Reliability", series, "probability", "share that is right", note=note, diagonal=True, dots=True
    )
    if targets.many:
        return [diagram]
    confidences, right = _confidences(answers, answers.probabilities, targets)
    covered, accuracy, _ = coverage(right, confidences)
    note = "Accuracy where only the most certain texts are answered: choose targets.abstain_below by it."
    points = {"accuracy": thinned(covered, accuracy)}
    return [diagram, blocks.lines("Coverage", points, "share of texts answered", "accuracy", note=note, shares=False)]


def slices(answers: Answers, classifier: Classifier) -> list[dict | None]:
    """Scores by length and by the share of words that the training did not have."""
    preprocessor, targets = classifier.preprocessor, classifier.targets
    rows = preprocessor.encode(answers.texts)
    lengths = rows.lengths
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTHS + 1)[1:-1]))
    by_length = _bars(
        "By length", np.searchsorted(edges, lengths), _range_names(edges, lengths.max(), "tokens"), answers, targets
    )
    unknown = np.add.reduceat(rows.values == preprocessor.tokenizer.unknown_id, rows.offsets[:-1]) / np.maximum(
        lengths, 1
    )
    names = ["none", *(f"up to {share:.0%}" for share in UNKNOWN_SHARES[1:]), f"over {UNKNOWN_SHARES[-1]:.0%}"]
    by_unknown = _bars("By share of unknown tokens", np.searchsorted(UNKNOWN_SHARES, unknown), names, answers, targets)
    return [by_length, by_unknown]


def right_of(answers: Answers) -> np.ndarray:
    """Whether each text got exactly the right answer, bool (texts,)."""
    return (answers.truth == answers.predicted).reshape(len(answers), -1).all(axis=1)


def _bars(title: str, group_of: np.ndarray, names: list[str], answers: Answers, targets: Targets) -> dict | None:
    groups = [(name, group_of == number) for number, name in enumerate(names) if (group_of == number).any()]
    if len(groups) < 2:
        return None
    scores = [_score(answers, chosen, targets) for _, chosen in groups]
    counts = [int(chosen.sum()) for _, chosen in groups]
    return blocks.bars(title, [name for name, _ in groups], scores, counts, "F1 micro" if targets.many else "accuracy")


def _score(answers: Answers, chosen: np.ndarray, targets: Targets) -> float:
    truth, predicted = answers.truth[chosen], answers.predicted[chosen]
    if not targets.many:
        return round(float((truth == predicted).mean()), 4)
    return round(float(2 * (truth & predicted).sum() / max(truth.sum() + predicted.sum(), 1)), 4)


def _range_names(edges: np.ndarray, longest: int, unit: str) -> list[str]:
    ends = [*(int(edge) for edge in edges), int(longest)]
    starts = [1, *(end + 1 for end in ends[:-1])]
    return [
        f"{start}–{end} {unit}" if start < end else f"{end} {unit}" for start, end in zip(starts, ends, strict=True)
    ]


def _ranked(answers: Answers, index: int, targets: Targets):
    return ranking(_has(answers.truth, index, targets), answers.probabilities[:, index])


def _has(classes: np.ndarray, index: int, targets: Targets) -> np.ndarray:
    return classes[:, index] if targets.many else classes == index


def _by_frequency(answers: Answers, targets: Targets) -> list[int]:
    counts = [int(_has(answers.truth, index, targets).sum()) for index in range(len(targets.labels))]
    return sorted(range(len(counts)), key=lambda index: -counts[index])


def _confidences(answers: Answers, probabilities: np.ndarray, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
    if targets.many:
        return probabilities.ravel(), answers.truth.ravel()
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == answers.truth


def _share(errors: np.ndarray, cells: np.ndarray, true: int, said: int) -> float:
    return round(float(errors[true, said] / cells[true].sum()), 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
