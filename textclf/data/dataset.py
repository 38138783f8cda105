"""Labelled texts of one split, read from files, and what a config says about these files."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from operator import eq
from typing import Annotated

import numpy as np
import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.memmap import BLOCK_BYTES, blocks
from textclf.core.options import Check, Limit, Options, setting
from textclf.core.parallel import chunks_of
from textclf.core.text_column import stored_texts
from textclf.data.label_lists import choices_of, decode_multi_hot, is_multi_hot, name_multi_hot, unfold_list_literals
from textclf.data.labels import Labels, encode_column
from textclf.data.numeric_labels import merge_spellings
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.data.readers.sources import Columns, read_files

log = logging.getLogger(__name__)
# The usual names of splits in data sets, and ours.
SPLIT_NAMES = {
    **dict.fromkeys(["train", "training"], "train"),
    **dict.fromkeys(["validation", "valid", "val", "dev", "development"], "validation"),
    **dict.fromkeys(["test", "testing"], "test"),
}

MERGED = ". Merged cells have their value in the first row only: fill the others"

Files = Annotated[str, Limit(min_length=1)] | Annotated[list[str], Limit(min_length=1)]


def _share_or_files(value: object) -> float | str | list[str]:
    if isinstance(value, float) and 0 < value < 1:
        return value
    if value and (isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))):
        return value
    raise ValueError("a share above 0 and below 1, such as 0.1, or the path of a file")


ShareOrFiles = Annotated[Annotated[float, Limit(gt=0, lt=1)] | str | list[str], Check(_share_or_files)]


class ColumnOptions(Options):
    """The columns of text and label in a file."""

    text_column: Files = setting(
        default="text", description="Column or field of the text. textclf joins several columns."
    )
    label_column: Files = setting(
        default="label",
        description="Column or field of the label or labels, or a list of columns with 0 or 1, one for each label.",
    )
    label_names: list[str] | None = setting(
        default=None,
        description="Names of the labels of lists with a 0 or 1 for each label (null: their positions, from 0).",
    )

    @property
    def text_columns(self) -> list[str]:
        """The columns with text, as a list."""
        return [self.text_column] if isinstance(self.text_column, str) else self.text_column

    @property
    def label_columns(self) -> list[str]:
        """The columns with labels, as a list."""
        return [self.label_column] if isinstance(self.label_column, str) else self.label_column


class DataOptions(ColumnOptions, ReadingOptions):
    """Files of labelled texts. Each is a path, a pattern such as data/*.csv, a folder, or a list of these."""

    train: Files = setting(description="Training texts.")
    validation: ShareOrFiles = setting(
        default=0.1,
        description="Validation texts, which decide when to stop and which weights to keep: a share of train "
        "(stratified, shuffled, identical texts kept together), or files.",
    )
    test: Files | None = setting(
        default=None, description="Test texts for the final metrics. Nothing is learned from them."
    )
    unlabelled: Files | None = setting(
        default=None,
        description="Texts without labels, from which vocabulary, n-grams and word vectors are learned, too. They need "
        "only text_column. textclf leaves out texts that train, validation or test have.",
    )
    split_column: str | None = setting(
        default=None,
        min_length=1,
        description="Column of train with the split of each row (train, validation or test), in place of separate "
        "files.",
    )


@dataclass(frozen=True)
class Dataset:
    """Labelled texts of one split.

    Args:
        texts: in memory, or mapped from a temporary file if they are large.
        labels: of each text; `read_dataset` leaves them as they are in the file, `parse_labels` splits them.
        rows: the numbers of the rows in the file (in all files of the split), from 1, int32 (texts,).
        weights: of each text in the loss, float32 (texts,); `None`: all weigh the same, as they do in files.
    """

    name: str
    texts: pa.LargeStringArray
    labels: Labels
    rows: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: np.ndarray) -> "Dataset":
        """Return the texts at `indices`, in that order, or those where `indices` is true, bool (texts,)."""
        indices = np.flatnonzero(indices) if indices.dtype == bool else indices
        rows = max(1, BLOCK_BYTES * len(self) // max(1, self.texts.nbytes))  # of the file that are read at a time
        texts = stored_texts(self.texts.take(pa.array(indices[block])) for block in blocks(indices, rows))
        return Dataset(self.name, texts, self.labels.take(indices), self.rows[indices], self._weights_at(indices))

    def slices(self, rows: int) -> Iterator["Dataset"]:
        """Yield the texts in their order, `rows` at a time, without a copy."""
        for start, texts in zip(range(0, len(self), rows), chunks_of(self.texts, rows), strict=True):
            some = slice(start, start + rows)
            yield Dataset(self.name, texts, self.labels.take(some), self.rows[some], self._weights_at(some))

    def sample(self, most: int) -> "Dataset":
        """Return at most `most` texts at equal distances, in their order."""
        return self if len(self) <= most else self.take(np.arange(most) * len(self) // most)

    def _weights_at(self, rows: np.ndarray | slice) -> np.ndarray | None:
        return None if self.weights is None else self.weights[rows]


def read_dataset(source: str | Sequence[str], columns: ColumnOptions, reading: ReadingOptions) -> Dataset:
    """Read files. A string is one label, a list has any number, and an empty field is no label.

    Raises:
        DataError: a file is missing or cannot be read, or there are no rows.
    """
    return _read(source, columns, reading, None)[0]


def read_sources(data: DataOptions) -> dict[str, Callable[[], Dataset]]:
    """Return a function for each split of the config, `train` first, that reads it as `read_dataset` does."""
    if data.split_column:
        parts = split_by_column(*_read(data.train, data, data, data.split_column), data.split_column)
        return {name: partial(dict.__getitem__, parts, name) for name in parts}
    sources = {"train": data.train, "validation": data.validation, "test": data.test}
    return {
        name: partial(read_dataset, source, data, data)
        for name, source in sources.items()
        if source is not None and not isinstance(source, float)
    }


def split_by_column(dataset: Dataset, said: Labels, split_column: str) -> dict[str, Dataset]:
    """Return the splits of a dataset by a column that says for each row in which one it is.

    Raises:
        DataError: a value is no name of a split, or no row is in train.
    """
    splits = said.map(lambda names: tuple(SPLIT_NAMES.get(name.casefold(), name) for name in names))
    unknown = np.flatnonzero(splits.where(lambda names: len(names) != 1 or names[0] not in SPLIT_NAMES.values()))
    if len(unknown):
        received = ", ".join(said[unknown[0]]) or "nothing"
        raise DataError(
            f"{dataset.name}: expected train, validation or test in column '{split_column}', got "
            f"'{received}' in row {dataset.rows[unknown[0]]}. Correct it, or remove data.split_column."
        )
    if ("train",) not in splits.categories:
        raise DataError(f"{dataset.name}: expected rows of train in column '{split_column}', but there are none.")
    names = [name for name in ("train", "validation", "test") if (name,) in splits.categories]
    return {name: dataset.take(splits.where(partial(eq, (name,)))) for name in names}


def _read(
    source: str | Sequence[str], columns: ColumnOptions, reading: ReadingOptions, split_column: str | None
) -> tuple[Dataset, Labels]:
    """Return a dataset, and the value of the split column of each row."""
    name = str(source) if isinstance(source, str) else ", ".join(map(str, source))
    found = read_files(source, Columns(columns.text_columns, columns.label_columns, split_column), reading)
    return dataset_of_tables(name, found, columns.label_names)


def dataset_of_tables(
    name: str, tables: Iterable[pa.Table], label_names: list[str] | None = None
) -> tuple[Dataset, Labels]:
    """Return a dataset of what a reader yields, and the value of the split column of each row.

    Args:
        label_names: the labels of lists that have a 0 or 1 for each.

    Raises:
        DataError: there are no rows, or other labels than such lists.
    """
    codes = {"label": [np.empty(0, np.uint8)], "split": [np.empty(0, np.uint8)]}
    numbers: dict[str, dict[tuple[str, ...], int]] = {"label": {}, "split": {}}
    with_lists: set[str] = set()

    def texts_of_tables() -> Iterator[pa.LargeStringArray]:
        for table in tables:
            for column in table.column_names[1:]:
                codes[column].append(encode_column(table[column], numbers[column]))
                if pa.types.is_list(table[column].type):
                    with_lists.add(column)
            yield from table["text"].chunks

    texts = stored_texts(texts_of_tables())
    if not len(texts):
        raise DataError(f"{name}: expected rows of texts and labels, got a file without rows.")
    labels, splits = (
        Labels(list(numbers[column]), np.concatenate(codes[column]), column in with_lists).map(_stripped)
        for column in ("label", "split")
    )
    if label_names is not None:
        labels = name_multi_hot(labels, label_names, name)
    return Dataset(name, texts, labels, np.arange(1, len(texts) + 1, dtype=np.int32)), splits


def parse_labels(
    dataset: Dataset, separator: str | None, reading: ReadingOptions = DEFAULTS, known: Set[str] = frozenset()
) -> Dataset:
    """Split the label fields of the file into the labels of each text.

    Lists with a 0 or 1 for every label become the positions of the ones.

    Args:
        separator: separates several labels of a text, which may also have none. `None`: every text has exactly one
            label; rows without a label are dropped, with a warning.
        reading: says whether messages advise settings or options.
        known: labels of the training data, as for `has_list_literals`.

    Raises:
        DataError: no row has a label, or a row has several where it must have one.
    """
    if not any(dataset.labels.categories):
        raise DataError(
            f"{dataset.name}: expected labels, got only empty fields. Check {reading.named('label_column')}."
        )
    labels = dataset.labels if separator is None else unfold_list_literals(dataset.labels, known)
    if labels.lists and is_multi_hot(labels.categories):
        labels = decode_multi_hot(labels)
    if separator is not None:
        labels = labels.map(lambda category: _split(category, separator))
    dataset = replace(dataset, labels=merge_spellings(labels, dataset.name))
    if separator is not None:
        return dataset
    several = np.flatnonzero(dataset.labels.where(lambda category: len(category) > 1))
    if len(several):
        raise DataError(
            f"{dataset.name}: expected one label in every row, got {len(dataset.labels[several[0]])} in row "
            f"{dataset.rows[several[0]]}. {reading.several_labels}"
        )
    return without_rows(dataset, dataset.labels.where(lambda category: not category), "have no label", MERGED)


def without_rows(dataset: Dataset, unwanted: np.ndarray, reason: str, if_most: str = "") -> Dataset:
    """Drop the marked rows, with a warning that names the first of them, and advice if they are most of all rows."""
    if not unwanted.any():
        return dataset
    rows = dataset.rows[unwanted]
    shown = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
    advice = if_most if 2 * len(rows) > len(dataset) else ""
    message = "%s: %d of %d rows %s and are left out (rows %s)%s"
    log.warning(message, dataset.name, len(rows), len(dataset), reason, shown, advice)
    return dataset.take(~unwanted)


def _stripped(labels: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(label.strip() for field in labels for label in choices_of(field or "") if label.strip())


def _split(category: tuple[str, ...], separator: str) -> tuple[str, ...]:
    parts = _stripped(part for label in category for part in label.split(separator))
    return tuple(dict.fromkeys(parts))
