"""The texts of a training, encoded as its config says."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.config.ensemble import input_arrays, training_arrays
from textclf.core.memmap import concatenate_on_disk, gather
from textclf.data.dataset import Dataset
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


def encode(
    config: Config,
    splits: dict[str, Dataset],
    classes: dict[str, np.ndarray],
    cache: Path,
    learned_from: Sequence[str] = ("train",),
) -> tuple[Preprocessor, dict[str, EncodedDataset]]:
    """Return a preprocessor that has learned from some splits, and all splits encoded; from the cache if it has them.

    Raises:
        WriteError: the disk has no room for the cache.
    """
    texts = {name: dataset.texts for name, dataset in splits.items()}
    names = training_arrays(config.model, config.training)
    preprocessor, arrays = encoded_texts(config.preprocessing, texts, cache, names, learned_from)
    return preprocessor, {
        name: EncodedDataset(arrays[name], classes[name], split.weights) for name, split in splits.items()
    }


def without_training_arrays(
    config: Config, preprocessor: Preprocessor, encoded: dict[str, EncodedDataset]
) -> tuple[Preprocessor, dict[str, EncodedDataset]]:
    """Return what `encode` returned, with only the arrays that the networks read when they answer."""
    names = input_arrays(config.model)
    return preprocessor.with_arrays(names), {name: part.select(names) for name, part in encoded.items()}
