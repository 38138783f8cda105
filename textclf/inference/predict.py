"""Predict texts and format the predictions as they come: one text a line, JSON Lines or CSV."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import click
import numpy as np

from textclf.core.errors import DataError
from textclf.data.targets import Targets
from textclf.inference.classifier import Classifier

UNSURE = "unsure"
PROBABILITY = "probability_"  # prefix of the columns of csv
INPUT = "input_"  # prefix of kept fields that have a name of ours
OUR_FIELDS = {"text", "label", "labels", "probability", "probabilities", "explanation"}
Header = list[str] | None  # the names of the kept fields, if the lines begin with the header of csv
CONTROL_CHARACTERS = dict.fromkeys([*range(32), *range(127, 160)], " ")


class Prediction(NamedTuple):
    """The prediction for one text."""

    text: str
    labels: tuple[str, ...]  # one; any number with a multi-label classifier; none where the classifier abstains
    label_probabilities: list[float]  # of `labels`; where the classifier abstains the highest probability
    probabilities: dict[str, float]  # of all labels in the classifier's order, or of the top k, the best first
    kept: dict[str, Any] = MappingProxyType({})  # type: ignore[assignment]  # further fields of the row of the text

    def to_dict(self, targets: Targets) -> dict:
        """Return plain JSON: "label" (null: unsure) and "probability", or "labels" of a multi-label classifier.

        The fields of `kept` come first.
        """
        if targets.multilabel:
            predicted: dict[str, Any] = {"labels": list(self.labels)}
        else:
            label = self.labels[0] if self.labels else None
            predicted = {"label": label, "probability": self.label_probabilities[0]}
        return {**self.kept, "text": self.text, **predicted, "probabilities": self.probabilities}


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
    shown: Sequence[int] = range(len(targets.labels))
    rounded = probabilities.astype(float).round(6)
    predictions = []
    answers = zip(texts, decoded, of_labels(rounded, decoded, targets), rounded.tolist(), strict=True)
    for text, labels, values, row in answers:
        if top_k is not None:
            shown = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:top_k]
        predictions.append(Prediction(text, labels, values, {targets.labels[index]: row[index] for index in shown}))
    return predictions


def of_labels(probabilities: np.ndarray, decoded: list[tuple[str, ...]], targets: Targets) -> list[list[float]]:
    """Return the probability of each label of each text; the highest one where the classifier abstains.

    Args:
        probabilities: (texts, labels).
        decoded: the labels of each text.
    """
    places = {label: place for place, label in enumerate(targets.labels)}
    return [
        [float(row[places[label]]) for label in labels] if labels or targets.multilabel else [float(row.max())]
        for labels, row in zip(decoded, probabilities, strict=True)
    ]


def format_predictions(
    classifier: Classifier,
    chunks: Iterable[list[str]],
    format: str,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
    keep: Sequence[str] | None = None,
) -> Iterator[str]:
    """Yield the lines to print, chunk by chunk, in the order of the texts.

    Args:
        classifier: what predicts.
        chunks: texts; each chunk is predicted as it comes. `text_source.Texts` also hold fields to keep.
        format: a key of `FORMATTERS`.
        threshold: as for `predict_texts`.
        top_k: as for `predict_texts`.
        keep: the names of the fields to keep, for the header of csv without a text.
    """
    formatter = FORMATTERS[format]
    columns: list[str] | None = None  # of the kept fields in csv
    for texts in chunks:
        predictions = predict_texts(classifier, texts, threshold=threshold, top_k=top_k)
        predictions = with_kept(predictions, getattr(texts, "kept", None))
        header = None
        if format == "csv" and predictions:
            if columns is None:
                header = columns = list(predictions[0].kept)
            predictions = [_in_columns(prediction, columns) for prediction in predictions]
        yield from formatter(predictions, classifier.targets, header=header, only_top=top_k is not None)
    if format == "csv" and columns is None:
        from textclf.data.readers.columns import ALL

        names = [] if keep is None or list(keep) == [ALL] else keep
        header = [kept_name(name, names) for name in names]
        yield from formatter([], classifier.targets, header=header, only_top=top_k is not None)


def with_kept(predictions: list[Prediction], kept: Sequence[dict] | None) -> list[Prediction]:
    """Return predictions with the fields that are kept of each row, if any are.

    A field with the name of one of ours gets the prefix `input_`.
    """
    if kept is None:
        return predictions
    return [prediction._replace(kept=_prefixed(row)) for prediction, row in zip(predictions, kept, strict=True)]


def _in_columns(prediction: Prediction, columns: list[str]) -> Prediction:
    """Return a prediction with the kept fields of a CSV file, in its order; a field that the row lacks is empty.

    Raises:
        DataError: the row has another field.
    """
    if list(prediction.kept) == columns:
        return prediction
    if other := prediction.kept.keys() - set(columns):
        raise DataError(
            f"--keep all: expected the fields of the first row in every row ({', '.join(columns)}), got "
            f"'{min(other)}' in a later one. Name the fields to keep, as in --keep id,date, or write --format jsonl."
        )
    return prediction._replace(kept={column: prediction.kept.get(column) for column in columns})


def _prefixed(row: dict[str, Any]) -> dict[str, Any]:
    return {kept_name(name, row): value for name, value in row.items()}


def kept_name(name: str, others: Collection[str]) -> str:
    """Return the name that a kept field has in the output: with the prefix `input_` where it would hide one of ours.

    Args:
        others: the names of all kept fields, which it must not hide either.
    """
    new = name
    while new in OUR_FIELDS or new.startswith(PROBABILITY) or (new != name and new in others):
        new = f"{INPUT}{new}"
    return new


def check_request(
    texts: Sequence[str], file: str | None, format: str, *, top_k: int | None, explain: bool, keep: Sequence[str] | None
) -> None:
    """Check that the options of `textclf predict` go together.

    Raises:
        click.UsageError: they do not.
    """
    if bool(texts) == bool(file):
        program = click.get_current_context().command_path  # that of a wheel has the name of the wheel
        raise click.UsageError(f'expected either texts or --file, as in: {program} "a wonderful film"')
    if keep is not None and not file:
        raise click.UsageError("--keep needs --file: texts of the command line have no columns.")
    if keep is not None and format == "text":
        raise click.UsageError("--keep needs --format csv, jsonl or parquet: text has no columns.")
    if format in ("csv", "parquet") and top_k:
        raise click.UsageError(f"--top-k needs --format text or jsonl: in {format} each label has its own column.")
    if format == "csv" and explain:
        raise click.UsageError("--explain needs --format text or jsonl: csv has no columns for words.")


@lru_cache  # few labels, many predictions
def one_line(label: str) -> str:
    """Return a label without tabs, line breaks and terminal control characters."""
    return " ".join(label.translate(CONTROL_CHARACTERS).split())


def _as_text(predictions: list[Prediction], targets: Targets, *, header: Header, only_top: bool) -> Iterator[str]:  # noqa: ARG001
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


def _as_jsonl(predictions: list[Prediction], targets: Targets, *, header: Header, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Yield `Prediction.to_dict` of every text."""
    for prediction in predictions:
        yield json.dumps(prediction.to_dict(targets), ensure_ascii=False)


def _as_csv(predictions: list[Prediction], targets: Targets, *, header: Header, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Yield text, label (joined by the separator; empty: unsure) and one column for the probability of every label.

    The columns of kept fields, which the header has, come before them.
    """
    if header is not None:
        columns = ["labels"] if targets.multilabel else ["label", "probability"]
        ours = ["text", *columns, *(f"{PROBABILITY}{label}" for label in targets.labels)]
        yield _csv_line([*header, *ours])
    for prediction in predictions:
        values = [*([] if targets.multilabel else prediction.label_probabilities), *prediction.probabilities.values()]
        fields = [*map(_field, prediction.kept.values()), prediction.text, targets.joined(prediction.labels)]
        yield _csv_line([*fields, *(f"{value:.6f}" for value in values)])


def _field(value: Any) -> str:
    """Return a kept value as CSV has it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv_line(fields: list) -> str:
    from textclf.core.csv_lines import csv_lines

    return next(csv_lines([fields]))


FORMATTERS = {"text": _as_text, "jsonl": _as_jsonl, "csv": _as_csv}
