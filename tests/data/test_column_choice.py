"""Columns that are named, or that cannot be told apart."""

import pytest

from tests.data.sniffed_tables import REVIEWS, columns, table
from textclf.core.errors import DataError
from textclf.data.sniffing import SniffingArguments, sniff
from textclf.inference.text_source import read_source


def test_columns_can_be_named(write):
    rows = [
        ("ab"[number % 2], f"text number {number}", f"{number} is a title", "xyz"[number % 3]) for number in range(30)
    ]
    path = write(table(("channel", "text", "title", "label"), rows))
    found = sniff(path, given={"text_column": "title", "label_column": "channel"})
    assert (found.columns.text_column, found.columns.label_column) == ("title", "channel")
    assert sniff(path, given={"label_column": "text"}).columns.text_column == "title"
    message = (
        "expected a column 'titel', but the columns are: .*did you mean 'title'.* Name the right one with --{}-column"
    )
    for kind in ("text", "label"):
        with pytest.raises(DataError, match=message.format(kind)):
            sniff(path, SniffingArguments(), {f"{kind}_column": "titel"})


@pytest.mark.parametrize(
    ("header", "twice"), [(("text", "label", "label"), "label"), (("text", "text", "label"), "text")]
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_name_that_two_columns_have(write, header, twice, delimiter):
    path = write(table(header, [(text, text[::-1], label) for text, label in REVIEWS], delimiter))
    with pytest.raises(DataError, match=f"expected one column '{twice}', got 2 of this name. Rename the others"):
        sniff(path)
    with pytest.raises(DataError, match=f"expected one column '{twice}', got 2"):
        list(read_source(path, column=twice))


def test_other_columns_may_have_one_name(write):
    rows = [("1", "2", text, label) for text, label in REVIEWS]
    assert columns(write(table(("id", "id", "text", "label"), rows))) == ("text", "label")
    assert columns(write(table(("", "", "text", "label"), rows))) == ("text", "label")
