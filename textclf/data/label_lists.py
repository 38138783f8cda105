"""Labels that a file writes as a list: a literal such as `['a', 'b']`, or a 0 or 1 for every label (multi-hot)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from textclf.core.errors import DataError
from textclf.core.formatting import short_repr
from textclf.data.labels import Labels

BRACKETS = {"[": "]", "(": ")", "{": "}"}
# An item in quotes, with the escapes of JSON and Python. NumPy has no comma between items.
QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*(?:,|(?=["'])|$)""", re.DOTALL)
ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
CHOICES = re.compile(r'\{"choices": (\[.*\])\}', re.DOTALL)
NUMBERS = re.compile(r"[-+.\d]+(?:\s+[-+.\d]+)*|(?:True|False)(?:\s+(?:True|False))*")
UNWRITABLE = ("Cc", "Cs")  # control characters, and halves of characters
PRESENT, ABSENT = ("1", "1.0", "1.", "true"), ("0", "0.0", "0.", "false")


def parse_list(field: str) -> tuple[str, ...] | None:
    """Return the items of a list as Python, JSON, NumPy or PostgreSQL write it; `None` for any other text.

    Example:
        >>> parse_list("['a', 'b']"), parse_list("[1 0 0]"), parse_list("a, b")
        (('a', 'b'), ('1', '0', '0'), None)
    """
    field = field.strip()
    if len(field) < 2 or BRACKETS.get(field[0]) != field[-1]:
        return None
    inner = field[1:-1].strip()
    if not inner:
        return ()
    if inner[0] in "\"'":
        return _quoted_items(inner)
    if any(character in inner for character in "[](){}\"'"):
        return None
    items = re.split(r"\s+", inner) if NUMBERS.fullmatch(inner) else inner.split(",")
    return tuple(item.strip() for item in items if item.strip())


def choices_of(field: str) -> tuple[str, ...]:
    """Return the labels of `{"choices": ["a", "b"]}`, as Label Studio writes several labels into CSV, or the field."""
    choices = CHOICES.fullmatch(field)
    labels = parse_list(choices[1]) if choices else None
    return (field,) if labels is None else labels


def has_list_literals(labels: Labels, known: Set[str] = frozenset()) -> bool:
    """Return whether every field with a label is the literal of a list, and one of them has several items.

    Args:
        known: labels of the training data. If an item is one of them and no field is, the items are the labels.
    """
    fields = [field for category in labels.categories for field in category]
    if labels.lists or not fields or any(field[:1] not in BRACKETS for field in fields):
        return False
    lists = [parse_list(field) for field in fields]
    if None in lists:
        return False
    items = {item for found in lists for item in found or ()}
    return any(len(found or ()) > 1 for found in lists) or (known.isdisjoint(fields) and not known.isdisjoint(items))


def unfold_list_literals(labels: Labels, known: Set[str] = frozenset()) -> Labels:
    """Return the labels with the items of each literal as the labels of a text, if `has_list_literals`."""
    if not has_list_literals(labels, known):
        return labels
    items = labels.map(lambda category: tuple(item for field in category for item in parse_list(field) or ()))
    return replace(items, lists=True)


def is_multi_hot(categories: Iterable[tuple[str, ...]]) -> bool:
    """Return whether lists have a 0 or 1 for every label: as many in every text, at least two, and nothing else.

    As names of labels, "0" and "1" of every text would tell no text from another one.
    """
    lists = [category for category in categories if category]
    lengths = {len(category) for category in lists}
    values = {value.casefold() for category in lists for value in category}
    return len(lengths) == 1 and min(lengths) > 1 and values <= {*PRESENT, *ABSENT}


def decode_multi_hot(labels: Labels, names: Sequence[str] | None = None) -> Labels:
    """Return multi-hot lists as labels: the names of the ones, by default their positions from 0."""
    most = max(map(len, labels.categories), default=0)
    names = [str(place) for place in range(most)] if names is None else names
    return labels.map(
        lambda category: tuple(
            name for name, value in zip(names, category, strict=False) if value.casefold() in PRESENT
        )
    )


def name_multi_hot(labels: Labels, names: Sequence[str], file: str) -> Labels:
    """Return multi-hot lists as labels with these names.

    Raises:
        DataError: the lists have another number of values, or the labels of the file are no such lists.
    """
    labels = unfold_list_literals(labels)
    lengths = {len(category) for category in labels.categories if category}
    if not (labels.lists and is_multi_hot(labels.categories)) or lengths != {len(names)}:
        found = next((category for category in labels.categories if category), ())
        raise DataError(
            f"{file}: expected lists with a 0 or 1 for each of the {len(names)} data.label_names, got "
            f"{short_repr(list(found))}. Correct data.label_names, or leave it out."
        )
    return decode_multi_hot(labels, names)


def fault_of_names(names: Sequence[str], separator: str) -> str | None:
    """Return what was expected of the names of labels, and what is there; `None` if they can be names.

    Labels lose the spaces around them. The separator would make two labels of a name.
    """
    labels = [name.strip() for name in names]
    if len(names) < 2:
        return f"expected at least two names, got {short_repr(list(names))}"
    for place, label in enumerate(labels):
        shown = short_repr(names[place])
        if not label:
            return f"expected a name for each label, got {shown}"
        if any(unicodedata.category(character) in UNWRITABLE for character in label):
            return f"expected names without control characters, got {shown}"
        if separator in label:
            return f"expected names without {short_repr(separator)}, got {shown}; set another targets.separator"
    twice = next((name for name, count in Counter(labels).items() if count > 1), None)
    return None if twice is None else f"expected different names, got {short_repr(twice)} twice"


def _quoted_items(inner: str) -> tuple[str, ...] | None:
    items, place = [], 0
    while place < len(inner):
        match = QUOTED.match(inner, place)
        if match is None:
            return None
        items.append(ESCAPED.sub(_unescaped, next(group for group in match.groups() if group is not None)))
        place = match.end()
    return tuple(item.strip() for item in items if item.strip())


def _unescaped(match: re.Match) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else match[3]
