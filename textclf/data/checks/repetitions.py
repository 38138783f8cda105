"""Texts that occur more than once, in one split or in two: found a part of the texts at a time."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from textclf.core.text_hashing import group_equal


class Repetitions(NamedTuple):
    """Which rows they are, bool (texts,), by split, or by an earlier and a later split of which the later is marked."""

    again: dict[str, np.ndarray]  # an earlier row of the split has the text
    contradicting: dict[str, np.ndarray]  # another row of the split has the text with other labels
    shared: dict[tuple[str, str], np.ndarray]  # the earlier split has the text
    differing: dict[tuple[str, str], np.ndarray]  # … but never with the same labels


def find_repetitions(hashes: dict[str, np.ndarray], answers: dict[str, np.ndarray]) -> Repetitions:
    """All repetitions.

    Args:
        hashes: of the texts of each split, uint64 (texts,).
        answers: a number for the labels of each text, the same in every split.
    """

    def marks() -> dict[str, np.ndarray]:
        return {split: np.zeros(len(numbers), bool) for split, numbers in hashes.items()}

    pairs = list(combinations(hashes, 2))
    found = Repetitions(
        marks(), marks(), *({pair: np.zeros(len(hashes[pair[1]]), bool) for pair in pairs} for _ in range(2))
    )
    width = 1 + max((int(numbers.max(initial=0)) for numbers in answers.values()), default=0)
    for part in group_equal(list(hashes.values())):
        rows = {split: rows for split, (rows, _) in zip(hashes, part, strict=True)}
        texts = {split: numbers for split, (_, numbers) in zip(hashes, part, strict=True)}
        # A number for a text together with its labels.
        keys = {split: texts[split] * width + answers[split][rows[split]] for split in hashes}
        for split, numbers in texts.items():
            found.again[split][rows[split]] = _again(numbers)
            different = np.bincount(np.unique(keys[split]) // width, minlength=1)  # answers of each text
            found.contradicting[split][rows[split]] = (different > 1)[numbers]
        for earlier, later in pairs:
            shared = np.isin(texts[later], texts[earlier])
            found.shared[earlier, later][rows[later]] = shared
            found.differing[earlier, later][rows[later]] = shared & ~np.isin(keys[later], keys[earlier])
    return found


def _again(numbers: np.ndarray) -> np.ndarray:
    again = np.ones(len(numbers), bool)
    again[np.unique(numbers, return_index=True)[1]] = False
    return again
