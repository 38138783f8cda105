"""Labels that are numbers: their order, and two spellings of one whole number."""

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textclf.core.formatting import first_shown

if TYPE_CHECKING:  # which imports this module
    from textclf.data.labels import Labels

log = logging.getLogger(__name__)

# Python refuses to read numbers of thousands of digits.
NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?")
WITHOUT_FRACTION = re.compile(r"([+-]?\d{1,20})\.0{1,20}")


def in_order(labels: Iterable[str]) -> list[str]:
    """Return labels sorted: numbers by value if all are numbers, else whole numbers by value before names."""
    labels = list(labels)
    if are_numbers(labels):
        from decimal import Decimal

        return sorted(labels, key=lambda label: (Decimal(label), label))
    return sorted(labels, key=_mixed_order)


def are_numbers(labels: Iterable[str]) -> bool:
    """Return whether every label is a number, such as `-1` or `4.5`."""
    return all(NUMBER.fullmatch(label) for label in labels)


def without_fraction(label: str) -> str:
    """Return `2` for `2.0`: pandas writes whole numbers so in a column that has an empty field. Else the label."""
    found = WITHOUT_FRACTION.fullmatch(label)
    return found[1] if found else label


def respelled(labels: Iterable[str]) -> dict[str, str]:
    """Return `2.0` -> `2` for every label that has its other spelling beside it, if all labels are numbers."""
    known = set(labels)
    if not are_numbers(known):
        return {}
    shorter = {label: without_fraction(label) for label in known}
    return {label: short for label, short in shorter.items() if short != label and short in known}


def merge_spellings(labels: "Labels", name: str) -> "Labels":
    """Return labels with `2` for `2.0` where there are both, and say so; `name` is that of the file."""
    short = respelled(label for category in labels.categories for label in category)
    if not short:
        return labels
    shown = first_shown(f"'{long}' as '{label}'" for long, label in sorted(short.items()))
    log.warning("%s: labels that are the same number are read as one: %s", name, shown)
    return labels.map(lambda category: tuple(dict.fromkeys(short.get(label, label) for label in category)))


def _mixed_order(label: str) -> tuple:
    whole = label.removeprefix("-").isdecimal() and NUMBER.fullmatch(label)
    return (0, int(label), label) if whole else (1, 0, label)
