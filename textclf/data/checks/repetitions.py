"""Find texts that occur more than once, in one split or in two."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from textclf.core.text_hashing import group_equal


class Repetitions(NamedTuple):
    """Marked rows, bool (texts,), by split; or by an earlier and a later split, with the rows of the later one."""

    again: dict[str, np.ndarray]  # an earlier row of the split has the text
    contradicting: dict[str, np.ndarray]  # another row of the split has the text with other labels
    shared: dict[tuple[str, str], np.ndarray]  # the earlier split has the text
    differing: dict[tuple[str, str], np.ndarray]  # … but never with the same labels


def find_repetitions(hashes: dict[str, np.ndarray], answers: dict[str, np.ndarray]) -> Repetitions:
    """Return all repetitions.

    Args:
        hashes: of the texts of each split, uint64 (texts,).
        answers: a number for the labels of each text, the same in every split.
    """
    texts = dict(zip(hashes, group_equal(list(hashes.values())), strict=True))
    width = 1 + max((int(numbers.max(initial=0)) for numbers in answers.values()), default=0)
    # A number for a text together with its labels.
    keys = {split: groups.astype(np.int64) * width + answers[split] for split, groups in texts.items()}
    different = {split: np.bincount(np.unique(keys[split]) // width, minlength=1) for split in hashes}  # of each text
    pairs = list(combinations(hashes, 2))
    shared = {(earlier, later): np.isin(texts[later], texts[earlier]) for earlier, later in pairs}
    return Repetitions(
        again={split: _again(groups) for split, groups in texts.items()},
        contradicting={split: (different[split] > 1)[groups] for split, groups in texts.items()},
        shared=shared,
        differing={pair: marked & ~np.isin(keys[pair[1]], keys[pair[0]]) for pair, marked in shared.items()},
    )


def _again(numbers: np.ndarray) -> np.ndarray:
    again = np.ones(len(numbers), bool)
    again[np.unique(numbers, return_index=True)[1]] = False
    return again
