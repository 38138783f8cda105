"""What the checks look at. What several of them need is worked out once, when the first one asks."""

from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.dataset import Dataset
from textclf.preprocessing.parallel import map_chunks
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.token_ids import TokenIds, concatenate
from textclf.scripts import count_characters
from textclf.targets import Targets


class Material:
    """The splits of one training, `train` first. Every property has an entry for each split.

    Args:
        targets: `None` where they cannot be learned from the training labels.
    """

    def __init__(self, splits: dict[str, Dataset], preprocessor: Preprocessor, targets: Targets | None):
        self.splits = splits
        self.train = splits["train"]
        self.preprocessor = preprocessor
        self.targets = targets

    @cached_property
    def token_ids(self) -> dict[str, TokenIds]:
        """The texts as token ids, whole: not cut at `sequence_length`, and empty where nothing was found."""
        encode = self.preprocessor.tokenizer.encode
        return {name: concatenate(map_chunks(encode, dataset.texts)) for name, dataset in self.splits.items()}

    @cached_property
    def _encoded_texts(self) -> pa.DictionaryArray:
        return pa.concat_arrays([dataset.texts for dataset in self.splits.values()]).dictionary_encode()

    @property
    def distinct_texts(self) -> pa.LargeStringArray:
        """Every text once, in the order of its first occurrence: those of train come first."""
        return self._encoded_texts.dictionary

    @cached_property
    def text_numbers(self) -> dict[str, np.ndarray]:
        """The position of each text in `distinct_texts`: equal for the same text, in any split."""
        ends = np.cumsum([len(dataset) for dataset in self.splits.values()])
        numbers = np.split(self._encoded_texts.indices.to_numpy(), ends[:-1])
        return dict(zip(self.splits, numbers, strict=True))

    @cached_property
    def answer_numbers(self) -> dict[str, np.ndarray]:
        """A number for the labels of each text, the same for the same labels in any order."""
        numbers: dict[tuple[str, ...], int] = {}
        return {
            name: np.array(
                [numbers.setdefault(tuple(sorted(set(labels))), len(numbers)) for labels in dataset.labels], int
            )
            for name, dataset in self.splits.items()
        }

    @cached_property
    def blank(self) -> dict[str, np.ndarray]:
        """Which texts are empty or only spaces."""
        return {name: blank_texts(dataset.texts) for name, dataset in self.splits.items()}

    @cached_property
    def characters(self) -> dict[str, np.ndarray]:
        """How often each code point occurs."""
        return {name: count_characters(dataset.texts) for name, dataset in self.splits.items()}


def blank_texts(texts: pa.LargeStringArray) -> np.ndarray:
    """Which texts are empty or only spaces, bool (texts,)."""
    lengths = pc.binary_length(pc.utf8_trim_whitespace(texts))
    return lengths.to_numpy(zero_copy_only=False) == 0
