"""Quotes that nothing closes: they must not swallow rows, and texts with line breaks must stay what they are."""

import csv
import io

import pytest

from textclf.core.errors import DataError
from textclf.data.readers.options import DEFAULTS, ReadingArguments, ReadingOptions
from textclf.data.readers.quotes import OpenQuoteError
from textclf.data.readers.sources import Columns, read_stream

UNQUOTED = ReadingOptions(quoting="none")


def rows(count, begin=(), end=()):
    """Rows whose texts begin or end with a quote."""
    quote = '"'
    return [
        (f"{quote * (row in begin)}the film was good {row}{quote * (row in end)}", ("pos", "neg")[row % 2])
        for row in range(count)
    ]


def plain(table, delimiter, header=("text", "label")):
    """The file of a tool that knows no quotes."""
    return "".join(delimiter.join(row) + "\n" for row in [header, *table])


def read(content, name="a.tsv", options=DEFAULTS, label="label"):
    tables = list(read_stream(io.BytesIO(content.encode()), name, Columns(["text"], label), options))
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


@pytest.mark.parametrize("text_first", [True, False])
@pytest.mark.parametrize(("name", "delimiter"), [("a.tsv", "\t"), ("a.csv", ",")])
@pytest.mark.parametrize(
    ("count", "begin", "end", "place"),
    [
        (100, (5, 95), (), "row 6"),
        (100, (5, 6), (), "row 6"),
        (100, (0, 99), (), "row 1"),
        (100, (3,), (9,), "row 4"),  # closed at the end of another row
        (100, (99,), (), "row 100"),  # never closed
        (100, (0,), (), "row 1"),
        (9_000, (8_000, 8_900), (), "row 8001"),
        (9_000, (1, 8_900), (), "row 2"),
    ],
)
def test_an_open_quote_is_an_error_that_names_its_row(name, delimiter, count, begin, end, place, text_first):
    table, header = rows(count, begin, end), ("text", "label")
    if not text_first:
        table, header = [row[::-1] for row in table], header[::-1]
    content = plain(table, delimiter, header)
    with pytest.raises(OpenQuoteError, match=f"{place} (holds|never).*data.quoting: none") as error:
        read(content, name)
    assert place in error.value.reason
    assert read(content, name, UNQUOTED) == rows(count, begin, end)


@pytest.mark.parametrize("row", [5, 20_000])
def test_an_open_quote_in_a_file_of_texts_only(row):
    texts = [('"' if number in (row, row + 40) else 'of 5" ') + f"a film {number}" for number in range(25_000)]
    content = "text\n" + "".join(f"{text}\n" for text in texts)
    with pytest.raises(OpenQuoteError, match=f"line {row + 2} holds a line"):
        read(content, "a.csv", label=None)
    assert read(content, "a.csv", UNQUOTED, label=None) == [(text,) for text in texts]


def test_ids_and_ratings_are_rows_too():
    quotes = {5: '"', 9: '"'}
    lines = [f"{number},{quotes.get(number, '')}good {number},{number % 5 + 1}" for number in range(100)]
    with pytest.raises(OpenQuoteError, match="row 6 holds 4 lines"):
        read("\n".join(["id,text,label", *lines]), "a.csv")


