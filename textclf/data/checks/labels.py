"""Check the labels: rare, missing, unknown or written in two ways, and the order of the rows."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from math import ceil

import numpy as np

from textclf.core.formatting import counted, first_shown, percent, short_repr
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, rows_by_split, shown_rows
from textclf.data.separators import joining_separator

FEW_ROWS = 10
RARE = 0.1  # of the average rows of a label
# Not `NA`, `none` and `N/A`, which are names of labels, too: Namibia, no topic, not applicable.
MISSING_WORDS = ("nan", "NaN", "NAN", "NaT", "None", "null", "NULL", "<NA>", "#N/A")
SORTED = 0.1  # of the runs of equal labels that a shuffled file has


def balance(context: CheckContext) -> Iterator[Finding]:
    """Count the labels, and give the accuracy of always predicting the most frequent one."""
    labels = context.train.labels
    counts = labels.count()
    if not counts:
        return
    most, least = next(iter(counts)), next(reversed(counts))
    share = percent(counts[most] / len(labels))
    several = any(len(category) != 1 for category in labels.categories)
    by_row = f" ({sum(counts.values()) / len(labels):.2f} a row)" if several else ""
    yield Finding(
        "note",
        "labels",
        f"train: {counted(len(counts), 'label')}{by_row}; the most frequent is {short_repr(most)} with {share} of the "
        f"rows, the rarest {short_repr(least)} with {counted(counts[least], 'row')}.",
        "Compare macro F1. Accuracy is not informative for several labels a row."
        if several
        else f"Compare every accuracy with {share}, the accuracy of always predicting {short_repr(most)}.",
    )


def without_labels(context: CheckContext) -> Iterator[Finding]:
    """Find the rows without a label, which stay where a text may have any number of labels."""
    marked = {split: dataset.labels.where(lambda category: not category) for split, dataset in context.splits.items()}
    described, share = rows_by_split(context.splits, marked)
    if share:
        yield Finding(
            "note",
            "no label",
            f"Without a label: {described}.",
            "They teach the classifier to predict no label. Remove rows that nobody has labelled.",
        )


def rare_labels(context: CheckContext) -> Iterator[Finding]:
    """Find labels with too few training rows to learn them, or far fewer than the others."""
    counts = context.train.labels.count()
    fewest = max(FEW_ROWS, ceil(RARE * sum(counts.values()) / max(1, len(counts))))
    rare = {label: count for label, count in reversed(counts.items()) if count < fewest}
    if rare:
        shown = first_shown(f"{short_repr(label)} {count}" for label, count in rare.items())
        single = sum(count == 1 for count in rare.values())
        yield Finding(
            "warning",
            "rare labels",
            f"train: {len(rare)} of {counted(len(counts), 'label')} {'has' if len(rare) == 1 else 'have'} fewer than "
            f"{fewest} rows{f', {single} of them a single one' if single else ''}: {shown}.",
            "Add rows of them or merge them with other labels. The classifier will hardly ever predict them, and macro "
            "F1 gives them the same weight as the others.",
        )


def unknown_labels(context: CheckContext) -> Iterator[Finding]:
    """Find labels of another split that train does not have. Training fails on them."""
    known = set(context.train.labels.count())
    for split, dataset in list(context.splits.items())[1:]:
        unknown = set(dataset.labels.count()) - known
        if unknown:
            rows = dataset.rows[dataset.labels.where(lambda answer: not unknown.isdisjoint(answer))]  # noqa: B023
            yield Finding(
                "error",
                "unknown labels",
                f"{split}: {counted(len(unknown), 'label')} in {counted(len(rows), 'row')} that train does not have: "
                f"{first_shown(map(short_repr, sorted(unknown)))} ({shown_rows(rows)}).",
                "Correct the labels, or add rows of them to train.",
            )


def missing_labels(context: CheckContext) -> Iterator[Finding]:
    """Find labels of train that another split lacks."""
    known = context.train.labels.count()
    for split, dataset in list(context.splits.items())[1:]:
        present = set(dataset.labels.count())
        missing = [label for label in known if label not in present]
        if missing:
            yield Finding(
                "warning",
                "missing labels",
                f"{split}: {len(missing)} of {counted(len(known), 'label')} of train never "
                f"{'occurs' if len(missing) == 1 else 'occur'}: {first_shown(map(short_repr, missing))}.",
                f"Add rows of them to {split}. Without them it cannot measure these labels.",
            )


def labels_alike(context: CheckContext) -> Iterator[Finding]:
    """Find labels that differ only in case, spaces, invisible characters or Unicode form."""
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for dataset in context.splits.values():
        for label, count in dataset.labels.count().items():
            written[_plain(label)][label] += count
    for forms in written.values():
        if len(forms) > 1:
            yield Finding(
                "warning",
                "labels alike",
                "differing only in case, spaces, invisible characters or Unicode form: "
                + ", ".join(
                    f"{short_repr(_shown(form))} in {counted(count, 'row')}" for form, count in forms.most_common()
                )
                + ".",
                "Write them the same way. textclf treats them as different labels.",
            )


def joined_labels(context: CheckContext) -> Iterator[Finding]:
    """Find several labels in one field that are read as one label."""
    counts = context.train.labels.count()
    separator = joining_separator(set(counts))
    if context.targets and context.targets.multilabel and separator == context.targets.separator:
        return
    joined = [label for label in counts if separator and separator in label]
    if len(joined) < 2:
        return
    named = short_repr(separator)
    yield Finding(
        "warning",
        "joined labels",
        f"train: {len(joined)} of {counted(len(counts), 'label')} consist of other labels joined by {named}, such as "
        f"{short_repr(joined[0])}.",
        f"If a text may have several labels, set targets.type: multilabel, targets.separator: {named}.",
    )


def same_labels(context: CheckContext) -> Iterator[Finding]:
    """Find splits in which every text has the same labels: there is nothing to tell apart."""
    for split, dataset in context.splits.items():
        answers = {frozenset(category) for category in dataset.labels.categories}
        if len(answers) == 1 and len(dataset) > 1:
            named = ", ".join(map(short_repr, sorted(next(iter(answers))))) or "no label"
            yield Finding(
                "warning",
                "same labels",
                f"{split}: every one of the {len(dataset)} rows has the same labels: {named}.",
                "Check data.label_column. A classifier cannot learn from such rows, and their accuracy has no meaning.",
            )


def words_for_missing(context: CheckContext) -> Iterator[Finding]:
    """Find labels that programs write for a missing value. In a text file they are labels as any other."""
    for split, dataset in context.splits.items():
        for label, count in dataset.labels.count().items():
            if label in MISSING_WORDS:
                yield Finding(
                    "warning",
                    "missing values",
                    f"{split}: the label {short_repr(label)} in {counted(count, 'row')}.",
                    "If it means a missing label, make these fields empty. Otherwise textclf treats it as a label.",
                )


def labels_all_different(context: CheckContext) -> Iterator[Finding]:
    """Find a column in which hardly any label repeats: it is probably not the column of labels."""
    counts = context.train.labels.count()
    if len(counts) > FEW_ROWS and 2 * len(counts) > sum(counts.values()):
        yield Finding(
            "warning",
            "different labels",
            f"train: {len(counts)} different labels in {counted(len(context.train), 'row')}.",
            "Check data.label_column. Labels should repeat.",
        )


def sorted_by_label(context: CheckContext) -> Iterator[Finding]:
    """Find splits in which the rows of a label follow each other."""
    found = []
    for split, answers in context.answer_numbers.items():
        shares = np.bincount(answers, minlength=1) / max(1, len(answers))
        expected = 1 + (len(answers) - 1) * (1 - (shares**2).sum())
        runs = 1 + int((answers[1:] != answers[:-1]).sum())
        if runs < SORTED * expected:  # of two labels in a few rows never: there are at least two runs
            found.append(f"{split} ({len(answers)} rows in {counted(runs, 'run')} of equal labels)")
    if found:
        yield Finding(
            "note",
            "sorted by label",
            f"The rows of a label follow each other in {', '.join(found)}.",
            "You need not do anything. textclf draws a validation share from all rows, and shuffles for training.",
        )


def _plain(label: str) -> str:
    visible = "".join(character for character in label if not _is_invisible(character))
    return " ".join(unicodedata.normalize("NFKC", visible).casefold().split())


def _shown(label: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if _is_invisible(letter) else letter for letter in label)


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf"
