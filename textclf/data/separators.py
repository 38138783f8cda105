"""Find what separates several labels in one field."""

import re

from textclf.data.label_lists import has_list_literals, parse_list
from textclf.data.labels import Labels
from textclf.data.numeric_labels import are_numbers

# Hardly part of a name: one of them is the separator if splitting at it leaves fewer labels.
SEPARATORS = ("|", ";", ",", "#", "\t", "、", "；", "，", "::")
# Often part of a name, such as `R&B` or `very good`: the labels on both sides must occur alone, too.
PARTS_OF_NAMES = ("/", "&", "+", "~", "^", "-", "_", ":", ".", " ")
HALVES = re.compile(r"\d+(?:,[05])?")  # a rating with a decimal comma; `1,2` can be two numbers
LIST_SEPARATOR = ","  # between the items of a list that is written in a field


def find_separator(labels: Labels) -> str | None:
    """Return the separator between the labels of a text, or `None` if every text has one label.

    `a|b`, `b|c`, `a`, `b`, `c` are three labels separated by `|`; `yes, of course`, `no` are two with a comma.
    """
    fields = {label for category in labels.categories for label in category}
    if has_list_literals(labels):
        fields = {item for field in fields for item in parse_list(field) or ()}
        return next((one for one in (LIST_SEPARATOR, *SEPARATORS) if not any(one in label for label in fields)), "|")
    if labels.lists or any(len(category) > 1 for category in labels.categories):
        # They need none, but whatever it is splits their labels too.
        return next((one for one in SEPARATORS if not any(one in label for label in fields)), "|")
    return joining_separator(fields)


def joining_separator(labels: set[str]) -> str | None:
    """Return what joins some of the labels to others, or `None`. A decimal number is one label."""
    if are_numbers(labels) or all(map(HALVES.fullmatch, labels)):
        return None
    for separator in SEPARATORS:
        parts = {part.strip() for label in labels for part in label.split(separator)}
        if len(parts - {""}) < len(labels) and not (separator == "#" and "" in parts):  # as in C#
            return separator
    for separator in PARTS_OF_NAMES:
        joined = [label for label in labels if separator in label]
        parts = {part.strip() for label in joined for part in label.split(separator)}
        if len(joined) > 1 and parts <= labels:
            return separator
    return None
