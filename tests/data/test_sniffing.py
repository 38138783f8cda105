"""Files that nobody described: encoding, delimiter, columns."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf.core.errors import DataError
from textclf.data.dataset import read_dataset
from textclf.data.sniffing import guess

REVIEWS = [("a fine film, and long", "good"), ("never again", "bad"), ("I liked it; really", "good"), ("dull", "bad")]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into a working directory of its own."""
    monkeypatch.chdir(tmp_path)

    def write_file(content, name="a.csv", encoding="utf-8"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return name

    return write_file


def table(header, rows=REVIEWS, delimiter=","):
    lines = [delimiter.join(f'"{field}"' for field in row) for row in rows]
    return "\n".join([delimiter.join(header), *lines]) + "\n"


def columns(path):
    found = guess(path)
    return found.columns.text_column, found.columns.label_column


@pytest.mark.parametrize(
    "header",
    [
        ("text", "label"),
        ("Review", "Sentiment"),
        ("review_text", "class"),
        ("评论", "标签"),
        ("评论内容", "情感类别"),
        ("x", "y"),
    ],
)
def test_columns_by_name_or_content(write, header):
    assert columns(write(table(header))) == header
    turned = [(label, text) for text, label in REVIEWS]
    assert columns(write(table(header[::-1], turned))) == header


def test_exact_names_come_before_parts_of_names(write):
    rows = [(f"{number}", "short", f"a long text {number}", "good" if number % 2 else "bad") for number in range(30)]
    assert columns(write(table(("label", "text_id", "text", "label_text"), [(r[3], *r[1:]) for r in rows]))) == (
        "text",
        "label",
    )


def test_without_known_names_the_longest_texts_and_the_fewest_values(write):
    rows = [(str(number), f"text number {number}", "xyz"[number % 3], f"{number / 7}") for number in range(40)]
    assert columns(write(table(("a", "b", "c", "d"), rows))) == ("b", "c")
    assert guess("a.csv").others == ["a", "d"]


@pytest.mark.parametrize("header", [("description", "review_text", "class_name"), ("简介", "评论内容", "情感标签")])
def test_names_come_before_content(write, header):
    rows = [(f"a long description of number {number} ", f"text {number}", "xyz"[number % 3]) for number in range(30)]
    rows = [(*row, "ab"[number % 2]) for number, row in enumerate(rows)]
    assert columns(write(table((*header, "z"), rows))) == header[1:]


def test_a_column_of_different_values_is_no_label_whatever_its_name(write):
    rows = [(f"text number {number}", f"class {number}", "xy"[number % 2]) for number in range(40)]
    assert columns(write(table(("text", "class", "which"), rows))) == ("text", "which")


def test_an_empty_column_is_no_text(write):
    assert columns(write(table(("text", "title", "label"), [("", text, label) for text, label in REVIEWS]))) == (
        "title",
        "label",
    )


def test_numbers_may_be_labels_and_are_no_texts(write):
    rows = [(f"{number}00000000000000", f"good {number}", number % 2) for number in range(30)]
    assert columns(write(table(("id", "what", "stars"), rows))) == ("what", "stars")


@pytest.mark.parametrize(("delimiter", "found"), [(",", None), (";", ";"), ("\t", "\t"), ("|", "|")])
def test_delimiters(write, delimiter, found):
    path = write(table(("text", "label"), delimiter=delimiter))
    assert guess(path).reading.delimiter == found
    assert columns(path) == ("text", "label")


def test_tsv_needs_no_delimiter(write):
    assert guess(write(table(("text", "label"), delimiter="\t"), "a.tsv")).reading.delimiter is None
    assert guess(write(table(("text", "label"), delimiter=";"), "a.tsv")).reading.delimiter == ";"


def test_texts_full_of_another_delimiter(write):
    rows = [("one; two; three; four", "x"), ("five; six; seven; eight", "y")]
    assert guess(write(table(("text;a;b;c", "label"), rows))).reading.delimiter is None


@pytest.mark.parametrize(
    ("texts", "encoding", "found"),
    [
        ("café naïve", "utf-8", "utf-8"),
        ("café naïve", "utf-8-sig", "utf-8"),
        ("café naïve", "cp1252", "cp1252"),
        ("Müller hört Käthe gern zu", "cp1252", "cp1252"),
        ("味道很好，下次再来", "gb18030", "gb18030"),
        ("味道很好，下次再来", "utf-8", "utf-8"),
        ("味道很好，下次再来", "utf-16", "utf-16"),
        ("plain", "ascii", "utf-8"),
    ],
)
def test_encodings(write, texts, encoding, found):
    path = write(f"text,label\n{texts},x\n{texts} 2,y\n", encoding=encoding)
    guessed = guess(path)
    assert guessed.reading.encoding == found
    assert read_dataset(path, guessed.columns, guessed.reading).texts[0].as_py() == texts


def test_bytes_of_no_known_encoding_are_latin_1(write):
    assert guess(write(b"text,label\na\x81,x\nb,y\n")).reading.encoding == "latin-1"


def test_json_lines_with_lists_and_objects(write):
    rows = [{"id": n, "meta": {"a": 1}, "body": f"text {n}", "tags": ["x", "y"][: n % 3]} for n in range(9)]
    path = write("\n".join(map(json.dumps, rows)), "a.jsonl")
    assert columns(path) == ("body", "tags")
    assert guess(path).others == ["id", "meta"]


def test_parquet(write, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet

    texts = [text for text, _ in REVIEWS]
    pa.parquet.write_table(pa.table({"review": texts, "stars": [1, 0, 1, 0]}), tmp_path / "a.parquet")
    assert columns(str(tmp_path / "a.parquet")) == ("review", "stars")
    with pytest.raises(DataError, match="expected a Parquet file"):
        guess(write(b"nothing", "b.parquet"))


def test_compressed_files_patterns_and_folders(write):
    write(gzip.compress(table(("text", "label"), delimiter=";").encode()), "a.csv.gz")
    assert guess("a.csv.gz").reading.delimiter == ";"
    write(gzip.compress(table(("text", "label"), [("很好", "x"), ("不好", "y")]).encode()), "b.csv.gz")
    assert guess("b.csv.gz").reading.encoding == "utf-8"
    write(table(("评论", "标签")), "many/1.csv")
    write(table(("评论", "标签")), "many/2.csv")
    assert columns("many/*.csv") == columns("many") == ("评论", "标签")


def test_formats_without_column_names(write):
    write("__label__x one\n__label__y two\n", "a.ft")
    write("one", "texts/good/1.txt")
    write("two", "texts/bad/1.txt")
    for path in ("a.ft", "texts"):
        assert not guess(path).names_columns


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("good film,good\nbad film,bad\nso so,good\n", "a.csv", "expected a header line"),
        ("text\none\ntwo\n", "a.csv", r"a\.csv: expected a column with labels .* looks like it: text\."),
        ("a,b\n1,2\n3,4\n", "a.csv", "expected a column with texts and one with labels"),
        ("text,label\n", "a.csv", "received a file without rows"),
        ("", "a.csv", "expected a column with texts|empty file"),
        ('text,label\n"open,x\n', "a.csv", "closed"),
        ("[1]\n", "a.jsonl", "expected a JSON object"),
        ("one\ntwo\n", "a.txt", "received a file of lines"),
        ("text,label\na,x\n", "a.xyz", "expected a file that ends in"),
    ],
)
def test_files_that_cannot_be_guessed(write, content, name, message):
    with pytest.raises(DataError, match=message):
        guess(write(content, name))


def test_missing_file(write):
    with pytest.raises(DataError, match="expected a file, but there is none"):
        guess("none.csv")


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz"]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(write, content, name):
    refused = None
    try:
        found = guess(write(content, name))
        read_dataset(name, found.columns, found.reading)
    except DataError as error:
        refused = str(error)
    assert refused is None or name in refused


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_that(write, content):
    with pytest.raises(DataError, match="expected a header line and rows, received an empty file"):
        guess(write(content))
