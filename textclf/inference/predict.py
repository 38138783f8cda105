"""Predict texts and format the predictions as they come: one text a line, JSON Lines or CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import click
import numpy as np

from textclf.data.targets import Targets
from textclf.inference.classifier import Classifier

UNSURE = "unsure"
CONTROL_CHARACTERS = dict.fromkeys([*range(32), *range(127, 160)], " ")


class Prediction(NamedTuple):
    """The prediction for one text."""

    text: str
    labels: tuple[str, ...]  # one; any number with a multi-label classifier; none where the classifier abstains
    label_probabilities: list[float]  # of `labels`; where the classifier abstains the highest probability
    probabilities: dict[str, float]  # of all labels in the classifier's order, or of the top k, the best first

    def to_dict(self, targets: Targets) -> dict:
        """Return plain JSON: "label" (null: unsure) and "probability", or "labels" of a multi-label classifier."""
        if targets.multilabel:
            predicted: dict[str, Any] = {"labels": list(self.labels)}
        else:
            label = self.labels[0] if self.labels else None
            predicted = {"label": label, "probability": self.label_probabilities[0]}
        return {"text": self.text, **predicted, "probabilities": self.probabilities}


def predict_texts(
    classifier: Classifier, texts: list[str], *, threshold: float | None = None, top_k: int | None = None
) -> list[Prediction]:
    """Return the prediction for every text.

    Args:
        classifier: what predicts.
        texts: any number of them.
        threshold: as for `Classifier.predict`.
        top_k: give the probabilities of only so many labels, the most probable first.

    Raises:
        DataError: a threshold for a classifier with three or more exclusive labels.
    """
    return make_predictions(classifier, texts, classifier.predict_proba(texts), threshold=threshold, top_k=top_k)


def make_predictions(
    classifier: Classifier,
    texts: Sequence[str],
    probabilities: np.ndarray,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
) -> list[Prediction]:
    """Return predictions from probabilities, (texts, labels). The other arguments are those of `predict_texts`."""
    targets, decoded = classifier.targets, classifier.decode(probabilities, threshold)
    columns = {label: index for index, label in enumerate(targets.labels)}
    shown: Sequence[int] = range(len(targets.labels))
    rows = probabilities.astype(float).round(6).tolist()
    predictions = []
    for text, labels, row in zip(texts, decoded, rows, strict=True):
        if top_k is not None:
            shown = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:top_k]
        of_labels = [row[columns[label]] for label in labels]
        if not labels and not targets.multilabel:
            of_labels = [max(row)]
        predictions.append(Prediction(text, labels, of_labels, {targets.labels[index]: row[index] for index in shown}))
    return predictions


def format_predictions(
    classifier: Classifier,
    chunks: Iterable[list[str]],
    format: str,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
) -> Iterator[str]:
    """Yield the lines to print, chunk by chunk, in the order of the texts.

    Args:
        classifier: what predicts.
        chunks: texts; each chunk is predicted as it comes.
        format: a key of `FORMATTERS`.
        threshold: as for `predict_texts`.
        top_k: as for `predict_texts`.
    """
    formatter = FORMATTERS[format]
    for number, texts in enumerate(chunks):
        predictions = predict_texts(classifier, texts, threshold=threshold, top_k=top_k)
        yield from formatter(predictions, classifier.targets, with_header=number == 0, only_top=top_k is not None)


def check_request(texts: Sequence[str], file: str | None, format: str, *, top_k: int | None, explain: bool) -> None:
    """Check that the options of `textclf predict` go together.

    Raises:
        click.UsageError: they do not.
    """
    if bool(texts) == bool(file):
        raise click.UsageError('expected either texts or --file, as in: textclf predict "a wonderful film"')
    if format == "csv" and top_k:
        raise click.UsageError("--top-k needs --format text or jsonl: in csv each label has its own column.")
    if format == "csv" and explain:
        raise click.UsageError("--explain needs --format text or jsonl: csv has no columns for words.")


@lru_cache  # few labels, many predictions
def one_line(label: str) -> str:
    """Return a label without tabs, line breaks and terminal control characters."""
    return " ".join(label.translate(CONTROL_CHARACTERS).split())


def _as_text(predictions: list[Prediction], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Yield `label<TAB>probability` for every text, several labels joined by the separator, or the top k in a row.

    `unsure` stands for the label where the classifier abstains.
    """
    for prediction in predictions:
        if only_top:
            pairs = [(label, f"{value:.4f}") for label, value in prediction.probabilities.items()]
            yield "\t".join(part for label, value in pairs for part in (one_line(label), value))
        else:
            values = [f"{value:.4f}" for value in prediction.label_probabilities]
            abstains = not (prediction.labels or targets.multilabel)
            labels = UNSURE if abstains else one_line(targets.joined(prediction.labels))
            yield f"{labels}\t{targets.joined(values)}"


def _as_jsonl(predictions: list[Prediction], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Yield `Prediction.to_dict` of every text."""
    for prediction in predictions:
        yield json.dumps(prediction.to_dict(targets), ensure_ascii=False)


def _as_csv(predictions: list[Prediction], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Yield text, label (joined by the separator; empty: unsure) and one column for the probability of every label."""
    if with_header:
        columns = ["labels"] if targets.multilabel else ["label", "probability"]
        yield _csv_line(["text", *columns, *(f"probability_{label}" for label in targets.labels)])
    for prediction in predictions:
        values = [*([] if targets.multilabel else prediction.label_probabilities), *prediction.probabilities.values()]
        yield _csv_line([prediction.text, targets.joined(prediction.labels), *(f"{value:.6f}" for value in values)])


def _csv_line(fields: list) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue().removesuffix("\n")


FORMATTERS = {"text": _as_text, "jsonl": _as_jsonl, "csv": _as_csv}
