"""Collect the rows of `json` and `jsonl`, and make tables of their fields.

A row is an object; an array below a first one with the names of the columns; or a text where nothing else is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import TypedDict

import pyarrow as pa

from textclf.core.errors import DataError, did_you_mean
from textclf.core.files import MIB
from textclf.core.formatting import counted, first_shown, short_repr
from textclf.data.readers.columns import KEEP, KEPT, column_of, is_missing, kept_column, kept_names, plain_text
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.problems import check_names, missing_columns

MOST_WAITING, MOST_WAITING_CHARACTERS = 1000, MIB  # rows without an optional field, before it is said to be missing

DEEPEST, MOST_FIELDS = 5, 100  # objects within each other, and fields of one; a larger one is no record
CHOICES = {"choices"}  # the field of several labels in Label Studio's JSON-MIN, where a single one is a string
MOST_SHOWN = 40  # characters of a value in a message


class RowOptions(TypedDict, total=False):
    """Options of `Rows` that a reader passes on."""

    kept: Sequence[str] | None
    fill_missing: bool


class Rows:
    """Rows that are not in a table yet.

    Args:
        columns: the fields that become columns; `ticket.body` is also the field `body` of an object `ticket`.
        options: how the file is read, for messages.
        kept: further fields, which a row may lack, for the column `KEPT`.
        fill_missing: whether a row may lack a field that another row has; it is an empty text then.
    """

    def __init__(
        self,
        columns: list[str],
        options: ReadingOptions,
        kept: Sequence[str] | None = None,
        *,
        fill_missing: bool = False,
    ):
        self._columns, self._options, self._kept = columns, options, kept
        self._paths = [column for column in columns if "." in column]
        self._optional = {*(columns if fill_missing else ()), *kept_names(kept or [], [])}
        self._known: dict[str, None] = {}  # the optional fields that a row has had
        self._names: list[str] | None = None  # of the columns, where rows are arrays
        self._has_objects = False
        self._has_columns = False  # whether a row has had all of them
        self._rows: dict[str, dict] = {}
        self._faults: dict[str, DataError] = {}  # of rows, by their places
        self._characters = 0

    def __len__(self) -> int:
        return len(self._rows) + len(self._faults)

    def add(self, place: str, row: object, characters: int = 0) -> None:
        """Add a row; nothing for an array with the names of the columns.

        A row that is no object, and no array below one with the names, is a fault that `take` raises.

        Args:
            place: of the row, for messages.
            row: or the error of one that cannot be parsed.
            characters: of the row in the file.

        Raises:
            DataError: the first array does not have the names of the columns.
        """
        if isinstance(row, list) and not self._has_objects:
            if self._names is None:
                self._names = self._checked_names(row, place)
                return
            row = _named_values(self._names, row, place)
        elif self._names is None:
            self._has_objects = True
            row = {self._columns[0]: row} if isinstance(row, str) and len(self._columns) == 1 else row
        if not isinstance(row, dict):
            wrong = DataError(f"{place}: expected a JSON object, got {short_repr(row)}.")
            self._faults[place] = row if isinstance(row, DataError) else wrong
            return
        self._rows[place] = row
        self._characters += characters
        self._known |= dict.fromkeys(self._optional & self._with_nested(row).keys())

    @property
    def ready(self) -> bool:
        """Whether there are rows, and every optional field is known or said to be missing; or a row with a fault."""
        return bool(self._faults) or (
            bool(self._rows)
            and (
                len(self._known) == len(self._optional)
                or len(self._rows) >= MOST_WAITING
                or self._characters >= MOST_WAITING_CHARACTERS
            )
        )

    def take(self) -> pa.Table:
        """Return a table of the rows, at least one, and forget them.

        Raises:
            DataError: rows that are no objects, or have a field that is missing or neither a string or number nor an
                array of them; all these rows at once.
        """
        rows, self._rows, self._characters = self._rows, {}, 0
        known = self._known.keys() & set(self._columns) if self._optional else ()
        fill = dict.fromkeys(known)
        found = []
        for place, row in rows.items():
            try:
                found.append(self._values(fill | self._with_nested(row), place))
            except DataError as error:
                self._faults[place] = error
                if not self._has_columns:  # the columns have other names
                    break
        if self._faults:
            raise _together(self._faults)
        values = zip(*found, strict=True)
        arrays = {column: column_of(list(each)) for column, each in zip(self._columns, values, strict=True)}
        if self._kept is not None:
            names = kept_names(self._kept, [])
            if not set(names) <= self._known.keys():
                place, row = next(iter(rows.items()))
                raise missing_columns(place, names, list(row), self._options, named_by=KEEP)
            arrays[KEPT] = kept_column({name: row.get(name) for name in names or row} for row in rows.values())
        return pa.table(arrays)

    def _with_nested(self, row: dict) -> dict:
        """Return a row with the fields of objects that are columns, unless it has a field of that very name."""
        found = {path: _field_at(path, row) for path in self._paths if path not in row}
        return row | {path: value for path, value in found.items() if value is not ...} if found else row

    def _checked_names(self, row: list, place: str) -> list[str]:
        wanted = ", ".join(f'"{column}"' for column in self._columns)
        if not (all(isinstance(name, str) for name in row) and {*self._columns} <= {*row}):
            raise DataError(
                f"{place}: expected a JSON object, or an array with the names of the columns, got {short_repr(row)}. "
                f"Put an array of the names first, with {wanted}."
            )
        check_names(place, self._columns, row)
        return row

    def _values(self, row: dict, place: str) -> list[str | list[str]]:
        missing = next((column for column in self._columns if column not in row), None)
        if missing is not None and self._has_columns:
            raise DataError(
                f"{place}: expected a field '{missing}', as in earlier rows, but the fields are: "
                f"{', '.join(row) or '(none)'}{did_you_mean(missing, list(row), otherwise='.')} "
                "Correct the row, or write null for a missing value."
            )
        if missing is not None:
            raise missing_columns(place, self._columns, list(row), self._options)
        self._has_columns = True
        return [_value(row[column], column, place) for column in self._columns]


def _together(faults: Mapping[str, DataError]) -> DataError:
    """Return the first fault of a file, which also says where the others are."""
    places = sorted(faults, key=lambda place: int(place.rpartition(" ")[2]))
    first, others = faults[places[0]], [place.rpartition(", ")[2] for place in places[1:]]
    if not others:
        return first
    return DataError(f"{first} {counted(len(others), 'more row')} with a fault: {first_shown(others)}.")


def nested_names(row: dict, before: str = "") -> Iterator[str]:
    """Yield the names of the fields of a row, and in place of an object those of its fields, such as `ticket.body`."""
    for name, value in row.items():
        if (
            isinstance(value, dict)
            and value.keys() != CHOICES
            and 0 < len(value) <= MOST_FIELDS
            and before.count(".") < DEEPEST
        ):
            yield from nested_names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _field_at(path: str, row: dict) -> object:
    """Return a field of an object within a row; `None` where the object is null, `...` where there is none."""
    value: object = row
    for name in path.split("."):
        if value is not None:
            value = value.get(name, ...) if isinstance(value, dict) else ...
    return value


def _named_values(names: list[str], row: list, place: str) -> dict:
    if len(row) > len(names):
        raise DataError(
            f"{place}: expected {len(names)} values, as there are names in the first array, got {len(row)}."
        )
    return dict(zip(names, [*row, *[None] * (len(names) - len(row))], strict=True))


def _value(value: object, column: str, place: str) -> str | list[str]:
    value = value["choices"] if isinstance(value, dict) and value.keys() == CHOICES else value
    values = value if isinstance(value, list) else [value]
    if not all(item is None or isinstance(item, str | int | float) for item in values):
        got = dumps(value, ensure_ascii=False)
        inner = next(iter(value), None) if isinstance(value, dict) else None
        raise DataError(
            f"{place}: expected a string, a number or an array of them in '{column}', "
            f"got {got[:MOST_SHOWN]}{'…' if len(got) > MOST_SHOWN else ''}."
            f"{f' Name a field of the object, such as {column}.{inner}.' if inner else ''}"
        )
    return (
        [plain_text(item) for item in value if not is_missing(item)] if isinstance(value, list) else plain_text(value)
    )
