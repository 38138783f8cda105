"""Texts in, labels and probabilities out, as they come."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import click

from textclf.core.files import atomic_file
from textclf.core.run_folder import RunFolder, find_classifier
from textclf.data.targets import Targets
from textclf.inference.classifier import Classifier, load_classifier


def load(run: str | Path | RunFolder | None = None) -> Classifier:
    """The classifier of a run: its folder, its name below `runs/`, or a (copied) classifier folder.

    Without an argument, that of the newest finished run.

    Raises:
        RunError: there is no such run, or its classifier cannot be used.
    """
    return load_classifier(find_classifier(run))


UNSURE = "unsure"
CONTROL_CHARACTERS = dict.fromkeys([*range(32), *range(127, 160)], " ")


class Answer(NamedTuple):
    """What is said of one text."""

    text: str
    labels: tuple[str, ...]  # one, or any number where the classifier has many; none where it is unsure
    label_probabilities: list[float]  # of these; where it is unsure the highest
    probabilities: dict[str, float]  # of all labels in their order, or of the most probable ones, these first

    def to_dict(self, targets: Targets) -> dict:
        """As plain JSON: `"label"` (`null`: unsure) and `"probability"`, or `"labels"` where there are many."""
        if targets.many:
            said: dict[str, Any] = {"labels": list(self.labels)}
        else:
            said = {"label": self.labels[0] if self.labels else None, "probability": self.label_probabilities[0]}
        return {"text": self.text, **said, "probabilities": self.probabilities}


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


def write_lines(lines: Iterable[str], path: str | None) -> None:
    """Lines to standard output as they come, or to a file that is there whole or not at all."""
    if path is None:
        for line in lines:
            click.echo(line)
        return
    with atomic_file(Path(path)) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def answers(
    classifier: Classifier, texts: list[str], *, threshold: float | None = None, top_k: int | None = None
) -> list[Answer]:
    """Answers for texts.

    Args:
        threshold: as for `Classifier.predict`.
        top_k: how many of the most probable labels to give, the most probable first; by default all, in their order.

    Raises:
        DataError: a threshold where one of several labels is the answer.
    """
    probabilities = classifier.predict_proba(texts)
    decoded = classifier.targets.decode(probabilities, threshold)
    names = classifier.labels
    places = {label: index for index, label in enumerate(names)}
    shown: Sequence[int] = range(len(names))
    rows = probabilities.astype(float).round(6).tolist()
    made = []
    for text, labels, row in zip(texts, decoded, rows, strict=True):
        if top_k is not None:
            shown = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:top_k]
        of_labels = [row[places[label]] for label in labels]
        if not labels and not classifier.targets.many:
            of_labels = [max(row)]
        made.append(Answer(text, labels, of_labels, {names[index]: row[index] for index in shown}))
    return made


def answer_lines(
    classifier: Classifier,
    chunks: Iterable[list[str]],
    format: str,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
) -> Iterator[str]:
    """Lines to print for texts, chunk by chunk, in the order of the texts; arguments as for `answers`."""
    write = FORMATTERS[format]
    for number, texts in enumerate(chunks):
        made = answers(classifier, texts, threshold=threshold, top_k=top_k)
        yield from write(made, classifier.targets, with_header=number == 0, only_top=top_k is not None)


def _as_text(made: list[Answer], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """`label<TAB>probability` on a line for every text; several labels between separators, or by rank.

    In place of the label stands `unsure` where the classifier is that.
    """
    for answer in made:
        if only_top:
            pairs = [(label, f"{value:.4f}") for label, value in answer.probabilities.items()]
            yield "\t".join(part for label, value in pairs for part in (one_line(label), value))
        else:
            values = [f"{value:.4f}" for value in answer.label_probabilities]
            unsure = not (answer.labels or targets.many)
            said = UNSURE if unsure else one_line(targets.joined(answer.labels))
            yield f"{said}\t{targets.joined(values)}"


def _as_jsonl(made: list[Answer], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """`{"text", "label", "probability", "probabilities": {label: p}}`, or `"labels": […]` where there are many."""
    for answer in made:
        yield json.dumps(answer.to_dict(targets), ensure_ascii=False)


def _as_csv(made: list[Answer], targets: Targets, *, with_header: bool, only_top: bool) -> Iterator[str]:  # noqa: ARG001
    """Text, label (several between separators, none: unsure) and one column for the probability of every label."""
    if with_header:
        answer_columns = ["labels"] if targets.many else ["label", "probability"]
        yield _csv_line(["text", *answer_columns, *(f"probability_{label}" for label in targets.labels)])
    for answer in made:
        values = [*([] if targets.many else answer.label_probabilities), *answer.probabilities.values()]
        yield _csv_line([answer.text, targets.joined(answer.labels), *(f"{value:.6f}" for value in values)])


@lru_cache  # there are few labels, and many answers
def one_line(label: str) -> str:
    """A label without tabs and line breaks, which would break the line apart, nor what commands a terminal."""
    return " ".join(label.translate(CONTROL_CHARACTERS).split())


def _csv_line(fields: list) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue().removesuffix("\n")


FORMATTERS = {
    "text": _as_text,
    "jsonl": _as_jsonl,
    "csv": _as_csv,
}
