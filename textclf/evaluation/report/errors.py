"""The texts behind the figures: what was answered wrongly and which words did it, and which labels look wrong."""

import numpy as np

from textclf.core.text_column import text_array
from textclf.data.checks.near_duplicates import near_pairs
from textclf.data.targets import Targets
from textclf.evaluation.label_errors import label_errors, label_errors_of_many
from textclf.evaluation.predictions_file import Answers
from textclf.evaluation.report import blocks
from textclf.evaluation.report.scores import right_of
from textclf.inference.classifier import Classifier
from textclf.inference.explain import explain

MOST_TEXTS = 1500  # in the table of texts
MOST_OF_A_KIND = 20  # texts of one cell of the confusion matrix
MOST_EXPLAINED = 15
MOST_WORDS = 1500  # explained in all: each is an answer of the network
MOST_SUSPECTS = 100
MOST_PAIRS = 100
LONGEST_EXPLAINED = 2000  # characters


def texts_table(answers: Answers, targets: Targets) -> dict:
    """Texts answered wrongly, the most certain first, some of every confusion; and a few that are right."""
    doubt = _wrongness(answers, targets)
    chosen: list[int] = []
    seen: dict[str, int] = {}
    for row in np.argsort(-doubt, kind="stable"):
        kinds = _tags(answers, row, targets)
        if any(seen.get(kind, 0) < MOST_OF_A_KIND for kind in kinds):
            chosen.append(row)
            for kind in kinds:
                seen[kind] = seen.get(kind, 0) + 1
        if len(chosen) == MOST_TEXTS:
            break
    rows = [
        [int(answers.rows[row]), blocks.shortened(answers.texts[row]), _shown(targets, answers.truth[row]),
         _shown(targets, answers.predicted[row]), round(float(doubt[row]), 4)]
        for row in chosen
    ]  # fmt: skip
    wrong = int((~right_of(answers)).sum())
    note = f"{wrong} of {len(answers)} texts are answered wrongly; up to {MOST_OF_A_KIND} of every kind are here."
    columns = ["row", "text", "label", "answer", "how wrong"]
    tags = [_tags(answers, row, targets) for row in chosen]
    return blocks.table(columns, rows, title="Texts", note=note, id="texts", tags=tags)


def worst_errors(answers: Answers, classifier: Classifier) -> dict | None:
    """The mistakes that were most certain, with every word coloured by what it does to the wrong answer."""
    targets = classifier.targets
    doubt = np.where(right_of(answers), -1.0, _wrongness(answers, targets))
    shown, words = [], 0
    for row in np.argsort(-doubt, kind="stable")[:MOST_EXPLAINED]:
        if doubt[row] < 0 or words > MOST_WORDS:
            break
        text = blocks.shortened(answers.texts[row], LONGEST_EXPLAINED)
        explanation = explain(classifier, text)
        words += len(explanation.spans)
        column, sign = _blamed(answers, row, targets)
        effects = sign * explanation.effects[:, column]
        said = f"row {answers.rows[row]}: “{_shown(targets, answers.truth[row])}” answered with "
        said += f"“{_shown(targets, answers.predicted[row])}”"
        where = f"words that speak {'for' if sign > 0 else 'against'} “{targets.labels[column]}”"
        parts = _parts(explanation.prediction.text, explanation.spans, effects)
        shown.append({"head": said, "note": f"{where}, {answers.probabilities[row, column]:.4f}", "parts": parts})
    return blocks.coloured(shown) if shown else None


def suspects_table(answers: Answers, targets: Targets) -> dict | None:
    """Labels of the measured texts that are probably wrong."""
    find = label_errors_of_many if targets.many else label_errors
    found = find(answers.truth, answers.probabilities)
    if not len(found.rows):
        return None
    rows = []
    for row, given, suggested, margin in list(zip(*found, strict=True))[:MOST_SUSPECTS]:
        instead = targets.labels[suggested]
        if targets.many:
            instead = f"{'without' if answers.truth[row, given] else 'with'} {instead}"
        text = blocks.shortened(answers.texts[row])
        rows.append(
            [int(answers.rows[row]), text, _shown(targets, answers.truth[row]), instead, round(float(margin), 4)]
        )
    note = f"{len(found.rows)} labels the classifier speaks against, by confident learning; the first {len(rows)}."
    return blocks.table(["row", "text", "label", "probably", "margin"], rows, title="Labels in doubt", note=note)


def duplicates_table(answers: Answers, targets: Targets) -> dict | None:
    """Texts that are almost the same and have different labels."""
    first, second = near_pairs(text_array(answers.texts))
    other = answers.truth[first] != answers.truth[second]
    other = other.any(axis=1) if targets.many else other
    pairs = list(zip(first[other], second[other], strict=True))[:MOST_PAIRS]
    if not pairs:
        return None
    rows = [
        [
            f"{answers.rows[one]} and {answers.rows[two]}",
            blocks.shortened(answers.texts[one]),
            _shown(targets, answers.truth[one]),
            blocks.shortened(answers.texts[two]),
            _shown(targets, answers.truth[two]),
        ]
        for one, two in pairs
    ]
    note = f"{int(other.sum())} pairs that share about 80 % of their pairs of words; one label of each may be wrong."
    columns = ["rows", "text", "label", "almost the same text", "its label"]
    return blocks.table(columns, rows, title="Near duplicates with different labels", note=note)


def _wrongness(answers: Answers, targets: Targets) -> np.ndarray:
    """How far the probabilities are from the truth: 1 less that of the true label, or the worst of many labels."""
    if targets.many:
        return np.abs(answers.truth - answers.probabilities).max(axis=1)
    return 1 - answers.probabilities[np.arange(len(answers)), answers.truth]


def _blamed(answers: Answers, row: int, targets: Targets) -> tuple[int, int]:
    """Which label is to be explained, and whether for (1) or against it (-1)."""
    if not targets.many:
        return int(answers.predicted[row]), 1
    wrong = np.where(
        answers.truth[row] != answers.predicted[row], np.abs(answers.truth[row] - answers.probabilities[row]), -1
    )
    column = int(wrong.argmax())
    return column, -1 if answers.truth[row, column] else 1


def _tags(answers: Answers, row: int, targets: Targets) -> list[str]:
    """By which links a text is found: its cell of the matrix, and labels that were missed or answered wrongly."""
    truth, predicted = answers.truth[row], answers.predicted[row]
    if not targets.many:
        cell = f"{truth}>{predicted}"
        return [cell] if truth == predicted else [cell, f"missed {truth}", f"wrong {predicted}"]
    missed, wrong = np.flatnonzero(truth & ~predicted), np.flatnonzero(~truth & predicted)
    return [*(f"missed {label}" for label in missed), *(f"wrong {label}" for label in wrong)]


def _shown(targets: Targets, classes: np.ndarray) -> str:
    return targets.named(classes) or "–"


def _parts(text: str, spans: list, effects: np.ndarray) -> list[list]:
    """A text as pieces, each with its effect as a share of the largest one."""
    largest = float(np.abs(effects).max(initial=0)) or 1.0
    parts, end = [], 0
    for span, effect in zip(spans, effects.tolist(), strict=True):
        parts += [[text[end : span.start], 0], [text[span.start : span.end], round(effect / largest, 2)]]
        end = span.end
    return [part for part in [*parts, [text[end:], 0]] if part[0]]
