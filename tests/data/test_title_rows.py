"""Titles, and the upper of two header rows, above the header of a table."""

import pytest

from textclf.core.errors import DataError
from textclf.data.title_rows import check_first_row

HEADER = ["Eingang", "Absender", "Text", "Kategorie"]
ROWS = [[f"2026-01-{day:02}", f"a{day}", f"Hallo, Mail {day}", "xy"[day % 2]] for day in range(1, 9)]


def numbered(rows):
    return list(enumerate(rows, 1))


@pytest.mark.parametrize(
    ("above", "row"),
    [
        ([["Mails", "", "", "Stand 1.3.2026"]], 2),
        ([["Mails"]], 2),
        ([["Mails", "", "", ""], ["", "", "", ""]], 3),
        ([["Kunde", "", "Mail", ""]], 2),
        ([["Mails 2026", "", "", ""], ["Stand", "1.3.2026", "", ""]], 3),
    ],
)
@pytest.mark.parametrize("header", [HEADER, ["Zeit", "Von", "Mitteilung", "Art"]])
def test_the_header_below_is_named(above, row, header):
    with pytest.raises(DataError, match=rf"got '.*above 4 columns\. Row {row} seems to be the header \({header[0]}, "):
        check_first_row("a.csv", numbered([*above, header, *ROWS]))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [HEADER],
        [HEADER, *ROWS],
        [["", *HEADER[1:]], *ROWS],  # an index without a name
        [["", "text", "label"], *[[f"a{n}", f"a text {n}", "xy"[n % 2]] for n in range(9)]],
        [["text", "label", ""], ["text one", "topic", "a remark"], ["two", "topic", ""], ["three", "y", ""]],
        [["text", "label"], ["one, two", "x", "y"], ["one", "x"]],
    ],
)
def test_other_tables_have_no_title(rows):
    check_first_row("a.csv", numbered(rows))
