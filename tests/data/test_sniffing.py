"""Files that nobody described: delimiter, quotes, columns; test_encodings.py has their encodings."""

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf.core.errors import DataError
from textclf.data.dataset import read_dataset
from textclf.data.readers import csv as csv_reader
from textclf.data.readers.options import DEFAULTS
from textclf.data.readers.sources import Columns
from textclf.data.sniffing import SniffingArguments, read_sniffed, sniff
from textclf.inference.shards import Request, find_shards, read_shard
from textclf.inference.text_source import read_source

REVIEWS = [("a fine film, and long", "good"), ("never again", "bad"), ("I liked it; really", "good"), ("dull", "bad")]


def table(header, rows=REVIEWS, delimiter=","):
    lines = [delimiter.join(f'"{field}"' for field in row) for row in rows]
    return "\n".join([delimiter.join(header), *lines]) + "\n"


def columns(path):
    found = sniff(path)
    return found.columns.text_column, found.columns.label_column


@pytest.mark.parametrize(
    "header",
    [
        ("text", "label"),
        ("Review", "Sentiment"),
        ("review_text", "class"),
        ("评论", "标签"),
        ("评论内容", "情感类别"),
        ("Nachricht", "Kategorie"),
        ("Betreff / Text der Mail", "KLASSE"),
        ("texte", "catégorie"),
        ("Mensaje", "Categoria"),
        ("Testo", "etichetta"),
        ("Текст обращения", "Класс"),
        ("السؤال", "التصنيف"),
        ("メッセージ本文", "カテゴリー"),
        ("리뷰", "감정분류"),
        ("x", "y"),
    ],
)
def test_columns_by_name_or_content(write, header):
    assert columns(write(table(header))) == header
    turned = [(label, text) for text, label in REVIEWS]
    assert columns(write(table(header[::-1], turned))) == header


@pytest.mark.parametrize("header", [("Kanal", "Text", "Kategorie"), ("canal", "texte", "catégorie")])
def test_a_usual_name_in_another_language_comes_before_fewer_values(write, header):
    rows = [("ab"[number % 2], f"text number {number}", "xyz"[number % 3]) for number in range(30)]
    assert columns(write(table(header, rows))) == header[1:]


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
    "value",
    [
        "T{:05}",
        "2026-01-{:02}",
        "{}.3.2026",
        "2026-03-{:02}T10:00:00+08:00",
        "2026年3月{}日",
        "{} März 2026",
        "{:02}:30",
    ],
)
def test_dates_and_codes_are_neither_texts_nor_labels(write, value):
    rows = [(value.format(n + 1), "ab"[n % 2], "no" + n * "o") for n in range(15)]
    assert columns(write(table(("when", "kind", "said"), rows))) == ("said", "kind")
    with pytest.raises(DataError, match="expected a column with labels"):
        sniff(write(table(("when", "said"), [(row[0], row[2]) for row in rows])))


def test_exact_names_come_before_parts_of_names(write):
    rows = [(f"{number}", "short", f"a long text {number}", "good" if number % 2 else "bad") for number in range(30)]
    assert columns(write(table(("label", "text_id", "text", "label_text"), [(r[3], *r[1:]) for r in rows]))) == (
        "text",
        "label",
    )


def test_without_known_names_the_longest_texts_and_the_fewest_values(write):
    rows = [(str(number), f"text number {number}", "xyz"[number % 3], f"{number / 7}") for number in range(40)]
    assert columns(write(table(("a", "b", "c", "d"), rows))) == ("b", "c")
    assert sniff("a.csv").others == ["a", "d"]


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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", "\ufeff", "\ufeff\ufeff", "\ufeff\n"])
def test_the_header_is_the_first_line_that_is_not_blank(write, before, delimiter):
    path = write(before + table(("text", "label"), delimiter=delimiter))
    dataset, found = read_sniffed(path, sniff(path))
    assert (found.columns.text_column, found.columns.label_column) == ("text", "label")
    assert dataset.texts.to_pylist() == [text for text, _ in REVIEWS]
    assert [text for texts in read_source(path, column="text") for text in texts] == dataset.texts.to_pylist()


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("ends", [("\n", "\r\n", "\r"), ("\r\n", "\r"), ("\n", "\r\n")])
def test_line_ends_of_several_systems_in_one_file(write, ends, delimiter):
    lines = table(("text", "label"), delimiter=delimiter).splitlines() * 3
    path = write("".join(line + ends[number % len(ends)] for number, line in enumerate(lines[:5])).encode())
    assert read_sniffed(path, sniff(path))[0].texts.to_pylist() == [text for text, _ in REVIEWS]


def test_the_columns_of_a_wide_table_are_read_together(write, monkeypatch):
    header = ("text", "label", *(f"feature {number}" for number in range(300)))
    read, reads = csv_reader.read, []
    monkeypatch.setattr(csv_reader, "read", lambda *given, **more: reads.append(given) or read(*given, **more))
    assert columns(write(table(header, [(text, label, *[0.5] * 300) for text, label in REVIEWS]))) == ("text", "label")
    assert len(reads) == 1


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


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.ft"])
@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_line_ends_of_every_system(write, name, end, encoding):
    texts = [f"café number {row}" for row in range(40)]
    labels = ["xy"[row % 2] for row in range(40)]
    lines = {
        "a.csv": ["text,label", *(f"{text},{label}" for text, label in zip(texts, labels, strict=True))],
        "a.tsv": ["text\tlabel", *(f"{text}\t{label}" for text, label in zip(texts, labels, strict=True))],
        "a.jsonl": [
            json.dumps({"label": labels[row], "text": text}, ensure_ascii=False) for row, text in enumerate(texts)
        ],
        "a.ft": [f"__label__{label} {text}" for text, label in zip(texts, labels, strict=True)],
    }[name]
    path = write((end.join(lines) + end).encode(encoding), name)
    assert read_sniffed(path, sniff(path))[0].texts.to_pylist() == texts
