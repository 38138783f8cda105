"""Tell which columns of a table are its texts and its labels, by their names and their values."""

import re
from collections.abc import Callable
from statistics import mean

from textclf.data.column_names import LABEL_NAMES, TEXT_NAMES, named, plain
from textclf.data.readers.columns import MARKS

MOST_DIFFERENT = 0.5  # of the rows of a label column have a label of their own
FEW_ROWS = 20  # below this, that says nothing
NEARLY_ALL = 0.9  # of the values of a column: one may be a second header
DATE = re.compile(
    r"(\d{1,4}[-./年] ?\d{1,2}[-./月] ?(\d{1,4}日?)?|\d{1,2}[. ]+\w{3,10}\.?,? \d{4}|\w{3,10}\.? \d{1,2},? \d{4})"
    r"([T, ]+\d{1,2}:\d\d.*)?|\d{1,2}:\d\d(:\d\d)?"
)
CODE = re.compile(r"(?=.*\d)[\w#-]+", re.ASCII)  # T00042, or a UUID


def text_column_of(samples: dict[str, list]) -> str | None:
    """Return the column with texts: by its name, or else the one with the longest texts.

    Numbers, dates and lists are none. Codes such as T00042 are none either, unless the column has a usual name.
    """
    lengths = {
        name: mean(len(value) for value in values)
        for name, values in samples.items()
        if all(isinstance(value, str) for value in values) and _may_be_texts(name, values)
    }
    by_name = named(lengths, TEXT_NAMES)
    if by_name:
        return by_name
    unlikely = named(lengths, LABEL_NAMES)  # long names of labels are no texts
    lengths = {name: length for name, length in lengths.items() if name != unlikely}
    return max(lengths, key=lengths.__getitem__, default=None)


def label_columns_of(samples: dict[str, list], text: str) -> str | list[str] | None:
    """Return the column with labels: by its name, or else the one with the fewest different values, at least two.

    Of several with as many the last one; but two and more with nothing but 0 and 1 are a column for each label. Dates
    are no labels, nor are numbers and codes that are all different, unless the column has a usual name.
    """
    different = {}
    for name, values in samples.items():
        found = {tuple(value) if isinstance(value, list) else value for value in values} - {"", None, ()}
        if name != text and found and _may_be_labels(name, values, len(found)):
            different[name] = len(found)
    by_name = named(different, LABEL_NAMES)
    marked = [name for name, values in samples.items() if name != text and _are_marks(values)]
    if len(marked) > 1 and (by_name is None or (by_name in marked and plain(by_name) not in LABEL_NAMES)):
        return marked
    if by_name:
        return by_name
    candidates = [name for name, count in different.items() if count > 1]
    return min(reversed(candidates), key=different.__getitem__, default=None)


def _may_be_texts(name: str, values: list[str]) -> bool:
    if not any(value.strip() for value in values) or _nearly_all(values, is_number) or _nearly_all(values, is_date):
        return False
    return plain(name) in TEXT_NAMES or not _nearly_all(values, _is_code)


def _may_be_labels(name: str, values: list, different: int) -> bool:
    texts = [value for value in values if isinstance(value, str)]
    if (different > MOST_DIFFERENT * len(values) and len(values) >= FEW_ROWS) or _nearly_all(texts, is_date):
        return False
    return plain(name) in LABEL_NAMES or different < len(values) or not _nearly_all(texts, _is_code)


def _nearly_all(values: list[str], is_one: Callable[[str], bool]) -> bool:
    """Return whether nearly all values that are not empty are of a kind."""
    filled = [value for value in map(str.strip, values) if value]
    return bool(filled) and sum(map(is_one, filled)) >= NEARLY_ALL * len(filled)


def is_date(value: str) -> bool:
    """Return whether a value is a date, a time, or both."""
    return DATE.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Return whether a value is a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_code(value: str) -> bool:
    return is_number(value) or CODE.fullmatch(value) is not None


def _are_marks(values: list) -> bool:
    """Return whether a column says of each text whether it has a label. One of only 1, or only empty, says nothing."""
    found = {value.strip().casefold() if isinstance(value, str) else None for value in values}
    return found <= set(MARKS) and (len(found) > 1 or found <= {"0", "0.0", "false"})