@pytest.mark.parametrize("rows", [(5, 6), (5, 7), (0, 1)])
@pytest.mark.parametrize("header", ["text,label", "label,text", "id,text", "text;stars", "id\ttext"])
def test_a_row_of_a_number_is_missed_too(header, rows):
    delimiter = next(one for one in ",;\t" if one in header)
    texts = [('"' if row in rows else "") + f"good {row}" for row in range(50)]
    fields = [
        [text if name == "text" else str(row) for name in header.split(delimiter)] for row, text in enumerate(texts)
    ]
    content = "\n".join([header, *map(delimiter.join, fields)])
    with pytest.raises(OpenQuoteError, match=f"row {rows[0] + 1} holds"):
        read(content, "a.csv", label=None)
    assert [text for (text,) in read(content, "a.csv", UNQUOTED, label=None)] == texts


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize(
    "texts",
    [
        ["one\ntwo", "three, and\r\nfour", "", "\n\n", "five"],
        ['he said "no"\nand "yes"', '"quoted"\n', '"', '""\n""'],
        ["price: 18,5\n20 euros", "only 3,5\nstars"],  # numbers with a comma, as the label is
        ["Nice, really\nLoved it", "Bad, really\nNever again, no\nno"],  # as many commas as a row
        ["a\tb\nc", "- one\n- two\n- three"],
        ["x" * 200_000 + "\ny"],
    ],
)
def test_texts_with_line_breaks_stay_texts(name, texts):
    table = [(text, label) for text in texts * 30 for label in ("5", "pos", "3")]
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t" if name == "a.tsv" else ",").writerows([("text", "label"), *table])
    assert [text for text, _ in read(stream.getvalue(), name)] == [text for text, _ in table]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_quotes_within_a_field_are_characters(name):
    table = [('a TV of 15"', "x"), ("5'11\" tall", "y"), ("''", "x"), ("it's 'fine'", "y"), ('say "no" now', "x")] * 30
    assert read(plain(table, "\t" if name == "a.tsv" else ","), name) == table


def test_a_text_that_holds_rows_can_be_kept():
    content = 'text,label\n"the rows\none,pos\ntwo,neg\nare wrong",pos\na,pos\nb,neg\n'.replace("the rows", "rows,pos")
    with pytest.raises(DataError, match="unchecked"):
        read(content, "a.csv")
    assert read(content, "a.csv", ReadingOptions(quoting="unchecked"))[1:] == [("a", "pos"), ("b", "neg")]
    assert len(read(content, "a.csv", ReadingOptions(quoting="unchecked"))) == 3


def test_messages_advise_what_the_command_has():
    with pytest.raises(DataError) as error:
        read(plain(rows(100, (5, 95)), "\t"), options=ReadingArguments())
    assert "--quoting none" in str(error.value)
    assert "data." not in str(error.value)


@pytest.mark.parametrize("columns", [50, 200, 2_000])
@pytest.mark.parametrize("delimiter", [",", "\t", "|", "^", "\\"])
def test_a_table_of_many_columns(columns, delimiter):
    others = delimiter.join(f"c{number}" for number in range(columns))
    values = delimiter.join("x" for _ in range(columns))
    quotes = {5: '"', 9: '"'}
    rows = [f"{quotes.get(row, '')}good {row}{delimiter}{values}" for row in range(40)]
    content = "\n".join([f"text{delimiter}{others}", *rows])
    with pytest.raises(OpenQuoteError, match="row 6 holds 4 lines"):
        read(content, "a.csv", ReadingOptions(delimiter=delimiter), label=None)


def test_a_table_so_wide_that_pandas_reads_it_in_pieces():
    header, values = ",".join(f"c{number}" for number in range(9_000)), ",x" * 9_000
    texts = [*range(65), f'"a{values}\nb"']
    content = "\n".join([f"text,{header}", *(f"{text}{values}" for text in texts)])
    with pytest.raises(OpenQuoteError, match="row 66 holds a line"):
        read(content, "a.csv", label=None)


@pytest.mark.parametrize(("name", "delimiter"), [("a.tsv", "\t"), ("a.csv", "|"), ("a.csv", ",")])
def test_quotes_that_begin_and_end_in_other_columns(name, delimiter):
    opened = '"'
    table = [
        (f"{opened * (row in (7, 60))}good {row}", "ab"[row % 2], f"{opened * (row in (30, 31))}T{row}", str(row))
        for row in range(100)
    ]
    content = plain(table, delimiter, ("text", "label", "title", "id"))
    with pytest.raises(OpenQuoteError, match=r"fields as in the header, got .* set data.quoting: none"):
        read(content, name)
    assert read(content, name, UNQUOTED) == [(text, label) for text, label, *_ in table]
