"""Tell that a title, or the upper of two header rows, is above the header of a table."""

from collections.abc import Sequence

from textclf.core.errors import DataError
from textclf.core.formatting import first_shown, short_repr
from textclf.data.column_names import LABEL_NAMES, TEXT_NAMES, named
from textclf.data.likely_columns import is_date, is_number

MOST_ABOVE = 10  # rows that are looked at for the header
LONGEST_NAME = 60  # characters


def check_first_row(path: str, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Check that the first row, if it lacks names of columns, is not above another row with all of them.

    Args:
        rows: the first ones, each with its number in the file.

    Raises:
        DataError: it is.
    """
    width = max((len(fields) for _, fields in rows), default=0)
    cells = [[field.strip() for field in fields] + [""] * (width - len(fields)) for _, fields in rows]
    filled = [column for column in range(width) if any(row[column] for row in cells[1:])]
    if not filled or all(cells[0][column] for column in filled):
        return
    for place in range(1, min(len(rows) - 1, MOST_ABOVE)):
        row = [cells[place][column] for column in filled]
        below = [[other[column] for other in cells[place + 1 :]] for column in filled]
        if _is_header(row, below):
            first = first_shown(short_repr(cell) for cell in cells[0] if cell)
            raise DataError(
                f"{path}: expected the names of the columns in the first row, got {first or 'empty cells'} above "
                f"{len(filled)} columns. Row {rows[place][0]} seems to be the header ({first_shown(row)}): remove the "
                "rows above it."
            )


def _is_header(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row has a different short name in each column that no row below has."""
    if any(not 0 < len(cell) <= LONGEST_NAME or is_number(cell) or is_date(cell) for cell in row):
        return False
    if len(set(row)) < len(row) or any(cell in others for cell, others in zip(row, below, strict=True)):
        return False
    usual = named(row, TEXT_NAMES) and named(row, LABEL_NAMES)
    return bool(usual) or any(_are_values(others) for others in below)


def _are_values(cells: Sequence[str]) -> bool:
    """Return whether all cells of a column are numbers or dates."""
    found = [cell for cell in cells if cell]
    return bool(found) and all(is_number(cell) or is_date(cell) for cell in found)
