"""Every reader: the same rows in any format, each text as it stands in the file, and a broken file is named."""

import io
from contextlib import suppress
from types import SimpleNamespace
from typing import get_args

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.data.readers.written_files import (
    COMPRESS,
    ENDING,
    JUNK,
    ROWS,
    TEXT_FORMATS,
    WRITERS,
    can_hold,
    content_of,
    fault,
    read,
    read_bytes,
    rows_of,
    texts_of,
    write_source,
)
from textclf.core import compression
from textclf.core.errors import DataError
from textclf.core.options import fields_of
from textclf.data.readers import ENDINGS, READERS, format_of
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.sources import Columns, read_files, read_stream

LABELS = st.sampled_from(["好评", "negative", "7"])
LETTERS = st.characters(codec="utf-8", exclude_characters="\r\ufeff")
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"))


def texts_as_rows(texts):
    return [(text, "x") for text in texts]


# The table


def test_every_reader_is_tested_here():
    assert [*WRITERS, "folder"] == list(READERS)
    assert list(get_args(get_args(fields_of(ReadingOptions)["format"].type)[0])) == list(READERS)


def test_every_ending_belongs_to_one_reader():
    assert len(ENDINGS) == sum(len(reader.ENDINGS) for reader in READERS.values())
    json_lines = {".jsonl", ".ndjson", ".ldjson", ".jsonlines"}
    workbooks = {".xlsx", ".xlsm", ".xls", ".ods"}
    others = {".csv", ".tsv", ".tab", ".json", ".parquet", ".txt", ".fasttext", ".ft"}
    assert others | json_lines | workbooks == set(ENDINGS)


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_format_is_found_by_the_ending(ending, compression):
    for path in (f"a.b/c.d{ending}{compression}", f"A{ending.upper()}{compression.upper()}"):
        assert format_of(path) == ENDINGS[ending]


@pytest.mark.parametrize(
    "path", ["a.yaml", "a", "", "csv", ".csv", ".csv.gz", "a.gz", "a.csv/b", "a.csv.gz.gz", "a.folder"]
)
def test_other_endings_are_refused_naming_those_there_are(path):
    with pytest.raises(DataError, match=r"\.csv, \.tsv, .*\.jsonl, .*\.gz, .* Name its format with data\.format\."):
        format_of(path)


# The contract


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("name", READERS)
def test_every_format_gives_the_same_rows(name, compression, tmp_path):
    rows = can_hold(name, ROWS)
    source = write_source(tmp_path, name, rows, compression=compression)
    if name == "txt":
        assert rows_of(read_files(source, Columns(["text"]))) == [(text,) for text, _ in rows]
    else:
        assert rows_of(read_files(source, Columns(["text"], "label"))) == rows
        assert rows_of(read_files(source, Columns(["text"]))) == [(text,) for text, _ in rows]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.text(LETTERS), LABELS), max_size=5), lines=st.lists(st.tuples(LINES, LABELS)))
def test_any_rows_are_the_same_in_every_format(rows, lines):
    for name in WRITERS:
        if name == "txt":
            assert texts_of(name, content_of(name, lines)) == [text for text, _ in lines]
        else:
            written = lines if name == "fasttext" else rows
            assert read_bytes(content_of(name, written), "a" + ENDING[name]) == written
    for text, label in rows:
        assert read_bytes(text.encode(), f"{label}/1", options=ReadingOptions(format="folder")) == [(text, label)]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("texts", [["007", "1.0"], ["NA", "nan"], ["true", "false"], ["2001-01-01"]])
def test_texts_that_all_look_alike_stay_texts(name, texts):
    assert texts_of(name, content_of(name, texts_as_rows(texts))) == texts


@pytest.mark.parametrize("name", WRITERS)
def test_last_line_may_be_open(name):
    assert texts_of(name, content_of(name, [("a", "x"), ("b", "x")]).removesuffix(b"\n")) == ["a", "b"]


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_windows_line_ends_are_line_ends(name):
    assert texts_of(name, content_of(name, [("a", "x"), ("b", "x")]).replace(b"\n", b"\r\n")) == ["a", "b"]


@pytest.mark.parametrize("name", WRITERS)
def test_tables_have_the_asked_columns_as_large_strings(name):
    [table] = READERS[name].read(io.BytesIO(content_of(name, [("a", "x")])), ["text"], "stream")
    assert table.schema == pa.schema({"text": pa.large_string()})


