"""Files that nobody described: their format, delimiter and quotes; other files have columns and encodings."""

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.sniffed_tables import REVIEWS, columns, table
from textclf.core.errors import DataError
from textclf.data.dataset import read_dataset
from textclf.data.readers import csv as csv_reader
from textclf.data.readers.options import DEFAULTS
from textclf.data.readers.sources import Columns
from textclf.data.sniffing import read_sniffed, sniff
from textclf.inference.shards import Request, find_shards, read_shard


@pytest.mark.parametrize(
    ("delimiter", "found"),
    [(",", None), (";", ";"), ("\t", "\t"), ("|", "|"), ("^", "^"), ("~", "~"), ("\x01", "\x01")],
)
def test_delimiters(write, delimiter, found):
    path = write(table(("text", "label"), delimiter=delimiter))
    assert sniff(path).reading.delimiter == (None if delimiter == "," else delimiter)
    assert columns(path) == ("text", "label")


def test_tsv_needs_no_delimiter(write):
    assert sniff(write(table(("text", "label"), delimiter="\t"), "a.tsv")).reading.delimiter is None
    assert sniff(write(table(("text", "label"), delimiter=";"), "a.tsv")).reading.delimiter == ";"


def test_texts_full_of_another_delimiter(write):
    rows = [("one; two; three; four", "x"), ("five; six; seven; eight", "y")]
    assert sniff(write(table(("text;a;b;c", "label"), rows))).reading.delimiter is None


def test_json_lines_with_lists_and_objects(write):
    rows = [{"id": n, "meta": {"a": 1}, "body": f"text {n}", "tags": ["x", "y"][: n % 3]} for n in range(9)]
    path = write("\n".join(map(json.dumps, rows)), "a.jsonl")
    assert columns(path) == ("body", "tags")
    assert sniff(path).others == ["id", "meta.a"]


def test_fields_of_objects_are_columns(write):
    rows = [
        {
            "id": f"T{n:05}",
            "created": f"2026-03-{n + 1:02}T10:00:00+08:00",
            "ticket": {"body": f"a text {n}"},
            "k": "ab"[n % 2],
        }
        for n in range(24)
    ]
    path = write("\n".join(map(json.dumps, rows)), "a.jsonl")
    dataset, found = read_sniffed(path, sniff(path))
    assert (found.columns.text_column, found.columns.label_column) == ("ticket.body", "k")
    assert dataset.texts.to_pylist() == [row["ticket"]["body"] for row in rows]
    without = [{name: value for name, value in row.items() if name != "ticket"} for row in rows]
    with pytest.raises(DataError, match="expected a column with"):
        sniff(write("\n".join(map(json.dumps, without)), "b.jsonl"))


def test_parquet(write, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet

    texts = [text for text, _ in REVIEWS]
    pa.parquet.write_table(pa.table({"review": texts, "stars": [1, 0, 1, 0]}), tmp_path / "a.parquet")
    assert columns(str(tmp_path / "a.parquet")) == ("review", "stars")
    with pytest.raises(DataError, match="expected a Parquet file"):
        sniff(write(b"nothing", "b.parquet"))


def test_a_parquet_file_with_a_damaged_name(write):
    import pyarrow as pa
    import pyarrow.parquet

    stream = io.BytesIO()
    pa.parquet.write_table(pa.table({"text": ["good"], "label": ["yes"]}), stream)
    path = write(stream.getvalue().replace(b"text", b"tex\xe0"), "a.parquet")
    with pytest.raises(DataError, match="a damaged one"):
        sniff(path)
    with pytest.raises(DataError, match="a damaged one"):
        list(read_shard(find_shards(path)[0], Request(Columns(("text",)), DEFAULTS, "parquet", None, None)))


def test_compressed_files_patterns_and_folders(write):
    write(gzip.compress(table(("text", "label"), delimiter=";").encode()), "a.csv.gz")
    assert sniff("a.csv.gz").reading.delimiter == ";"
    write(gzip.compress(table(("text", "label"), [("很好", "x"), ("不好", "y")]).encode()), "b.csv.gz")
    assert sniff("b.csv.gz").reading.encoding == "utf-8"
    write(table(("评论", "标签")), "many/1.csv")
    write(table(("评论", "标签")), "many/2.csv")
    assert columns("many/*.csv") == columns("many") == ("评论", "标签")


def test_formats_without_column_names(write):
    write("__label__x one\n__label__y two\n", "a.ft")
    write("one", "texts/good/1.txt")
    write("two", "texts/bad/1.txt")
    for path in ("a.ft", "texts"):
        assert not sniff(path).names_columns


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("good film,good\nbad film,bad\nso so,good\n", "a.csv", "expected a header line"),
        ("text\none\ntwo\n", "a.csv", r"a\.csv: expected a column with labels .* looks like it: text\."),
        ("a,b\n1,2\n3,4\n", "a.csv", "expected a column with texts and one with labels"),
        ("text,label\n", "a.csv", "got a file without rows"),
        ("", "a.csv", "expected a column with texts|empty file"),
        ('text,label\n"open, x,x\n', "a.csv", "closed"),
        ("[1]\n", "a.jsonl", "expected a JSON object"),
        ("A report,\ntext,label\na film,x\n", "a.csv", r"Row 2 seems to be the header \(text, label\)"),
        ("A report,A report\ntext,label\na film,x\n", "a.csv", "If the first row is a title or a comment, remove it"),
        ('{"text": [{"body": "a"}], "label": "x"}\n' * 3, "a.jsonl", "line 1: expected a string.* in 'text', got"),
        ('{"text": "a b", "label": [{"n": "x"}]}\n' * 3, "a.jsonl", "line 1: expected a string.* in 'label', got"),
        ('{"a": "b c", "tags": [{"n": 1}], "z": "x"}\n{"a": "d", "tags": [], "z": "y"}\n', "a.jsonl", "in 'tags', got"),
        ("one\ntwo\n", "a.txt", "got a file of lines"),
        ("text,label\na,x\n", "a.xyz", "expected a file that ends in"),
    ],
)
def test_files_that_cannot_be_sniffed(write, content, name, message):
    with pytest.raises(DataError, match=message):
        sniff(write(content, name))


