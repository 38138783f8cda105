"""The texts of a training, encoded as its config says."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from textclf.config.config import Config
from textclf.config.ensemble import input_arrays, training_arrays
from textclf.core.memmap import concatenate_on_disk, gather
from textclf.data.dataset import Dataset
from textclf.data.unlabelled import UNLABELLED
from textclf.preprocessing.cache import encoded_texts
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import RaggedArrays, concatenate_arrays_on_disk, select, take_rows


class EncodedDataset(NamedTuple):
    """The texts of one split as arrays, and their labels as numbers."""

    arrays: RaggedArrays
    classes: np.ndarray  # int32 (texts,), or float32 (texts, labels) of 0 and 1 for a multi-label task
    weights: np.ndarray | None = None  # of each text in the loss, float32 (texts,); None: all weigh the same

    def select(self, names: Sequence[str]) -> "EncodedDataset":
        """Return the dataset with only the arrays that a network reads."""
        return self._replace(arrays=select(self.arrays, names))

    def take(self, rows: np.ndarray) -> "EncodedDataset":
        """Return the texts at the given row numbers, in that order."""
        weights = None if self.weights is None else self.weights[rows]
        return EncodedDataset(take_rows(self.arrays, rows), gather(self.classes, rows), weights)

    @classmethod
    def concatenate(cls, datasets: Sequence["EncodedDataset"]) -> "EncodedDataset":
        """Return the texts of all datasets, stored in a temporary file.

        Raises:
            WriteError: the disk has no room for it.
        """
        first = datasets[0].classes
        flat = concatenate_on_disk((dataset.classes for dataset in datasets), first.dtype)
        classes = flat.reshape(-1, *first.shape[1:])
        parts = [dataset.weights for dataset in datasets if dataset.weights is not None]
        weights = np.concatenate(parts) if parts else None  # all datasets have them, or none
        return cls(concatenate_arrays_on_disk([dataset.arrays for dataset in datasets]), classes, weights)


class TrainingTexts(NamedTuple):
    """The texts of a training, before they are encoded."""

    splits: dict[str, Dataset]
    classes: dict[str, np.ndarray]  # the labels of each split as numbers, from `encode_labels`
    unlabelled: pa.LargeStringArray | None = None  # from `read_unlabelled`


class EncodedTexts(NamedTuple):
    """The texts of a training, encoded by one preprocessor."""

    preprocessor: Preprocessor
    splits: dict[str, EncodedDataset]
    unlabelled: RaggedArrays | None


def encode(config: Config, texts: TrainingTexts, cache: Path, learned_from: Sequence[str] = ("train",)) -> EncodedTexts:
    """Return a preprocessor that has learned from some splits and the unlabelled texts, and all texts encoded.

    They are from the cache if it has them.

    Raises:
        WriteError: the disk has no room for the cache.
    """
    columns = {name: dataset.texts for name, dataset in texts.splits.items()}
    if texts.unlabelled is not None:
        columns[UNLABELLED], learned_from = texts.unlabelled, [*learned_from, UNLABELLED]
    names = training_arrays(config.model, config.training)
    preprocessor, arrays = encoded_texts(config.preprocessing, columns, cache, names, learned_from)
    encoded = {
        name: EncodedDataset(arrays[name], texts.classes[name], split.weights) for name, split in texts.splits.items()
    }
    return EncodedTexts(preprocessor, encoded, arrays.get(UNLABELLED))


def without_training_arrays(config: Config, texts: EncodedTexts) -> EncodedTexts:
    """Return the texts with only the arrays that the networks read when they answer."""
    names = input_arrays(config.model)
    splits = {name: split.select(names) for name, split in texts.splits.items()}
    return texts._replace(preprocessor=texts.preprocessor.with_arrays(names), splits=splits)
