"""Labelled texts: read from files, checked, and split into what is learned from and what is measured on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PlainValidator

from textclf.errors import DataError
from textclf.options import Options
from textclf.readers.options import ReadingOptions
from textclf.readers.sources import joined, read_files

log = logging.getLogger(__name__)

Files = Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)]


def _share_or_files(value: object) -> float | str | list[str]:
    if isinstance(value, float) and 0 < value < 1:
        return value
    if value and (isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))):
        return value
    raise ValueError("a share above 0 and below 1, such as 0.1, or the path of a file")


ShareOrFiles = Annotated[
    float | str | list[str],
    PlainValidator(_share_or_files, json_schema_input_type=Annotated[float, Field(gt=0, lt=1)] | str | list[str]),
]


class ColumnOptions(Options):
    """Where text and label stand in a file."""

    text_column: Files = Field("text", description="Column or field with the text; several are joined.")
    label_column: str = Field("label", min_length=1, description="Column or field with the label or labels.")

    @property
    def text_columns(self) -> list[str]:
        """The columns with text, as a list."""
        return [self.text_column] if isinstance(self.text_column, str) else self.text_column


class DataOptions(ColumnOptions, ReadingOptions):
    """Files of labelled texts: a path, a pattern such as data/*.csv, a folder, or a list of these."""

    train: Files = Field(description="What to learn from.")
    validation: ShareOrFiles = Field(
        0.1,
        description="A share of train, stratified and shuffled, identical texts kept together; or files. "
        "Decides when to stop and which weights to keep.",
    )
    test: Files | None = Field(None, description="Texts that nothing is learned from, for the final figures.")


@dataclass(frozen=True)
class Dataset:
    """Labelled texts of one split.

    Args:
        labels: of each text: exactly one, or any number where the classifier has many; `read_dataset` gives them
            as they stand in the file.
        rows: the numbers of the rows in the file (of all files of the split), counted from 1, int64 (texts,).
    """

    name: str
    texts: pa.LargeStringArray
    labels: list[tuple[str, ...]]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: np.ndarray) -> "Dataset":
        """The texts at `indices`, in that order."""
        labels = [self.labels[index] for index in indices]
        return Dataset(self.name, self.texts.take(pa.array(indices)), labels, self.rows[indices])


def read_dataset(source: str | Sequence[str], columns: ColumnOptions, reading: ReadingOptions) -> Dataset:
    """Read files. A label field of text is one label, as it stands; of a list, its labels; an empty one, none.

    Raises:
        DataError: a file is missing or cannot be read, or there are no rows.
    """
    name = str(source) if isinstance(source, str) else ", ".join(map(str, source))
    tables = list(read_files(source, columns.text_columns, columns.label_column, reading))
    if not tables:
        raise DataError(f"{name}: expected rows of texts and labels, received a file without rows.")
    table = joined(tables)
    labels = table["label"].to_pylist()
    rows = [_stripped([label] if isinstance(label, str) else label) for label in labels]
    return Dataset(name, table["text"].combine_chunks(), rows, np.arange(1, len(rows) + 1))


def with_labels(dataset: Dataset, separator: str | None) -> Dataset:
    """Labels as they stand in the file -> the labels of each text.

    Args:
        separator: between several labels of a text, which may also have none; `None` for exactly one label a
            text: rows without are left out, and said.

    Raises:
        DataError: no row has a label, or one has several where it should have one.
    """
    if not any(dataset.labels):
        raise DataError(f"{dataset.name}: expected labels, received only empty fields. Check data.label_column.")
    if separator is not None:
        split_labels = [_stripped(part for label in row for part in label.split(separator)) for row in dataset.labels]
        return replace(dataset, labels=[tuple(dict.fromkeys(row)) for row in split_labels])
    several = next((index for index, row in enumerate(dataset.labels) if len(row) > 1), None)
    if several is not None:
        raise DataError(
            f"{dataset.name}: expected one label in every row, received {len(dataset.labels[several])} in row "
            f"{dataset.rows[several]}. Set targets.type to multilabel."
        )
    return _without(dataset, np.array([not row for row in dataset.labels]), "have no label")


def without_blank_texts(dataset: Dataset) -> Dataset:
    """The rows that have a text: the others teach nothing and are left out, and said.

    Raises:
        DataError: no text is left.
    """
    blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(dataset.texts)), 0).to_numpy(zero_copy_only=False)
    if blank.all():
        raise DataError(f"{dataset.name}: expected texts, received only empty fields. Check data.text_column.")
    return _without(dataset, blank, "have no text")


def _stripped(labels) -> tuple[str, ...]:
    return tuple(label.strip() for label in labels if label and label.strip())


def _without(dataset: Dataset, unwanted: np.ndarray, reason: str) -> Dataset:
    """The dataset without the marked rows, and a warning that names the first of them."""
    if not unwanted.any():
        return dataset
    rows = dataset.rows[unwanted]
    shown = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
    log.warning("%s: %d of %d rows %s and are left out (rows %s)", dataset.name, len(rows), len(dataset), reason, shown)
    return dataset.take(np.flatnonzero(~unwanted))
