"""Lines of text, and fastText's lines: as they arrive, and what ends one."""

import io
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.readers.written_files import read, slow_stream, texts_of
from textclf.data.readers import READERS


def test_lines_end_at_a_newline_only():
    content = "a\rb\r\n\x0bc\x0cd\n\x85e\u2028f\r".encode()
    assert texts_of("txt", content) == ["a\rb", "\x0bc\x0cd", "\x85e\u2028f"]


@pytest.mark.parametrize(
    ("content", "texts"),
    [(b"", []), (b"\n", [""]), (b"\n\n", ["", ""]), (b"a\n\nb", ["a", "", "b"]), (b"\r\na", ["", "a"])],
)
def test_lines_that_are_empty_are_texts(content, texts):
    assert texts_of("txt", content) == texts


def test_lines_fill_whatever_column_is_asked_for():
    assert read("txt", b"a\nb\n", ["文本"]) == [("a",), ("b",)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_lines_may_arrive_in_pieces_that_split_characters(size):
    texts = ["你好", "", "👩‍👩‍👧 é", "x" * 20, "end"]
    content = b"\xef\xbb\xbf" + "\r\n".join(texts).encode()
    stream = slow_stream(content[start : start + size] for start in range(0, len(content), size))
    tables = list(READERS["txt"].read(stream, ["text"], "stream"))
    assert all(len(table) for table in tables)
    assert [text for table in tables for text in table["text"].to_pylist()] == texts


def test_mark_is_one_at_the_beginning_only():
    stream = slow_stream([b"\xef", b"\xbb", b"\xbfa", b"\xef\xbb\xbfb\n", b"\xef\xbb\xbfc"])
    tables = READERS["txt"].read(stream, ["text"], "stream")
    assert [text for table in tables for text in table["text"].to_pylist()] == ["a\ufeffb", "\ufeffc"]


def test_lines_are_answered_before_the_stream_ends():
    arrived = count()
    stream = slow_stream(b"line %d\nline" % next(arrived) for _ in range(100))
    tables = READERS["txt"].read(stream, ["text"], "stream")
    assert next(tables)["text"].to_pylist() == ["line 0"]
    assert next(tables)["text"].to_pylist() == ["lineline 1"]
    assert next(arrived) == 2


@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\ufeff"))))
def test_lines_come_back_as_written(texts):
    assert texts_of("txt", "".join(f"{text}\r\n" for text in texts).encode()) == texts


# fastText


def label_type(content):
    [table] = READERS["fasttext"].read(io.BytesIO(content), ["text", "label"], "stream")
    return table.schema.field("label").type


@pytest.mark.parametrize(
    ("line", "text", "label"),
    [
        ("__label__x a b", "a b", "x"),
        ("__label__x  a ", " a ", "x"),
        ("__label__好评\t味道　很好", "味道　很好", "好评"),
        ("__label__x　y z", "z", "x　y"),
        ("__label__x", "", "x"),
        ("a __label__x b", "a b", "x"),
        ("a b __label__x", "a b ", "x"),
        ("no label", "no label", ""),
        ("__label__ a", "a", ""),
        ("__label__ __label__x a", "a", "x"),
        ("a__label__x", "a__label__x", ""),
        ("__label__a__label__b c", "c", "a__label__b"),
        ("", "", ""),
    ],
)
def test_fasttext_lines_are_text_and_label(line, text, label):
    assert read("fasttext", f"{line}\r\n".encode()) == [(text, label)]


def test_fasttext_lines_with_several_labels_make_lists():
    content = b"__label__x __label__y a\n__label__x b\nno label\n"
    assert label_type(content) == pa.list_(pa.large_string())
    assert read("fasttext", content) == [("a", ["x", "y"]), ("b", ["x"]), ("no label", [])]
    assert label_type(b"__label__x a\n") == pa.large_string()


def test_fasttext_without_labels_asked_for_is_its_texts():
    assert texts_of("fasttext", b"__label__x __label__y a\nb\n") == ["a", "b"]
