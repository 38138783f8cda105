"""Files of lines that hold something else than a text a line: what their first bytes show."""

import gzip
import io
import json
from pathlib import Path

import pytest

from textclf.config.config import load_config
from textclf.config.starter import starter_config
from textclf.config.yaml import parse_yaml
from textclf.core.errors import DataError
from textclf.data.loading import read_splits
from textclf.data.readers.detection import format_of_beginning
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.inference.text_source import read_source, read_texts

FASTTEXT = "".join(f"__label__{'ab'[number % 2]} text number {number}\n" for number in range(40))
ROWS = [{"text": f"text {number}", "label": "ab"[number % 2]} for number in range(40)]
LINES = "\n".join(map(json.dumps, ROWS))


pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    ("beginning", "format"),
    [
        ("__label__a b", "fasttext"),
        ("\n__label__a b", "fasttext"),
        ("__label__ is their prefix", "txt"),
        ("see __label__a", "txt"),
        ('{"text": "a"}', "json"),
        ('\n {\n "text"', "json"),
        ('[{"text": "a"}, {"te', "json"),
        ('["one", "two"', "json"),
        ('["one", 2', "json"),
        ("[1] a reference", "txt"),
        ("{name}, hello", "txt"),
        ('{"quoted"} text', "txt"),
        ('["quoted"] text', "txt"),
        ("[[link]] text", "txt"),
        ("a plain text", "txt"),
        ("<b>bold</b> text", "txt"),
        ("", "txt"),
        ("nul \0 in a text of some length", "txt"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_formats(beginning, format, encoding):
    assert format_of_beginning(beginning.encode(encoding), "a.txt", DEFAULTS) == format


@pytest.mark.parametrize(
    ("beginning", "name", "message"),
    [
        (b"<!DOCTYPE html>\n<p>a", "a.txt", "got HTML"),
        (b"<html lang='en'>", "a", "got HTML"),
        (b"<p>a review</p>\n", "a.HTML", "got HTML"),
        (b"<?xml version='1.0'?>", "a.dat", "got XML"),
        (b"plain", "a.xml", "got XML"),
        ("two lines\n".encode("utf-16-le"), "a.txt", "got binary data, or UTF-16 without a mark"),
        (bytes(range(256)) + b"\0" * 200, "a", "got binary data"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(beginning, name, message):
    with pytest.raises(
        DataError, match=rf"^{name}: expected a text a line, {message}.*data\.(format: txt|encoding: utf)"
    ):
        format_of_beginning(beginning, name, DEFAULTS)


def test_a_format_that_is_named_is_taken():
    options = {"format": "txt"}
    Path("a.html").write_text("<html>\n<p>two\n")
    assert list(read_source("a.html", column="text", given=options)) == [["<html>", "<p>two"]]
    Path("a.json").write_text(LINES)
    assert [line for lines in read_source("a.json", column="text", given=options) for line in lines] == LINES.split(
        "\n"
    )


@pytest.mark.parametrize("name", ["a.json", "a.JSON", "a.ldjson", "A.JsonL", "a.txt", "a.log", "a"])
def test_predict_reads_json_for_what_it_is(name):
    Path(name).write_text(LINES)
    assert [text for texts in read_source(name, column="text") for text in texts] == [row["text"] for row in ROWS]


@pytest.mark.parametrize("name", ["a.tab", "a.TSV", "a.Tab.gz"])
def test_predict_reads_tables_for_what_they_are(name):
    content = b"text\tlabel\none\ta\ntwo\tb\n"
    Path(name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert list(read_source(name, column="text")) == [["one", "two"]]


def test_a_pipe_is_looked_at():
    for content in (LINES, json.dumps(ROWS), json.dumps(ROWS, indent=1)):
        stream = io.BufferedReader(io.BytesIO(content.encode()))
        found = read_texts(stream, format=None, column="text", name="-")
        assert [text for texts in found for text in texts] == [row["text"] for row in ROWS]
    stream = io.BufferedReader(io.BytesIO(FASTTEXT.encode()))
    assert next(read_texts(stream, format=None, column="text", name="-"))[0] == "text number 0"
    with pytest.raises(DataError, match="expected a column 'body'"):
        list(read_texts(io.BufferedReader(io.BytesIO(LINES.encode())), format=None, column="body", name="-"))


@pytest.mark.parametrize(("name", "content"), [("ft.txt", FASTTEXT), ("ft.txt.gz", FASTTEXT), ("j.txt", LINES)])
def test_new_and_train_find_it_without_a_setting(name, content):
    Path(name).write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    written = load_config(parse_yaml(starter_config(name)).data)
    for config in (written, load_config({"data": {"train": name}})):
        splits, targets = read_splits(config.data, config.targets, 1)
        assert targets.labels == ["a", "b"]
        assert sum(targets.counts) + len(splits["validation"]) == 40
        assert all(text.startswith("text ") for text in splits["train"].texts.to_pylist())


def test_lines_in_utf_16_without_a_mark_are_read_if_it_is_named():
    Path("a.txt").write_bytes("one\ntwo\n".encode("utf-16-le"))
    options = ReadingOptions(encoding="utf-16-le")
    assert format_of_beginning("one\ntwo\n".encode("utf-16-le"), "a.txt", options) == "txt"
    assert list(read_source("a.txt", column="text", given={"encoding": "utf-16-le"})) == [["one", "two"]]
