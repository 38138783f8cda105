"""Lines of files from several systems, and blank lines before the header."""

import json

import pytest

from tests.data.sniffed_tables import REVIEWS, table
from textclf.data.sniffing import read_sniffed, sniff
from textclf.inference.text_source import read_source


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
