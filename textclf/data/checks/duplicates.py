"""Find texts that occur more than once: in one split or in two, with the same labels or with others."""

from collections.abc import Iterator

from textclf.core.formatting import counted, percent
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, rows_by_split, severity_of, shown_rows


def repeated_texts(context: CheckContext) -> Iterator[Finding]:
    """Find rows whose text an earlier row of the same split has."""
    again = {split: marked & ~context.blank[split] for split, marked in context.repetitions.again.items()}
    described, share = rows_by_split(context.splits, again)
    if share:
        yield Finding(
            "note",
            "repeated texts",
            f"With the text of an earlier row: {described}.",
            "Keep them if people really write the same text (a greeting). Otherwise remove them: each copy counts.",
        )


def contradicting_labels(context: CheckContext) -> Iterator[Finding]:
    """Find texts that one split has with different labels."""
    found = context.repetitions.contradicting
    contradicting = {split: marked & ~context.blank[split] for split, marked in found.items()}
    described, share = rows_by_split(context.splits, contradicting)
    if share:
        yield Finding(
            severity_of(share),
            "contradicting labels",
            f"With a text that has other labels in another row: {described}.",
            "Correct the labels, or keep one row of each text. No classifier can predict both labels.",
        )


def texts_in_two_splits(context: CheckContext) -> Iterator[Finding]:
    """Find rows whose text an earlier split has too, and those that it has only with other labels."""
    for (earlier, later), marked in context.repetitions.shared.items():
        dataset = context.splits[later]
        shared = marked & ~context.blank[later]
        if not shared.any():
            continue
        share = shared.sum() / len(dataset)
        yield Finding(
            severity_of(share),
            "texts in two splits",
            f"{later}: {shared.sum()} of {counted(len(dataset), 'row')} ({percent(share)}) have a text that is in "
            f"{earlier} too ({shown_rows(dataset.rows[shared])}).",
            f"Remove these texts from {earlier}. On them {later} measures memorization.",
        )
        differing = shared & context.repetitions.differing[earlier, later]
        if differing.any():
            share = differing.sum() / len(dataset)
            yield Finding(
                severity_of(share),
                "other labels in two splits",
                f"{later}: {differing.sum()} of {counted(len(dataset), 'row')} ({percent(share)}) have a text that is "
                f"in {earlier} too, but there only with other labels ({shown_rows(dataset.rows[differing])}).",
                f"Correct the labels or remove the texts. {earlier} and {later} contradict each other.",
            )
