"""The sections `data` and `targets` of the config that `textclf new` writes; `recipe.py` has the others."""

from typing import TYPE_CHECKING

import numpy as np

from textclf.config.recipe import Facts, Line
from textclf.core.formatting import counted, escape_control, first_shown, percent, short_repr
from textclf.data.dataset import Dataset
from textclf.data.label_lists import is_multi_hot
from textclf.data.readers.options import DEFAULTS
from textclf.data.sniffing import SniffedFile

if TYPE_CHECKING:
    from textclf.config.starter import Sources

UNEVEN = 1.2  # times the even share, from which the most frequent label has too much weight
RARER = 0.45  # share of the rows below which a label of two is the one that is looked for, as fraud or spam


def _label_reason(found: SniffedFile, raw: Dataset) -> str:
    if len(found.columns.label_columns) > 1:
        return "a column for each label, with 0 or 1"
    if raw.labels.lists and is_multi_hot(raw.labels.categories):
        return "column with a 0 or 1 for each label. Name them in data.label_names, or they are 0, 1 …"
    return "column with the label"


def chosen(found: SniffedFile, about: str) -> str:
    """Return what is read of a file in one line: its columns, rows and labels, and the sheet of a workbook."""
    columns = ""
    if found.names_columns:
        columns = f"text: {found.columns.text_column}, label: {first_shown(found.columns.label_columns)}; "
    return f"{columns}{about}{f', sheet {found.reading.sheet}' if found.reading.sheet else ''}"


def data(sources: "Sources", found: SniffedFile, facts: Facts, raw: Dataset) -> list[Line]:
    """Return the files, the columns, and how they are read where that is not the default."""
    train, test, unlabelled = sources
    texts, labels = found.columns.text_column, found.columns.label_column
    others = f" (not used: {first_shown(map(escape_control, found.others))})" if found.others else ""
    held_out = round(facts.size.validation * len(facts.dataset))
    lines = [
        ("train", train, "paths are relative to the working directory"),
        ("validation", facts.size.validation, f"about {held_out} rows of train, held out"),
        ("test", test, "for the final metrics" if test else "add a test file if you have one"),
    ]
    if unlabelled:
        lines.append(("unlabelled", unlabelled, f"{counted(facts.unlabelled, 'text')} without labels"))
    if found.names_columns:
        lines += [
            ("text_column", texts, f"column with the text{others}"),
            ("label_column", labels, _label_reason(found, raw)),
        ]
    how = {
        "format": "of the file, for any ending of its name",
        "encoding": f"the first text reads {short_repr(found.first_text)}",
        "delimiter": "between the fields",
        "quoting": found.no_quotes or "as given",
        "sheet": "of the workbook",
    }
    read = [(name, getattr(found.reading, name), reason) for name, reason in how.items()]
    return lines + [line for line in read if line[1] != getattr(DEFAULTS, line[0])]


def targets(facts: Facts, separator: str | None) -> list[Line]:
    """Return the type of the labels, and what depends on it."""
    targets = facts.targets
    share = percent(max(targets.counts) / len(facts.dataset))
    most = f"{short_repr(targets.labels[int(np.argmax(targets.counts))])} in {share} of the rows"
    if separator:
        several = sum(targets.counts) / len(facts.dataset)
        reason = f"{len(targets.labels)} labels, {several:.2f} per text, most frequent {most}"
        return [
            ("type", targets.type, reason),
            ("separator", separator, "between the labels of a text"),
            ("threshold", "f1", "chosen per label, because rare labels never reach 0.5"),
        ]
    lines: list[Line] = [("type", targets.type, f"{len(targets.labels)} labels, one per text, most frequent {most}")]
    if targets.single_output:
        is_rare = min(targets.counts) < RARER * len(facts.dataset)
        label = targets.labels[int(np.argmin(targets.counts)) if is_rare else 1]
        reason = "the rarer label" if is_rare else "the last in order"
        lines.append(("positive_label", label, f"{reason}, to which a threshold applies"))
    return lines


def class_weights(facts: Facts) -> list[Line]:
    """Return the weights of labels, if some are rarer than others. Several labels a text have thresholds instead."""
    targets = facts.targets
    even = len(facts.dataset) / len(targets.labels)
    if targets.multilabel or max(targets.counts) < UNEVEN * even:
        return []
    return [("class_weights", "balanced", "rare labels count as much as frequent ones, or they are seldom predicted")]
