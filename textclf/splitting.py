"""A share of the texts held out: stratified by label, shuffled, identical texts kept together."""

import logging

import numpy as np

from textclf.dataset import Dataset
from textclf.errors import DataError
from textclf.hashing import text_hashes

log = logging.getLogger(__name__)
NO_LABEL = ""


def split(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """A stratified, shuffled split into (the rest, `share`). Identical texts never fall on both sides.

    The rarest label is served first, as in iterative stratification (Sechidis et al. 2011).

    Args:
        share: of the rows of every label, as near as whole groups of identical texts allow; every label
            with two different texts or more is on both sides, unless those texts are needed by other labels too.

    Raises:
        DataError: a label with a single row, which cannot be on both sides, or nothing to hold out at all.
    """
    rows_of = _rows_by_label(dataset)
    _refuse_single_rows(dataset, rows_of)
    _, groups = np.unique(text_hashes(dataset.texts), return_inverse=True)  # identical texts are one group
    sizes = np.bincount(groups)
    groups_of = {label: np.unique(groups[rows]) for label, rows in rows_of.items()}
    held_out, decided = np.zeros((2, len(sizes)), bool)
    for own in groups_of.values():
        decided[own] |= len(own) == 1  # the only text of a label, whatever other labels it has too, is learned
    random = np.random.default_rng(seed)
    for label in sorted(groups_of, key=lambda label: (len(groups_of[label]), label)):
        own = groups_of[label]
        candidates = random.permutation(own[~decided[own]])
        learned = (decided[own] & ~held_out[own]).any()
        wanted = max(1, round(share * sizes[own].sum())) - sizes[own][held_out[own]].sum()
        held_out[_fitting(candidates, sizes, wanted, len(candidates) - (not learned))] = True
        decided[own] = True
    for own in groups_of.values():  # with several labels a text, others may have held out all of one
        if held_out[own].all():
            held_out[own[0]] = False
    in_share = held_out[groups]
    if not in_share.any():
        raise DataError(
            f"{dataset.name}: expected a label with at least two different texts, one to learn from and one to "
            "validate on, received only repetitions. Add rows, or give data.validation a file of its own."
        )
    return dataset.take(np.flatnonzero(~in_share)), dataset.take(np.flatnonzero(in_share))


def _fitting(groups: np.ndarray, sizes: np.ndarray, wanted: int, most: int) -> list[int]:
    """The first of the groups that fit into the rows wanted: at least one where any is wanted and `most` allows."""
    chosen: list[int] = []
    left = wanted
    for group in groups:
        if left <= 0 or len(chosen) == most:
            break
        if sizes[group] <= left:
            chosen.append(group)
            left -= sizes[group]
    if not chosen and wanted > 0 and most > 0:
        chosen = [groups[sizes[groups].argmin()]]
    return chosen


def _rows_by_label(dataset: Dataset) -> dict[str, np.ndarray]:
    """The rows of each label, counted from 0; rows without any are those of `NO_LABEL`."""
    codes = dataset.labels.codes
    rows_of_answers = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    parts: dict[str, list[np.ndarray]] = {}
    for answer, rows in zip(dataset.labels.answers, rows_of_answers, strict=True):
        for label in answer or (NO_LABEL,):
            parts.setdefault(label, []).append(rows)
    return {label: np.sort(np.concatenate(rows)) for label, rows in parts.items()}


def _refuse_single_rows(dataset: Dataset, rows_of: dict[str, np.ndarray]) -> None:
    """A class with one row cannot be validated; where a text may have several labels it is only said."""
    single = sorted(label for label, rows in rows_of.items() if len(rows) == 1 and label != NO_LABEL)
    if not single or len(rows_of) == 1:
        return
    named = ", ".join(f"'{label}' (row {dataset.rows[rows_of[label][0]]})" for label in single[:5])
    more = f" and {len(single) - 5} more" if len(single) > 5 else ""
    if any(len(answer) != 1 for answer in dataset.labels.answers):
        log.warning("%s: a single row of %s%s, which cannot be validated", dataset.name, named, more)
        return
    raise DataError(
        f"{dataset.name}: expected at least two rows of every label, one to learn from and one to validate on, "
        f"received a single row of {named}{more}. Add rows, merge or remove the label, "
        "or give data.validation a file of its own."
    )
