"""List training texts whose label is probably wrong, for a person to review (`textclf audit`)."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config, load_config
from textclf.core.csv_lines import csv_lines
from textclf.core.output_file import check_output, output_file
from textclf.core.text_column import text_array
from textclf.data.checks.near_duplicates import near_pairs
from textclf.data.targets import Targets
from textclf.evaluation.label_errors import label_errors
from textclf.evaluation.predictions_file import Predictions, read_predictions
from textclf.inference.classifier import load_classifier
from textclf.training.cross_validation import cross_validate, fold_of

log = logging.getLogger(__name__)
COLUMNS = ("row", "problem", "text", "label", "suggested", "margin", "other_row", "other_text")


class Audit(NamedTuple):
    """The file of an audit, and what it lists."""

    path: Path  # the CSV file
    texts: int
    doubtful: int  # labels that are probably wrong
    pairs: int  # of texts that are almost the same and have different labels


def audit(
    config: str | Path | Mapping | Config,
    overrides: Iterable[str] = (),
    *,
    folds: int = 5,
    run: str | None = None,
    output: str | Path | None = None,
) -> Audit:
    """Cross-validate, and write a CSV file of the training texts whose label is probably wrong.

    First come the label errors, the most certain first (confident learning, see `label_errors.py`), then the only rows
    of a label, which may be misspelt, then the near duplicates with different labels.

    Args:
        config, overrides, folds, run: as for `cross_validate`, which leaves its own run folder. `training.inner_folds`
            is null in it: every text has an out-of-fold prediction already.
        output: the file; by default `audit.csv` in that folder.

    Raises:
        ConfigError, DataError: the config or the data cannot be used; nothing was written then.
        WriteError: the file cannot be written.
        TrainingError: a training cannot go on.
    """
    if output:
        check_output(output)
    overrides = overrides if isinstance(overrides, str) else [*overrides]  # read twice
    if load_config(config, overrides).training.inner_folds:
        log.info("inner folds: none in an audit, whose own folds predict every text")
        overrides = [*overrides, "training.inner_folds=null"]
    folder = cross_validate(config, overrides, folds=folds, run=run)
    classifier = load_classifier(fold_of(folder, 1).classifier)
    targets, predictions = classifier.targets, read_predictions(folder, classifier, most_rows=None)
    path = Path(output) if output else folder.path / "audit.csv"
    doubtful, pairs = list(_doubtful_lines(predictions, targets)), list(_pair_lines(predictions, targets))
    doubtful += _rare_lines(predictions, targets, {line[0] for line in doubtful})
    with output_file(path) as stream:
        stream.writelines(f"{line}\n" for line in csv_lines([COLUMNS, *doubtful, *pairs]))
    return Audit(path, len(predictions), len(doubtful), len(pairs))


def _doubtful_lines(predictions: Predictions, targets: Targets) -> Iterator[list]:
    for row, given, suggested, margin in zip(*label_errors(predictions.truth, predictions.probabilities), strict=True):
        instead = suggested
        if targets.multilabel:
            instead = predictions.truth[row].copy()
            instead[given] = not instead[given]
        text, label = predictions.texts[row], targets.named(predictions.truth[row])
        yield [predictions.rows[row], "label", text, label, targets.named(instead), f"{margin:.4f}", "", ""]


def _rare_lines(predictions: Predictions, targets: Targets, listed: set[int]) -> Iterator[list]:
    """Yield the only row of each label that is not listed yet: a label that nothing else has may be misspelt."""
    if targets.multilabel:
        return
    counts = np.bincount(predictions.truth, minlength=len(targets.labels))
    for row in np.flatnonzero(counts[predictions.truth] == 1):
        given, probabilities = predictions.truth[row], predictions.probabilities[row].copy()
        own, probabilities[given] = probabilities[given], -1
        suggested = probabilities.argmax()
        if predictions.rows[row] not in listed:
            text, label, instead = predictions.texts[row], targets.named(given), targets.named(suggested)
            margin = f"{probabilities[suggested] - own:.4f}"
            yield [predictions.rows[row], "only row of its label", text, label, instead, margin, "", ""]


def _pair_lines(predictions: Predictions, targets: Targets) -> Iterator[list]:
    """Yield, for each pair, the text with the less probable label, and the label of the other text."""
    for first, second in zip(*near_pairs(text_array(predictions.texts)), strict=True):
        if np.array_equal(predictions.truth[first], predictions.truth[second]):
            continue
        own = [_belief(predictions, row, targets) for row in (first, second)]
        row, other = (first, second) if own[0] <= own[1] else (second, first)
        label, suggested = targets.named(predictions.truth[row]), targets.named(predictions.truth[other])
        margin = f"{abs(own[0] - own[1]):.4f}"
        text, other_text = predictions.texts[row], predictions.texts[other]
        yield [
            predictions.rows[row],
            "near duplicate",
            text,
            label,
            suggested,
            margin,
            predictions.rows[other],
            other_text,
        ]


def _belief(predictions: Predictions, row: int, targets: Targets) -> float:
    """Return the probability of the given label; for a multi-label task the lowest over all labels."""
    probabilities, truth = predictions.probabilities[row], predictions.truth[row]
    if targets.multilabel:
        return float(np.where(truth, probabilities, 1 - probabilities).min())
    return float(probabilities[truth])