def test_missing_file(write):
    with pytest.raises(DataError, match="expected a file, but there is none"):
        sniff("none.csv")


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz"]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(write, content, name):
    refused = None
    try:
        found = sniff(write(content, name))
        read_dataset(name, found.columns, found.reading)
    except DataError as error:
        refused = str(error)
    assert refused is None or name in refused


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_that(write, content):
    with pytest.raises(DataError, match="expected a header line and rows, got an empty file"):
        sniff(write(content))


def test_the_columns_of_a_wide_table_are_read_together(write, monkeypatch):
    header = ("text", "label", *(f"feature {number}" for number in range(300)))
    read, reads = csv_reader.read, []
    monkeypatch.setattr(csv_reader, "read", lambda *given, **more: reads.append(given) or read(*given, **more))
    assert columns(write(table(header, [(text, label, *[0.5] * 300) for text, label in REVIEWS]))) == ("text", "label")
    assert len(reads) == 1


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("name", "delimiter"), [("a.tsv", "\t"), ("a.csv", ";")])
def test_a_file_without_quoting_is_read_without(write, name, delimiter, late):
    count, opened = (40_000, (35_000, 39_990)) if late else (100, (5, 95))
    texts = [('"' if row in opened else "") + f"the film was good {row}" for row in range(count)]
    lines = [f"{text}{delimiter}{('pos', 'neg')[row % 2]}" for row, text in enumerate(texts)]
    path = write("\n".join([f"text{delimiter}label", *lines]), name)
    dataset, found = read_sniffed(path, sniff(path))
    assert found.reading.quoting == "none"
    assert f"row {opened[0] + 1}" in found.no_quotes
    assert dataset.texts.to_pylist() == texts


def test_an_open_quote_among_quoted_fields_is_an_error(write):
    path = write('text,label\n"one, two",a\n"open,b\nthree,a\n"four,b\n"five, six",a\n')
    with pytest.raises(DataError, match="quote"):
        read_sniffed(path, sniff(path))


@pytest.mark.parametrize("length", [2**17 - 10, 2**17 + 10, 2**20, 2**21])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_long_text_is_no_empty_file(write, length, delimiter):
    rows = [("x" * length, "good"), *REVIEWS[1:], ("never again " * 20_000, "bad")]
    path = write(table(("text", "label"), rows, delimiter))
    assert columns(path) == ("text", "label")
    assert len(read_sniffed(path, sniff(path))[0]) == len(rows)


def bytes_read():
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts bytes as Linux does")
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16"])
def test_only_the_beginning_of_a_file_is_read(write, encoding):
    path = write(("text,label\n" + "très agréable,good\nc'était fermé,bad\n" * 1_000_000).encode(encoding))
    before = bytes_read()
    assert sniff(path).columns.label_column == "label"
    assert bytes_read() - before < Path(path).stat().st_size / 3
