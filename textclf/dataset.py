"""Labelled texts: read from files, checked, and split into what is learned from and what is measured on."""

import logging
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PlainValidator

from textclf.errors import DataError
from textclf.files import open_file
from textclf.options import Options
from textclf.readers import reader_for

log = logging.getLogger(__name__)


def _share_or_file(value: object) -> float | str:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise ValueError("a share above 0 and below 1, such as 0.1, or the path of a file")


ShareOrFile = Annotated[
    float | str,
    PlainValidator(_share_or_file, json_schema_input_type=Annotated[float, Field(gt=0, lt=1)] | str),
]


class DataOptions(Options):
    """Files of labelled texts: .csv or .jsonl, UTF-8, paths relative to the working directory."""

    train: str = Field(min_length=1, description="File with the texts to learn from.")
    validation: ShareOrFile = Field(
        0.1,
        description="A share of train, stratified and shuffled, identical texts kept together; or a file. "
        "Decides when to stop and which weights to keep.",
    )
    test: str | None = Field(None, description="File with texts that nothing is learned from, for the final figures.")
    text_column: str = Field("text", description="Column or field with the text.")
    label_column: str = Field("label", description="Column or field with the label.")


@dataclass(frozen=True)
class Dataset:
    """Labelled texts of one split. `rows` are the numbers of the rows in the file, counted from 1."""

    name: str
    texts: pa.LargeStringArray
    labels: list[str]
    rows: np.ndarray  # int64 (texts,)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: np.ndarray) -> "Dataset":
        """The texts at `indices`, in that order."""
        labels = [self.labels[index] for index in indices]
        return Dataset(self.name, self.texts.take(pa.array(indices)), labels, self.rows[indices])


def read_dataset(path: str, *, text_column: str, label_column: str) -> Dataset:
    """Read one file. Rows without a label are left out, and said.

    Raises:
        DataError: the file is missing, cannot be read, or holds no labelled row.
    """
    reader = reader_for(path)
    columns = list(dict.fromkeys([text_column, label_column]))
    with open_file(path) as stream:
        tables = list(reader.read(stream, columns, path))
    if not tables:
        raise DataError(f"{path}: expected rows of texts and labels, received a file without rows.")
    table = pa.concat_tables(tables).combine_chunks()
    texts = table[text_column].combine_chunks()
    labels = pc.utf8_trim_whitespace(table[label_column]).to_pylist()
    dataset = Dataset(path, texts, labels, np.arange(1, len(labels) + 1))
    labelled = np.array([bool(label) for label in labels])
    if not labelled.any():
        raise DataError(f"{path}: expected labels in column '{label_column}', received only empty fields.")
    return _without(dataset, ~labelled, "have no label")


def read_training_dataset(path: str, *, text_column: str, label_column: str) -> Dataset:
    """As `read_dataset`; rows without a text teach nothing and are left out too, and said.

    Raises:
        DataError: as `read_dataset`, or no text is left.
    """
    dataset = read_dataset(path, text_column=text_column, label_column=label_column)
    blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(dataset.texts)), 0).to_numpy(zero_copy_only=False)
    if blank.all():
        raise DataError(f"{path}: expected texts in column '{text_column}', received only empty fields.")
    return _without(dataset, blank, "have no text")


def split(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """A stratified, shuffled split into (the rest, `share`). Identical texts never fall on both sides.

    Args:
        share: of the rows of every label, as near as whole groups of identical texts allow; every label
            with two different texts or more is on both sides, unless those texts are needed by other labels too.

    Raises:
        DataError: a label with a single row, which cannot be on both sides, or nothing to hold out at all.
    """
    _refuse_single_rows(dataset)
    groups = dataset.texts.dictionary_encode().indices.to_numpy()  # identical texts are one group
    sizes = np.bincount(groups)
    labels = np.array(dataset.labels, object)
    label_of_group = labels[np.unique(groups, return_index=True)[1]]  # that of its first row
    held_out, needed = np.zeros((2, len(sizes)), bool)
    random = np.random.default_rng(seed)
    groups_of = {label: np.unique(groups[labels == label]) for label in sorted(set(dataset.labels))}
    for own in groups_of.values():
        needed[own] |= len(own) == 1  # the only text of a label, whatever other labels it has too, is learned
    for label, own in groups_of.items():
        candidates = random.permutation(own[(label_of_group[own] == label) & ~needed[own]])
        most = len(candidates) if needed[own].any() else len(candidates) - 1
        held_out[_share_of(candidates, sizes, share, most)] = True
    for own in groups_of.values():  # with contradicting labels, other labels may have held out all of one
        if held_out[own].all():
            held_out[own[0]] = False
    in_share = held_out[groups]
    if not in_share.any():
        raise DataError(
            f"{dataset.name}: expected a label with at least two different texts, one to learn from and one to "
            "validate on, received only repetitions. Add rows, or give data.validation a file of its own."
        )
    return dataset.take(np.flatnonzero(~in_share)), dataset.take(np.flatnonzero(in_share))


def _share_of(groups: np.ndarray, sizes: np.ndarray, share: float, most: int) -> list[int]:
    """The first of the groups that fit into the share of their rows: at least one where `most` allows any."""
    left = max(1, round(share * sizes[groups].sum()))
    chosen = []
    for group in groups:
        if not left or len(chosen) == most:
            break
        if sizes[group] <= left:
            chosen.append(group)
            left -= sizes[group]
    if not chosen and most > 0:
        chosen = [groups[sizes[groups].argmin()]]
    return chosen


def _without(dataset: Dataset, unwanted: np.ndarray, reason: str) -> Dataset:
    """The dataset without the marked rows, and a warning that names the first of them."""
    if not unwanted.any():
        return dataset
    rows = dataset.rows[unwanted]
    shown = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
    log.warning(
        "%s: %d of %d rows %s and are left out (rows %s)",
        dataset.name,
        len(rows),
        len(dataset),
        reason,
        shown,
    )
    return dataset.take(np.flatnonzero(~unwanted))


def _refuse_single_rows(dataset: Dataset) -> None:
    labels, first, counts = np.unique(np.array(dataset.labels, object), return_index=True, return_counts=True)
    single = np.flatnonzero(counts == 1)
    if len(single) and len(labels) > 1:
        named = ", ".join(f"'{labels[index]}' (row {dataset.rows[first[index]]})" for index in single[:5])
        more = f" and {len(single) - 5} more" if len(single) > 5 else ""
        raise DataError(
            f"{dataset.name}: expected at least two rows of every label, one to learn from and one to validate on, "
            f"received a single row of {named}{more}. Add rows, merge or remove the label, "
            "or give data.validation a file of its own."
        )
