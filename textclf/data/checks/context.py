"""The data that the checks share. Each property is computed once, when the first check asks for it."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from textclf.core.parallel import map_chunks
from textclf.core.text_hashing import text_hashes
from textclf.data.blank_texts import blank_texts
from textclf.data.checks.repetitions import Repetitions, find_repetitions
from textclf.data.dataset import Dataset
from textclf.data.labels import Labels, compact
from textclf.data.targets import Targets
from textclf.data.writing_systems import count_characters
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import Ragged, concatenate

SAMPLE_ROWS = 200_000  # of a split: more would not fit into memory, and would not change a share


class CheckContext:
    """The splits of one training, `train` first. Each property has an entry for each split.

    Args:
        targets: `None` where they cannot be learned from the training labels.
    """

    def __init__(self, splits: dict[str, Dataset], preprocessor: Preprocessor, targets: Targets | None):
        if targets:  # as a training, which takes `1.0` for `1`
            splits = {name: replace(part, labels=targets.respell(part.labels)) for name, part in splits.items()}
        self.splits = splits
        self.train = splits["train"]
        self.preprocessor = preprocessor
        self.targets = targets

    @cached_property
    def repetitions(self) -> Repetitions:
        """Texts that occur more than once, empty ones included."""
        hashes = {name: text_hashes(dataset.texts) for name, dataset in self.splits.items()}
        return find_repetitions(hashes, self.answer_numbers)

    @cached_property
    def answer_numbers(self) -> dict[str, np.ndarray]:
        """A number for the labels of each text, the same for the same labels in any order."""
        answers: dict[tuple[str, ...], int] = {}
        return {name: _numbered(dataset.labels, answers) for name, dataset in self.splits.items()}

    @cached_property
    def blank(self) -> dict[str, np.ndarray]:
        """Return for each text whether it is empty or only spaces."""
        return {name: blank_texts(dataset.texts) for name, dataset in self.splits.items()}

    @cached_property
    def sampled(self) -> dict[str, Dataset]:
        """The splits, or `SAMPLE_ROWS` evenly spaced rows of a larger one: for what takes much time or memory."""
        return {name: dataset.sample(SAMPLE_ROWS) for name, dataset in self.splits.items()}

    @cached_property
    def token_ids(self) -> dict[str, Ragged]:
        """The token ids of the sampled texts, not truncated at `sequence_length`; none for a text without tokens."""
        encode = self.preprocessor.tokenizer.encode
        return {name: concatenate(list(map_chunks(encode, dataset.texts))) for name, dataset in self.sampled.items()}

    @cached_property
    def characters(self) -> dict[str, np.ndarray]:
        """The number of times that each code point occurs in the sampled texts."""
        return {name: count_characters(dataset.texts) for name, dataset in self.sampled.items()}

    @cached_property
    def _sampled_texts(self) -> pa.DictionaryArray:
        return pa.concat_arrays([dataset.texts for dataset in self.sampled.values()]).dictionary_encode()

    @property
    def distinct_texts(self) -> pa.LargeStringArray:
        """Every sampled text once, in the order of first occurrence, those of train first."""
        return self._sampled_texts.dictionary

    @cached_property
    def distinct_numbers(self) -> dict[str, np.ndarray]:
        """The position of each sampled text in `distinct_texts`."""
        return self._by_split(self.sampled, self._sampled_texts.indices.to_numpy())

    @staticmethod
    def _by_split(splits: dict[str, Dataset], numbers: np.ndarray) -> dict[str, np.ndarray]:
        ends = np.cumsum([len(dataset) for dataset in splits.values()])
        return dict(zip(splits, np.split(numbers, ends[:-1]), strict=True))


def _numbered(labels: Labels, numbers: dict[tuple[str, ...], int]) -> np.ndarray:
    keys = (tuple(sorted(set(answer))) for answer in labels.categories)
    table = np.array([numbers.setdefault(key, len(numbers)) for key in keys], int)
    return compact(table)[labels.codes]
