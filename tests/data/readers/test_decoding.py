"""Encodings: any that Python knows, marks at the beginning, and what to do about wrong bytes."""

import encodings.aliases
import re
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.readers.written_files import (
    AWKWARD,
    COMPRESS,
    ENDING,
    JUNK,
    ROWS,
    TEXT_FORMATS,
    can_hold,
    content_of,
    fault,
    rows_of,
    texts_of,
    write_source,
)
from textclf.core.errors import DataError
from textclf.core.options import checked, fields_of
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.sources import Columns, read_files

LATIN = [("é à ü", "x"), ("£5, nicht £6", "x")]


def known(name):
    try:
        return checked(ReadingOptions, {"encoding": name})
    except ValueError:
        return None


OPTIONS = list(filter(None, map(known, sorted(set(encodings.aliases.aliases.values())))))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "UTF8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "utf-7"]
)
@pytest.mark.parametrize("name", [*TEXT_FORMATS, "folder"])
def test_any_text_in_any_encoding_that_has_it(name, encoding, tmp_path):
    rows = can_hold(name, ROWS)
    source = write_source(tmp_path, name, rows, encoding)
    read = rows_of(read_files(source, Columns(["text"]), ReadingOptions(encoding=encoding)))
    assert read == [(text,) for text, _ in rows]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp850"])
@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_encodings_of_a_byte_a_letter(name, encoding):
    content = content_of(name, LATIN, encoding)
    assert texts_of(name, content, options=ReadingOptions(encoding=encoding)) == [text for text, _ in LATIN]


@pytest.mark.parametrize("encoding", ["gbk", "big5", "shift_jis", "euc_jp"])
@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_encodings_of_east_asia(name, encoding):
    content = content_of(name, [("一二三 (x)", "上")], encoding)
    assert texts_of(name, content, options=ReadingOptions(encoding=encoding)) == ["一二三 (x)"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_byte_order_mark_is_no_text(name, encoding):
    mark = "" if encoding in ("utf-16", "utf-8-sig") else "\ufeff"
    rows = [(text, "x") for text in AWKWARD]
    content = mark.encode(encoding) + content_of(name, rows, encoding)
    assert texts_of(name, content, options=ReadingOptions(encoding=encoding)) == AWKWARD


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize(("encoding", "byte"), [("latin-1", "0xe9"), ("gbk", "0xa8")])
@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_wrong_bytes_are_refused_naming_byte_and_line(name, encoding, byte, compression, tmp_path):
    rows = [("plain", "x"), ("é", "x"), ("plain", "x")]
    path = write_source(tmp_path, name, rows, encoding, compression)
    line = 3 if name in ("csv", "tsv") else 2
    with pytest.raises(DataError) as caught:
        list(read_files(path, Columns(["text"])))
    message = str(caught.value)
    assert message.startswith(f"{path}: expected UTF-8 text, got byte {byte} in line {line}. ")
    assert re.search("It looks like [a-z0-9]+: set data.encoding: ", message)
    message = fault(name, content_of(name, rows, encoding), ["text"])
    assert message.startswith(f"stream: expected UTF-8 text, got byte {byte}. ")


@pytest.mark.parametrize("lines", [0, 1, 5_000, 200_000])
def test_line_of_wrong_bytes_is_found_far_into_a_file(lines, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("上a\n".encode("utf-16") + "上a\n".encode("utf-16-le") * lines + b"\x00\xdca\x00")
    with pytest.raises(DataError) as caught:
        list(read_files(str(path), Columns(["text"]), ReadingOptions(encoding="utf-16")))
    assert str(caught.value) == (
        f"{path}: expected text in utf-16, as data.encoding says, got byte 0x00 in line {lines + 2}. "
        "Set data.encoding to the encoding that the file has."
    )


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_utf16_suggests_itself(name):
    message = fault(name, content_of(name, [("a", "x"), ("b", "x")], "utf-16"), ["text"])
    assert message.startswith("stream: expected UTF-8 text, got byte 0xff. It looks like utf-16: ")
    assert "data.encoding: utf-16" in message
    assert "set data.encoding: utf-16" in message


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_utf16_without_its_mark_suggests_utf16_le(name):
    content = content_of(name, [("a", "x"), ("b", "x")], "utf-16-le")
    message = fault(name, content, ["text"], options=ReadingOptions(encoding="utf-16"))
    assert message.startswith("stream: expected text in utf-16, as data.encoding says, got something else: ")
    assert message.endswith("utf-16-le.")


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_wrong_bytes_of_another_encoding_name_the_setting(name):
    message = fault(name, content_of(name, [("é", "x")], "latin-1"), ["text"], options=ReadingOptions(encoding="ascii"))
    assert message.startswith("stream: expected text in ascii, as data.encoding says, got byte 0xe9. ")
    assert "data.encoding: cp1252" in message


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_cut_character_at_the_end_is_refused(name):
    content = content_of(name, [("a", "x"), ("你", "x")]).rstrip(b'\n}"x,label:\t ')
    content = content[: content.index("你".encode()) + 2]
    assert fault(name, content, ["text"]).startswith("stream: expected UTF-8 text, got byte 0xe4.")


# Every encoding as CSV; the others, which decode by the same functions, with a few.
COMMON = {"utf_8", "utf_16", "utf_7", "gb18030", "cp037", "shift_jis"}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param(name, options, marks=[] if name == "csv" or options.encoding in COMMON else pytest.mark.slow)
        for name in ("csv", "jsonl", "folder")
        for options in OPTIONS
    ],
    ids=lambda value: value if isinstance(value, str) else value.encoding,
)
@settings(deadline=None, max_examples=10)
@given(content=JUNK | st.binary())
def test_any_bytes_in_any_encoding_are_rows_or_a_data_error(tmp_path_factory, name, options, content):
    path = tmp_path_factory.getbasetemp() / f"junk{ENDING.get(name, '')}"
    path.write_bytes(content)
    with suppress(DataError):
        for (text,) in rows_of(read_files(str(path), Columns(["text"]), replace(options, format=name))):
            assert isinstance(text, str)


# Options


def test_names_of_utf8_are_one():
    assert {checked(ReadingOptions, {"encoding": name}).encoding for name in ("utf8", "UTF-8", "utf_8", "U8")} == {
        "utf-8"
    }


@pytest.mark.parametrize("name", ["GB18030", "gbk", "latin-1", "utf-16", "cp1252", "utf-8-sig", "shift_jis"])
def test_encodings_that_python_knows_are_taken(name):
    assert checked(ReadingOptions, {"encoding": name}).encoding == name
    assert len(OPTIONS) > 80


@pytest.mark.parametrize(
    "name", ["", "nope", "utf-9", "hex", "base64", "zlib", "rot13", "undefined", "a\0b", "\ud800", 8, None]
)
def test_other_encodings_are_refused(name):
    with pytest.raises(ValueError, match="got"):
        checked(ReadingOptions, {"encoding": name})


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n", "\r", "，", "é", 1])
def test_what_cannot_be_a_delimiter_is_refused(delimiter):
    with pytest.raises(ValueError, match="got"):
        checked(ReadingOptions, {"delimiter": delimiter})


@pytest.mark.parametrize("setting", ["format", "quoting", "text_separator", "encodings"])
def test_other_settings_are_refused(setting):
    with pytest.raises(ValueError, match="got"):
        checked(ReadingOptions, {setting: 5})


def test_every_setting_is_described():
    assert all(field.metadata["description"] for field in fields_of(ReadingOptions).values())
