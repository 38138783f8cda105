"""Texts without labels: read as the training file is, without blank ones and without those of labelled rows."""

import re

import pytest

from tests.hand_made import dataset
from textclf.core.errors import DataError
from textclf.data import unlabelled
from textclf.data.dataset import DataOptions
from textclf.data.unlabelled import UNLABELLED, read_unlabelled

SPLITS = {"train": dataset([("a", "x"), ("b", "y")]), "test": dataset([("c", "x")])}


def read(unlabelled, splits=SPLITS, in_memory=None, **others):
    options = DataOptions(train="train.csv", unlabelled=unlabelled, **others)
    return read_unlabelled(options, splits, in_memory).to_pylist()


def test_a_config_without_such_files_has_none():
    assert read_unlabelled(DataOptions(train="train.csv"), SPLITS) is None


def test_blank_texts_and_those_of_labelled_rows_are_left_out(write, warnings):
    assert read(write('text,other\nd,1\nb,2\n" ",3\ne,4\nc,5\n')) == ["d", "e"]
    assert warnings.messages == [
        "a.csv: 1 of 5 rows have no text and are left out (rows 3)",
        "a.csv: 2 of 4 rows have the text of a labelled row and are left out (rows 2, 5)",
    ]


def test_texts_remain_if_no_labelled_row_can_be_read(write):
    assert read(write("text\na\n"), splits={}) == ["a"]


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        ("text\td\nd\t1\n", "a.tsv", {}),
        ('{"text": "d"}\n', "a.jsonl", {}),
        ("d\n", "a.txt", {}),
        ("__label__x d\n", "a.ft", {}),
        ("d", "texts/1.txt", {"format": "folder"}),
        ("title;text\nd;\n", "a.csv", {"text_column": ["title", "text"], "delimiter": ";"}),
        ("text\nd\n".encode("utf-16"), "a.csv", {"encoding": "utf-16"}),
    ],
)
def test_a_file_of_any_form_needs_no_label(write, content, name, options):
    assert read(write(content, name).partition("/")[0], **options) == ["d"]


def test_several_files_are_read_in_their_order(write):
    write("text\nd\n", "2.csv")
    write("text\ne\n", "1.csv")
    assert read(["2.csv", "1.csv"]) == ["d", "e"]
    assert read("*.csv") == ["e", "d"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("texts\nd\n", r"a\.csv: expected a column 'text', but the columns are: texts"),
        ("text\n", r"a\.csv: expected rows of texts, got a file without rows"),
        ('text\n" "\n', r"a\.csv: expected texts, got only empty fields"),
        ("text\nb\nc\n", r"a\.csv: expected texts without labels, got only texts of labelled rows"),
    ],
)
def test_files_without_such_texts(write, content, message):
    with pytest.raises(DataError, match=message):
        read(write(content))


def test_a_file_that_is_missing(here):
    with pytest.raises(DataError, match=r"nowhere\.csv: expected a file, but there is none"):
        read("nowhere.csv")


def test_a_table_in_memory_replaces_the_files():
    table = dataset([("b", ()), ("d", ())])
    assert read("nowhere.csv", in_memory={**SPLITS, UNLABELLED: table}) == ["d"]


def test_of_very_many_texts_evenly_spaced_ones_are_read(write, monkeypatch, caplog):
    rows = [f"text {number:02}" for number in range(40)]
    path = write("\n".join(["text", *rows]) + "\n")
    assert read(path) == rows
    monkeypatch.setattr(unlabelled, "MOST_BYTES", 7 * 40 // 3)
    caplog.set_level("INFO", "textclf")
    few = read(path)
    assert 7 * len(few) <= unlabelled.MOST_BYTES
    assert few == rows[:: 40 // len(few) + (40 % len(few) > 0)]
    assert re.search(rf"a\.csv: reads {len(few)} of 40 texts", caplog.text)
