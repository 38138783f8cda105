"""Lines of CSV that every reader splits in the same way."""

import csv
import io

import pandas
import pytest
from pyarrow import csv as arrow_csv

from textclf.core.csv_lines import csv_lines

VALUES = ["a\rb", "a\nb", "a\r\nb", '"', "a,b", " ", "plain", "x\u2028y", "\x0b\x0c", "é"]


@pytest.mark.parametrize("value", VALUES)
def test_every_reader_finds_the_same_rows(value):
    content = "".join(f"{line}\n" for line in csv_lines([["text", f"name {value}"], [value, 1], ["last", value]]))
    expected = [["text", f"name {value}"], [value, "1"], ["last", value]]
    assert list(csv.reader(io.StringIO(content, newline=""))) == expected
    frame = pandas.read_csv(io.StringIO(content, newline=""), dtype=str, na_filter=False, header=None)
    assert frame.to_numpy().tolist() == expected
    options = arrow_csv.ParseOptions(newlines_in_values=True)
    table = arrow_csv.read_csv(io.BytesIO(content.encode()), parse_options=options)
    assert table.column_names == expected[0]
    assert table["text"].to_pylist() == [value, "last"]
