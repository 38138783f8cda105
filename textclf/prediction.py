"""Texts in, labels and probabilities out, as they come."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import numpy as np

from textclf.classifier import Classifier, load_classifier
from textclf.files import atomic_file, open_file
from textclf.readers import FORMATS, lines
from textclf.run_folder import RunFolder, find_classifier


def load(run: str | Path | RunFolder | None = None) -> Classifier:
    """The classifier of a run: its folder, its name below `runs/`, or a (copied) classifier folder.

    Without an argument, that of the newest finished run.

    Raises:
        RunError: there is no such run, or its classifier cannot be used.
    """
    return load_classifier(find_classifier(run))


def read_texts(stream: BinaryIO, *, format: str | None, column: str, name: str) -> Iterator[list[str]]:
    """Texts of a file or pipe, chunk by chunk.

    Args:
        format: csv, jsonl or txt (a text a line); by default what the ending of `name` says, otherwise txt.
        column: the column or field with the text.
    """
    reader = FORMATS.get(format or Path(name).suffix.lower().removeprefix("."), lines)
    for table in reader.read(stream, [column], name):
        yield table[column].to_pylist()


@contextmanager
def open_texts(path: str | None) -> Iterator[BinaryIO | None]:
    """A file, or standard input for `-`; nothing for `None`."""
    if path is None:
        yield None
    elif path == "-":
        yield sys.stdin.buffer
    else:
        with open_file(path) as stream:
            yield stream


def write_lines(lines_to_write: Iterable[str], path: str | None) -> None:
    """Lines to standard output as they come, or to a file that is there whole or not at all."""
    if path is None:
        for line in lines_to_write:
            click.echo(line)
        return
    with atomic_file(Path(path)) as stream:
        stream.writelines(f"{line}\n" for line in lines_to_write)


def answer(classifier: Classifier, chunks: Iterable[list[str]], format: str) -> Iterator[str]:
    """Lines to print for texts, chunk by chunk, in the order of the texts."""
    write = FORMATTERS[format]
    for number, texts in enumerate(chunks):
        yield from write(texts, classifier.predict_proba(texts), classifier.labels, number == 0)


def _as_text(texts: list[str], probabilities: np.ndarray, labels: list[str], first: bool) -> Iterator[str]:  # noqa: ARG001
    """`label<TAB>probability`: a line for every text, and nothing else to take apart."""
    for row in probabilities:
        best = int(row.argmax())
        yield f"{' '.join(labels[best].split())}\t{row[best]:.4f}"


def _as_jsonl(texts: list[str], probabilities: np.ndarray, labels: list[str], first: bool) -> Iterator[str]:  # noqa: ARG001
    """`{"text", "label", "probability", "probabilities": {label: p}}`."""
    for text, row in zip(texts, probabilities.astype(float).round(6).tolist(), strict=True):
        best = max(range(len(labels)), key=row.__getitem__)
        content = {
            "text": text,
            "label": labels[best],
            "probability": row[best],
            "probabilities": dict(zip(labels, row, strict=True)),
        }
        yield json.dumps(content, ensure_ascii=False)


def _as_csv(texts: list[str], probabilities: np.ndarray, labels: list[str], first: bool) -> Iterator[str]:
    """Text, label, probability and one column for the probability of every label."""
    if first:
        yield _csv_line(["text", "label", "probability", *(f"probability_{label}" for label in labels)])
    for text, row in zip(texts, probabilities, strict=True):
        best = int(row.argmax())
        yield _csv_line([text, labels[best], *(f"{value:.6f}" for value in (row[best], *row))])


def _csv_line(fields: list) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue().removesuffix("\n")


FORMATTERS = {
    "text": _as_text,
    "jsonl": _as_jsonl,
    "csv": _as_csv,
}
