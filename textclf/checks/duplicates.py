"""Exactly the same text more than once: in one split, in two of them, with the same labels or with others."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from textclf.checks.finding import Finding, counted, percent, rows_by_split, severity_of, shown_rows
from textclf.checks.material import Material


def repeated_texts(material: Material) -> Iterator[Finding]:
    """Rows of one split whose text an earlier row has."""
    again = {
        split: ~_first_occurrences(numbers) & ~material.blank[split] for split, numbers in material.text_numbers.items()
    }
    described, share = rows_by_split(material.splits, again)
    if share:
        yield Finding(
            "note",
            "repeated texts",
            f"With the text of an earlier row: {described}.",
            "Fine if people really write so (greetings, thanks); if not, remove them: each counts again.",
        )


def contradicting_labels(material: Material) -> Iterator[Finding]:
    """Texts that stand in one split with different labels."""
    contradicting = {}
    for split, texts in material.text_numbers.items():
        keys, width = _text_and_labels(material, split)
        different = np.bincount(np.unique(keys) // width, minlength=1)  # answers of each text
        contradicting[split] = (different > 1)[texts] & ~material.blank[split]
    described, share = rows_by_split(material.splits, contradicting)
    if share:
        yield Finding(
            severity_of(share),
            "contradicting labels",
            f"With a text that has other labels in another row: {described}.",
            "Correct the labels, or keep one row of each text: no classifier can be right on all of them.",
        )


def texts_in_two_splits(material: Material) -> Iterator[Finding]:
    """Rows of a later split whose text an earlier split has too, and those of them whose labels it never has."""
    for earlier, later in combinations(material.splits, 2):
        dataset = material.splits[later]
        shared = np.isin(material.text_numbers[later], material.text_numbers[earlier]) & ~material.blank[later]
        if not shared.any():
            continue
        share = shared.sum() / len(dataset)
        yield Finding(
            severity_of(share),
            "texts in two splits",
            f"{later}: {shared.sum()} of {counted(len(dataset), 'row')} ({percent(share)}) have a text that is in "
            f"{earlier} too ({shown_rows(dataset.rows[shared])}).",
            f"Remove these texts from {earlier}: on them {later} measures memory.",
        )
        differing = shared & ~_with_same_labels(material, earlier, later)
        if differing.any():
            share = differing.sum() / len(dataset)
            yield Finding(
                severity_of(share),
                "other labels in two splits",
                f"{later}: {differing.sum()} of {counted(len(dataset), 'row')} ({percent(share)}) have a text that is "
                f"in {earlier} too, but there only with other labels ({shown_rows(dataset.rows[differing])}).",
                f"Correct the labels or remove the texts: what is learned from {earlier} is wrong in {later}.",
            )


def _with_same_labels(material: Material, earlier: str, later: str) -> np.ndarray:
    """Which rows of `later` are in `earlier` with the same text and the same labels."""
    return np.isin(_text_and_labels(material, later)[0], _text_and_labels(material, earlier)[0])


def _text_and_labels(material: Material, split: str) -> tuple[np.ndarray, int]:
    """A number for the text of each row together with its labels, and by how much those of two texts differ."""
    width = 1 + max(int(numbers.max(initial=0)) for numbers in material.answer_numbers.values())
    return material.text_numbers[split] * width + material.answer_numbers[split], width


def _first_occurrences(numbers: np.ndarray) -> np.ndarray:
    first = np.zeros(len(numbers), bool)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first
