"""Report sections with texts: wrong predictions and the words behind them, and labels that may be wrong."""

import numpy as np

from textclf.core.text_column import text_array
from textclf.data.checks.near_duplicates import near_pairs
from textclf.data.targets import Targets
from textclf.evaluation.label_errors import label_errors
from textclf.evaluation.predictions_file import Predictions
from textclf.evaluation.report import blocks
from textclf.inference.classifier import Classifier
from textclf.inference.explain import explain

MOST_TEXTS = 1500  # in the table of predictions
MOST_OF_A_KIND = 20  # texts of one cell of the confusion matrix
MOST_EXPLAINED = 15
MOST_WORDS = 1500  # explained in total: each takes one prediction
MOST_LABEL_ERRORS = 100
MOST_PAIRS = 100
LONGEST_EXPLAINED = 2000  # characters


def predictions_table(predictions: Predictions, targets: Targets) -> dict:
    """Return a table of wrong predictions, the largest errors first, some of each kind; then some correct ones."""
    error = predictions.error
    chosen: list[int] = []
    seen: dict[str, int] = {}
    for row in np.argsort(-error, kind="stable"):
        kinds = _tags(predictions, row)
        if any(seen.get(kind, 0) < MOST_OF_A_KIND for kind in kinds):
            chosen.append(row)
            for kind in kinds:
                seen[kind] = seen.get(kind, 0) + 1
        if len(chosen) == MOST_TEXTS:
            break
    rows = [
        [int(predictions.rows[row]), blocks.shortened(predictions.texts[row]), _named(targets, predictions.truth[row]),
         _named(targets, predictions.predicted[row]), round(float(error[row]), 4)]
        for row in chosen
    ]  # fmt: skip
    wrong = int((~predictions.correct).sum())
    note = f"{wrong} of {len(predictions)} predictions are wrong. The table has up to {MOST_OF_A_KIND} texts of each "
    note += "combination of true and predicted label. Error: 1 minus the probability of the true label."
    columns = ["row", "text", "true label", "predicted label", "error"]
    tags = [_tags(predictions, row) for row in chosen]
    return blocks.table(columns, rows, note=note, id="texts", tags=tags)


def worst_errors(predictions: Predictions, classifier: Classifier) -> dict | None:
    """Return the wrong predictions with the largest errors, each word coloured by its effect on the wrong label."""
    targets = classifier.targets
    error = np.where(predictions.correct, -1.0, predictions.error)
    shown, words = [], 0
    for row in np.argsort(-error, kind="stable")[:MOST_EXPLAINED]:
        if error[row] < 0 or words > MOST_WORDS:
            break
        text = blocks.shortened(predictions.texts[row], LONGEST_EXPLAINED)
        explanation = explain(classifier, text)
        words += len(explanation.spans)
        column, sign = _wrong_label(predictions, row)
        true, predicted = (_named(targets, classes[row]) for classes in (predictions.truth, predictions.predicted))
        head = f"Row {predictions.rows[row]}: true label “{true}”, predicted “{predicted}”."
        note = f"Effect of each word {'for' if sign > 0 else 'against'} “{targets.labels[column]}”, "
        note += f"probability {predictions.probabilities[row, column]:.4f}."
        parts = _coloured_parts(explanation.prediction.text, explanation.spans, sign * explanation.effects[:, column])
        shown.append({"head": head, "note": note, "parts": parts})
    return blocks.coloured(shown) if shown else None


def label_errors_table(predictions: Predictions, targets: Targets) -> dict | None:
    """Return a table of labels that are probably wrong."""
    found = label_errors(predictions.truth, predictions.probabilities)
    if not len(found.rows):
        return None
    rows = []
    for row, given, suggested, margin in list(zip(*found, strict=True))[:MOST_LABEL_ERRORS]:
        better = targets.labels[suggested]
        if targets.multilabel:
            better = f"{'without' if predictions.truth[row, given] else 'with'} {better}"
        text, label = blocks.shortened(predictions.texts[row]), _named(targets, predictions.truth[row])
        rows.append([int(predictions.rows[row]), text, label, better, round(float(margin), 4)])
    note = f"{len(found.rows)} labels contradict the predictions (confident learning); the table has the first "
    note += f"{len(rows)}. Margin: probability of the suggested label minus that of the given one."
    columns = ["row", "text", "label", "suggested", "margin"]
    return blocks.table(columns, rows, title="Labels that contradict the predictions", note=note)


def duplicates_table(predictions: Predictions, targets: Targets) -> dict | None:
    """Return a table of nearly equal texts with different labels."""
    first, second = near_pairs(text_array(predictions.texts))
    differs = predictions.truth[first] != predictions.truth[second]
    differs = differs.any(axis=1) if targets.multilabel else differs
    pairs = list(zip(first[differs], second[differs], strict=True))[:MOST_PAIRS]
    if not pairs:
        return None
    rows = [
        [
            f"{predictions.rows[one]} and {predictions.rows[two]}",
            blocks.shortened(predictions.texts[one]),
            _named(targets, predictions.truth[one]),
            blocks.shortened(predictions.texts[two]),
            _named(targets, predictions.truth[two]),
        ]
        for one, two in pairs
    ]
    note = f"{int(differs.sum())} pairs of texts share about 80 % of their word pairs but have different labels."
    columns = ["rows", "text", "label", "similar text", "its label"]
    return blocks.table(columns, rows, title="Near duplicates with different labels", note=note)


def _wrong_label(predictions: Predictions, row: int) -> tuple[int, int]:
    """Return the class index to explain, and whether the prediction has it wrongly (1) or lacks it wrongly (-1)."""
    truth, predicted = predictions.truth[row], predictions.predicted[row]
    if predictions.truth.ndim == 1:
        return int(predicted), 1
    column = int(np.where(truth != predicted, np.abs(truth - predictions.probabilities[row]), -1).argmax())
    return column, -1 if truth[column] else 1


def _tags(predictions: Predictions, row: int) -> list[str]:
    """Return the tags of links to a text: its cell of the matrix, labels missed, and labels predicted wrongly."""
    truth, predicted = predictions.truth[row], predictions.predicted[row]
    if predictions.truth.ndim == 1:
        cell = f"{truth}>{predicted}"
        return [cell] if truth == predicted else [cell, f"missed {truth}", f"wrong {predicted}"]
    missed, wrong = np.flatnonzero(truth & ~predicted), np.flatnonzero(~truth & predicted)
    return [*(f"missed {label}" for label in missed), *(f"wrong {label}" for label in wrong)]


def _named(targets: Targets, classes: np.ndarray) -> str:
    return targets.named(classes) or "–"


def _coloured_parts(text: str, spans: list, effects: np.ndarray) -> list[list]:
    """Return the text in parts, each with its effect as a share of the largest effect."""
    largest = float(np.abs(effects).max(initial=0)) or 1.0
    parts, end = [], 0
    for span, effect in zip(spans, effects.tolist(), strict=True):
        parts += [[text[end : span.start], 0], [text[span.start : span.end], round(effect / largest, 2)]]
        end = span.end
    return [part for part in [*parts, [text[end:], 0]] if part[0]]
