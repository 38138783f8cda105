"""Texts without labels, from which a training learns vocabulary, n-grams and word vectors beside its labelled texts."""

import logging
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from textclf.core.errors import DataError
from textclf.core.text_column import stored_texts
from textclf.core.text_hashing import text_hashes
from textclf.data.blank_texts import drop_blank_texts
from textclf.data.dataset import DataOptions, Dataset, without_rows
from textclf.data.labels import Labels
from textclf.data.readers.sources import Columns, read_files

log = logging.getLogger(__name__)
# Each inner fold encodes them, and their n-grams take 30 times as much: this limits disk, memory and time.
MOST_BYTES = 10_000_000
UNLABELLED = "unlabelled"  # their name beside those of the splits


def read_unlabelled(
    data: DataOptions, splits: Mapping[str, Dataset], in_memory: Mapping[str, Dataset] | None = None
) -> pa.LargeStringArray | None:
    """Return the texts without labels that a config names; `None` if it names none.

    Texts of a split are left out, with a warning. A preprocessor that knows the words of held-out texts would make
    validation and test easier than new texts.

    Args:
        splits: all splits of the config.
        in_memory: a table `UNLABELLED`, if there is one, replaces the files.

    Raises:
        DataError: a file is missing or cannot be read, or no text is left.
    """
    if data.unlabelled is None:
        return None
    dataset = (in_memory or {}).get(UNLABELLED) or _read(data.unlabelled, data)
    dataset = drop_blank_texts(dataset)
    labelled = [text_hashes(split.texts) for split in splits.values()]
    known = np.isin(text_hashes(dataset.texts), np.concatenate(labelled)) if labelled else np.zeros(len(dataset), bool)
    if known.all():
        raise DataError(
            f"{dataset.name}: expected texts without labels, got only texts of labelled rows. Name another file, or "
            "set data.unlabelled to null."
        )
    return _limited(without_rows(dataset, known, "have the text of a labelled row"))


def _limited(dataset: Dataset) -> pa.LargeStringArray:
    """Return texts of at most `MOST_BYTES` together, at equal distances."""
    step = -(-dataset.texts.nbytes // MOST_BYTES)
    if step <= 1:
        return dataset.texts
    kept = np.arange(0, len(dataset), step)
    log.info(
        "%s: reads %d of %d texts, as %d MB are enough", dataset.name, len(kept), len(dataset), MOST_BYTES // 10**6
    )
    return dataset.take(kept).texts


def unlabelled_dataset(name: str, tables: Iterable[pa.Table]) -> Dataset:
    """Return what a reader yields as a dataset in which no text has a label.

    Raises:
        DataError: there are no rows.
    """
    texts = stored_texts(chunk for table in tables for chunk in table["text"].chunks)
    if not len(texts):
        raise DataError(f"{name}: expected rows of texts, got a file without rows.")
    labels = Labels([()], np.zeros(len(texts), np.uint8))
    return Dataset(name, texts, labels, np.arange(1, len(texts) + 1, dtype=np.int32))


def _read(source: str | list[str], data: DataOptions) -> Dataset:
    name = source if isinstance(source, str) else ", ".join(source)
    return unlabelled_dataset(name, read_files(source, Columns(data.text_columns), data))