@pytest.mark.parametrize("name", READERS)
def test_tables_of_files_have_text_and_label(name, tmp_path):
    source = write_source(tmp_path, name, [("a", "x")])
    label = {} if name == "txt" else {"label": pa.large_string()}
    [table] = read_files(source, Columns(["text"], "label" if label else None))
    assert table.schema == pa.schema({"text": pa.large_string(), **label})


@pytest.mark.parametrize("name", WRITERS)
def test_large_files_come_in_chunks_and_in_order(name):
    texts = [f"{number} {'x' * 100}" for number in range(20_001)]
    content = content_of(name, texts_as_rows(texts))
    tables = list(READERS[name].read(io.BytesIO(content), ["text"], "stream"))
    assert len(tables) > 1
    assert pa.concat_tables(tables)["text"].to_pylist() == texts


@pytest.mark.parametrize("name", WRITERS)
def test_no_table_is_empty(name):
    for texts in ([], ["a"], ["a"] * 10_000):
        content = content_of(name, texts_as_rows(texts))
        assert all(len(table) for table in READERS[name].read(io.BytesIO(content), ["text"], "stream"))


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "parquet"])
def test_missing_column_is_named_with_those_there_are(name):
    message = fault(name, content_of(name, [("a", "x")]), ["texts", "label"])
    assert "expected a column 'texts', but the columns are: text, label; did you mean 'text'?" in message


@pytest.mark.parametrize(("name", "most"), [("txt", 1), ("fasttext", 2), ("folder", 2)])
def test_format_without_names_fills_the_asked_columns_and_no_more(name, most):
    columns = ["文本", "标签", "更多"]
    [row] = read(name, b"__label__x a", columns[:most], "x/1.txt")
    assert row == {"txt": ("__label__x a",), "fasttext": ("a", "x"), "folder": ("__label__x a", "x")}[name]
    message = fault(name, b"__label__x a", columns[: most + 1])
    assert message.startswith(
        f"stream: expected the columns {', '.join(columns[: most + 1])}, but a file of this format"
    )


# Broken files


@pytest.mark.parametrize("name", [*WRITERS, "folder"])
@settings(deadline=None)
@given(content=JUNK, encoding=st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-7"]))
@example(b"\xef", "utf-8")
@example(b'{"text": "\\ud800"}', "utf-8")
@example(b'{"text": ' + b"9" * 4301 + b"}", "utf-8")
@example(b"{" * 2000, "utf-8")
@example(b"text,label\n+2AA-,x", "utf-7")
def test_any_bytes_are_rows_or_a_data_error(name, content, encoding):
    with suppress(DataError):
        assert all(isinstance(text, str) for text in texts_of(name, content, options=ReadingOptions(encoding=encoding)))


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None)
@given(data=st.data())
def test_any_damage_to_a_file_gives_rows_or_a_data_error(name, compression, data):
    content = bytearray(COMPRESS[compression](content_of(name, can_hold(name, ROWS))))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    label = None if name == "txt" else "label"
    with suppress(DataError):
        for row in read_bytes(bytes(content[:end]), f"a{ENDING[name]}{compression}", label):
            assert isinstance(row[0], str)


@pytest.mark.parametrize("compression", [".gz", ".bz2", ".zst"])
@pytest.mark.parametrize("name", WRITERS)
def test_broken_compression_is_named(name, compression):
    path = f"a{ENDING[name]}{compression}"
    whole = COMPRESS[compression](content_of(name, texts_as_rows(["x" * 50] * 5)))
    for content in (whole[:-12], b"text,label\na,b\n"):
        with pytest.raises(DataError) as caught:
            read_bytes(content, path, None)
        assert str(caught.value).startswith(f"{path}: expected a ")
        assert "got a damaged one or something else: " in str(caught.value)


def test_file_that_cannot_be_read_further_is_named():
    class Broken(io.BytesIO):
        def readinto(self, buffer):
            raise OSError(5, "Input/output error")

    with pytest.raises(DataError, match=r"^a\.txt: cannot be read: Input/output error\.$"):
        list(read_stream(Broken(b"a"), "a.txt", Columns(["text"])))


def test_missing_codec_is_said(monkeypatch):
    monkeypatch.setattr(compression, "pa", SimpleNamespace(Codec=SimpleNamespace(is_available=lambda _: False)))
    with pytest.raises(DataError, match=r"^a\.csv\.zst: expected a pyarrow that reads \.zst"):
        read_bytes(b"", "a.csv.zst")
