"""Hold out a share of the texts, or split them into folds: stratified, shuffled, identical texts kept together."""

import heapq
import logging
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from textclf.core.errors import DataError
from textclf.core.text_column import stored_texts
from textclf.core.text_hashing import group_equal, text_hashes
from textclf.data.dataset import Dataset
from textclf.data.labels import Labels

log = logging.getLogger(__name__)
NO_LABEL = ""


def split(dataset: Dataset, share: float, seed: int, *, warn: bool = True) -> tuple[Dataset, Dataset]:
    """Split into (the rest, `share`), stratified and shuffled. Identical texts are always on the same side.

    The rarest label is served first, as in iterative stratification (Sechidis et al. 2011).

    Args:
        share: of the rows of every label, as near as whole groups of identical texts allow. Every label with at least
            two different texts is on both sides, unless other labels need these texts, too. The only text of a label
            stays in the rest.
        warn: whether to name the labels with a single row.

    Raises:
        DataError: there is nothing to hold out.
    """
    if warn:
        _warn_of_single_rows(dataset)
    (groups,) = group_equal([text_hashes(dataset.texts)])  # identical texts are one group
    sizes = np.bincount(groups)
    groups_of = _groups_of_labels(groups, dataset.labels)
    held_out, decided = np.zeros((2, len(sizes)), bool)
    random = np.random.default_rng(seed)
    for label in sorted(groups_of, key=lambda label: (len(groups_of[label]), label)):
        own = groups_of[label]
        candidates = random.permutation(own[~decided[own]])
        learned = (decided[own] & ~held_out[own]).any()  # if none is, one stays: a label's only text, before others
        wanted = max(1, round(share * sizes[own].sum())) - int(sizes[own][held_out[own]].sum())
        held_out[_fitting(candidates, sizes, wanted, len(candidates) - (not learned))] = True
        decided[own] = True
    for own in groups_of.values():  # with several labels a text, other labels may have held out all texts of one
        if held_out[own].all():
            held_out[own[0]] = False
    in_share = held_out[groups]
    if not in_share.any():
        raise DataError(
            f"{dataset.name}: expected a label with at least two different texts, one to learn from and one to "
            "validate on, got only one for each label. Add rows, or give data.validation a file of its own."
        )
    return dataset.take(~in_share), dataset.take(in_share)


def concatenate(datasets: Sequence[Dataset]) -> Dataset:
    """Return the texts of all datasets, with the name of the first one, and rows numbered from 1."""
    texts = stored_texts(dataset.texts for dataset in datasets)
    labels = Labels.of(chain(*(dataset.labels for dataset in datasets)))
    weights = [dataset.weights for dataset in datasets if dataset.weights is not None]
    numbers = np.arange(1, len(labels) + 1, dtype=np.int32)
    return Dataset(datasets[0].name, texts, labels, numbers, np.concatenate(weights) if weights else None)


def fold_numbers(dataset: Dataset, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each row, from 0, (rows,). Folds are stratified, with identical texts in the same fold.

    The rarest label is served first, as in iterative stratification. Each text goes to the fold with the fewest rows of
    its label, and of these to the one with the fewest rows. So with one label a text, and without identical texts, the
    sizes of two folds differ by one at most, and so do their rows of each label.

    Raises:
        DataError: there are too few texts for so many folds.
    """
    (groups,) = group_equal([text_hashes(dataset.texts)])  # identical texts are one group
    sizes = np.bincount(groups)
    if len(sizes) < folds:
        raise DataError(
            f"{dataset.name}: expected a different text for each of {folds} folds, got {len(sizes)} different texts. "
            "Add rows, or choose fewer folds."
        )
    groups_of = _groups_of_labels(groups, dataset.labels)
    fold_of, filled = np.full(len(sizes), -1), [0] * folds
    random = np.random.default_rng(seed)
    for label in sorted(groups_of, key=lambda label: (len(groups_of[label]), label)):
        own = groups_of[label]
        decided = own[fold_of[own] >= 0]
        of_label = np.bincount(fold_of[decided], sizes[decided], folds).astype(int).tolist()
        fullness = sorted(zip(of_label, filled, range(folds), strict=True))  # a heap: the emptiest fold is the first
        candidates = random.permutation(own[fold_of[own] < 0])
        for group in candidates[np.argsort(-sizes[candidates], kind="stable")]:  # large ones first, small ones even out
            rows, all_rows, fold = fullness[0]
            fold_of[group] = fold
            heapq.heapreplace(fullness, (rows + int(sizes[group]), all_rows + int(sizes[group]), fold))
        for _, all_rows, fold in fullness:
            filled[fold] = all_rows
    return fold_of[groups]


def _fitting(groups: np.ndarray, sizes: np.ndarray, wanted: int, most: int) -> np.ndarray:
    """Return the first groups that fit into the `wanted` rows, at most `most`, but one if any is wanted and allowed."""
    chosen = np.zeros(len(groups), bool)
    left = wanted
    for place, group in enumerate(groups):
        if left <= 0 or most == 0:
            break
        if (size := int(sizes[group])) <= left:
            chosen[place] = True
            left, most = left - size, most - 1
    if left == wanted > 0 and most > 0:
        chosen[sizes[groups].argmin()] = True
    return groups[chosen]


def _groups_of_labels(groups: np.ndarray, labels: Labels) -> dict[str, np.ndarray]:
    """Return the groups of each label, ascending. What has no label belongs to `NO_LABEL`."""
    by_category = np.argsort(labels.codes, kind="stable")
    ends = np.cumsum(np.bincount(labels.codes, minlength=len(labels.categories)))
    found: dict[str, list[np.ndarray]] = {}
    for category, rows in zip(labels.categories, np.split(by_category, ends[:-1]), strict=True):
        for label in category or (NO_LABEL,):
            found.setdefault(label, []).append(groups[rows])
    return {label: np.unique(np.concatenate(parts)) for label, parts in found.items()}


def _warn_of_single_rows(dataset: Dataset) -> None:
    """Name the labels with a single row, from which a classifier learns little, and which validation lacks."""
    counts = dataset.labels.count()
    single = sorted(label for label, count in counts.items() if count == 1)
    if not single or len(counts) + (() in dataset.labels.categories) == 1:
        return
    named = ", ".join(f"'{label}' (row {_first_row(dataset, label)})" for label in single[:5])
    more = f" and {len(single) - 5} more" if len(single) > 5 else ""
    log.warning(
        "%s: a single row of %s%s, which stays in train: validation cannot measure it", dataset.name, named, more
    )


def _first_row(dataset: Dataset, label: str) -> int:
    return dataset.rows[dataset.labels.where(lambda category: label in category).argmax()]


def inner_fold_numbers(splits: Mapping[str, Dataset], folds: int, seed: int) -> np.ndarray:
    """Return the inner fold of each text of train, then of validation, from 0, (texts,).

    Raises:
        DataError: there are too few texts for so many folds.
    """
    together = concatenate([splits["train"], splits["validation"]])
    try:
        return fold_numbers(together, folds, seed)
    except DataError:
        raise DataError(
            f"training.inner_folds: expected fewer than {folds} folds, because {together.name} has fewer different "
            "texts. Set it to null, or add rows."
        ) from None
