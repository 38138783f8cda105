"""The texts of a training, as its config says: read, labelled, a validation share held out, and encoded."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.config.ensemble import check_vector_files, input_arrays
from textclf.core.memmap import concatenate_on_disk, gather
from textclf.data.dataset import Dataset, drop_blank_texts, parse_labels, read_sources
from textclf.data.splitting import split
from textclf.data.targets import Targets, separator_for
from textclf.preprocessing.cache import encoded_texts
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import RaggedArrays, concatenate_arrays_on_disk, select, take_rows


class EncodedDataset(NamedTuple):
    """The texts of one split as arrays, and their labels as numbers."""

    arrays: RaggedArrays
    classes: np.ndarray  # int32 (texts,), or float32 (texts, labels) of 0 and 1 for a multi-label task

    def select(self, names: Sequence[str]) -> "EncodedDataset":
        """Return the dataset with only the arrays that a network reads."""
        return EncodedDataset(select(self.arrays, names), self.classes)

    def take(self, rows: np.ndarray) -> "EncodedDataset":
        """Return the texts at the given row numbers, in that order."""
        return EncodedDataset(take_rows(self.arrays, rows), gather(self.classes, rows))

    @classmethod
    def concatenate(cls, datasets: Sequence["EncodedDataset"]) -> "EncodedDataset":
        """Return the texts of all datasets, stored in a temporary file.

        Raises:
            WriteError: the disk has no room for it.
        """
        first = datasets[0].classes
        flat = concatenate_on_disk((dataset.classes for dataset in datasets), first.dtype)
        classes = flat.reshape(-1, *first.shape[1:])
        return cls(concatenate_arrays_on_disk([dataset.arrays for dataset in datasets]), classes)


def read_splits(config: Config) -> tuple[dict[str, Dataset], Targets]:
    """Read train, validation and test as the config says, and find the labels of train.

    Raises:
        DataError: a file that cannot be used.
    """
    splits, targets = read_labelled(config)
    if "validation" not in splits:
        assert isinstance(config.data.validation, float)  # files have been read
        splits["train"], splits["validation"] = split(splits["train"], config.data.validation, config.seed)
        targets = Targets.fit(splits["train"].labels, config.targets, many=targets.many)
    return {name: splits[name] for name in ("train", "validation", "test") if name in splits}, targets


def read_labelled(config: Config) -> tuple[dict[str, Dataset], Targets]:
    """What the config names, nothing held out yet, and the labels of train.

    Raises:
        DataError: a file that cannot be used.
    """
    check_vector_files(config.model)
    raw = {name: read() for name, read in read_sources(config.data).items()}
    separator = separator_for(raw["train"].labels, config.targets)
    splits = {name: parse_labels(dataset, separator) for name, dataset in raw.items()}
    splits["train"] = drop_blank_texts(splits["train"])
    return splits, Targets.fit(splits["train"].labels, config.targets, many=separator is not None)


def encoded_labels(splits: dict[str, Dataset], targets: Targets) -> dict[str, np.ndarray]:
    """The labels of each split as numbers.

    Raises:
        DataError: a label that train does not have.
    """
    return {split: targets.encode(data.labels, rows=data.rows, name=data.name) for split, data in splits.items()}


def encode(
    config: Config, splits: dict[str, Dataset], classes: dict[str, np.ndarray], cache: Path
) -> tuple[Preprocessor, dict[str, EncodedDataset]]:
    """Return a preprocessor fitted on train, and the encoded splits; from the cache if it has them.

    Raises:
        WriteError: the disk has no room for the cache.
    """
    texts = {name: dataset.texts for name, dataset in splits.items()}
    preprocessor, arrays = encoded_texts(config.preprocessing, texts, cache, input_arrays(config.model))
    return preprocessor, {name: EncodedDataset(arrays[name], classes[name]) for name in splits}
