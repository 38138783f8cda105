"""Choose the columns with texts and labels of a file, or say why none can be chosen."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from textclf.core.compression import decompressed
from textclf.core.errors import DataError
from textclf.core.files import open_file
from textclf.core.formatting import escape_control
from textclf.data.annotation_tools import check_export
from textclf.data.column_names import LABEL_NAMES, TEXT_NAMES, named
from textclf.data.dataset import ColumnOptions
from textclf.data.likely_columns import label_columns_of, text_column_of
from textclf.data.readers import excel
from textclf.data.readers.content import FIRST_BYTES
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.problems import TITLE_ADVICE, check_names, missing_columns

TABLES = ("csv", "tsv", "excel")  # whose first row names the columns
FIRST_ARRAY = dict.fromkeys(("json", "jsonl"), 'an array such as ["text", "label"]')
ARRAYS = re.compile(r'\s*\[\s*["\[]')
SETTINGS = ("text_column", "label_column")

Samples = tuple[dict[str, list], dict[str, DataError]]  # the first values of columns, and why others cannot be read


def choose_columns(
    path: str, names: Sequence[str], found: Samples, reading: ReadingOptions, given: Mapping[str, Any]
) -> ColumnOptions:
    """Return the columns with texts and labels: those that are given, or that look like it.

    Args:
        names: of all columns.

    Raises:
        DataError: there are none, one has no unique name, or the one that is meant cannot be read.
    """
    samples, unreadable = found
    if twice := named([name for name, count in Counter(names).items() if count > 1], (*TEXT_NAMES, *LABEL_NAMES)):
        check_names(path, [twice], names)
    said = {setting: given[setting] for setting in SETTINGS if given.get(setting)}
    for setting, column in said.items():
        check_names(path, [column], names)
        if column in unreadable:
            raise unreadable[column]
        if column not in samples:
            raise missing_columns(path, [column], names, reading, named_by=reading.named(setting))
    others = {name: values for name, values in samples.items() if name != said.get("label_column")}
    text = said.get("text_column") or text_column_of(others)
    if "label_column" not in said:
        check_export(path, samples, unreadable, reading)
    if "text_column" not in said:
        _check_meant(text, TEXT_NAMES, unreadable)
    label = said.get("label_column") or (label_columns_of(samples, text) if text else None)
    if "label_column" not in said:
        _check_meant(label, LABEL_NAMES, unreadable)
    if not text or not label:
        raise _no_columns(path, names, text, reading)
    if isinstance(label, str) and "label_column" not in said:
        _check_header(path, label, samples[label], reading)
    return ColumnOptions(text_column=text, label_column=label)


def _check_meant(column: str | list[str] | None, usual: Sequence[str], unreadable: Mapping[str, DataError]) -> None:
    """Raise the error for a column that cannot be read, if it has a usual name and the chosen column has none."""
    meant = named(unreadable, usual)
    if meant and (column is None or (isinstance(column, str) and not named([column], usual))):
        raise unreadable[meant]


def _check_header(path: str, label: str, labels: Sequence, reading: ReadingOptions) -> None:
    """Check that the name of the label column is not itself a label, as in a file without a header."""
    if label in labels and (reading.format in TABLES or _has_arrays(path, reading)):
        first = FIRST_ARRAY.get(str(reading.format), "a line such as text,label")
        raise DataError(
            f"{path}: expected a header line with the names of the columns, got a row ('{escape_control(label)}' "
            f"is also a label). Put {first} before it."
        )


def _has_arrays(path: str, reading: ReadingOptions) -> bool:
    """Return whether the rows of a JSON file are arrays."""
    with open_file(path) as stream:
        beginning = decompressed(stream, path).read(FIRST_BYTES)
    return ARRAYS.match(beginning.decode(reading.encoding, "ignore").removeprefix("\ufeff")) is not None


def _no_columns(path: str, names: Sequence[str], text: str | None, reading: ReadingOptions) -> DataError:
    missing = "labels (a few different values that repeat)" if text else "texts and one with labels"
    options = f"{reading.named('text_column')} and {reading.named('label_column')}"
    shown = ", ".join(escape_control(name) for name in islice(names, 20)) or "(none)"
    return DataError(
        f"{path}: expected a column with {missing}, but none of the columns looks like it: {shown}. "
        f"Name them with {options}.{_advice(path, reading)}"
    )


def _advice(path: str, reading: ReadingOptions) -> str:
    """Return what else may help if the columns are not those of texts and labels."""
    if reading.format not in TABLES:
        return ""
    if reading.format != "excel":
        return TITLE_ADVICE
    with open_file(path) as stream:
        return TITLE_ADVICE + excel.other_sheets(decompressed(stream, path), path, reading)
