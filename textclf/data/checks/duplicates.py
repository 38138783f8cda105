"""Exactly the same text more than once: in one split, in two of them, with the same labels or with others."""

from collections.abc import Iterator

from textclf.core.formatting import counted, percent
from textclf.data.checks.context import Material
from textclf.data.checks.finding import Finding, rows_by_split, severity_of, shown_rows


def repeated_texts(material: Material) -> Iterator[Finding]:
    """Rows of one split whose text an earlier row has."""
    again = {split: marked & ~material.blank[split] for split, marked in material.repetitions.again.items()}
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
    found = material.repetitions.contradicting
    contradicting = {split: marked & ~material.blank[split] for split, marked in found.items()}
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
    for (earlier, later), marked in material.repetitions.shared.items():
        dataset = material.splits[later]
        shared = marked & ~material.blank[later]
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
        differing = shared & material.repetitions.differing[earlier, later]
        if differing.any():
            share = differing.sum() / len(dataset)
            yield Finding(
                severity_of(share),
                "other labels in two splits",
                f"{later}: {differing.sum()} of {counted(len(dataset), 'row')} ({percent(share)}) have a text that is "
                f"in {earlier} too, but there only with other labels ({shown_rows(dataset.rows[differing])}).",
                f"Correct the labels or remove the texts: what is learned from {earlier} is wrong in {later}.",
            )
