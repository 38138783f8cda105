"""Readers: every text comes out as it stands in the file, and a broken file is named."""

import csv
import io
import json
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textclf.errors import DataError
from textclf.readers import FORMATS, READERS, reader_for

LIKE_NOTHING_OR_NUMBERS = ["NA", "null", "None", "nan", "true", "007", "1.0", "1e5"]
AWKWARD = [*LIKE_NOTHING_OR_NUMBERS, "你好，世界", " x ", "é", "e\u0301", "👩‍👩‍👧", "#a", "a\x00b", "\u2028"]


def write_csv(texts):
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["text"], *([text] for text in texts)])
    return stream.getvalue().encode()


def write_jsonl(texts):
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts).encode()


def write_lines(texts):
    return "".join(text + "\n" for text in texts).encode()


WRITERS = {".csv": write_csv, ".jsonl": write_jsonl, ".txt": write_lines}

# What a file of each format is made of, for random ones.
PIECES = st.sampled_from(
    [
        *rb'text label , " { } [ ] : "text": "\ud800" 1e999 null NaN'.split(),
        *[b"\n", b"\r\n", b"\r", b"\x00", b"\xef\xbb\xbf", b"\xff", b"\xe4\xbd", b"text,label\n", b'{"text": "a"}\n'],
        b"9" * 4301,
    ]
)
JUNK = st.binary(max_size=40) | st.lists(PIECES, max_size=10).map(b"".join)


def read(ending, content, columns=("text", "label"), name="stream"):
    """The rows of a file as tuples."""
    tables = READERS[ending].read(io.BytesIO(content), list(columns), name)
    return [tuple(row[column] for column in columns) for table in tables for row in table.to_pylist()]


def texts_of(ending, content, name="stream"):
    return [text for (text,) in read(ending, content, ["text"], name)]


def fault(ending, content, columns=("text", "label"), name="stream"):
    with pytest.raises(DataError) as caught:
        read(ending, content, columns, name)
    return str(caught.value)


def slow_stream(pieces):
    """A pipe: every read returns what has arrived, however little was in it."""
    arriving = iter(pieces)
    return SimpleNamespace(read=None, read1=lambda _: next(arriving, b""))


# Every reader


def test_every_reader_is_tested_here():
    assert WRITERS.keys() == READERS.keys()
    assert list(FORMATS) == [ending.lstrip(".") for ending in READERS]


@pytest.mark.parametrize("ending", READERS)
def test_reader_is_found_by_its_ending(ending):
    assert reader_for(f"a.b/c.d{ending}") is READERS[ending]
    assert reader_for(f"A{ending.upper()}") is READERS[ending]


@pytest.mark.parametrize("path", ["a.json", "a", "", "csv", ".csv", "a.csv.gz", "a.csv/b"])
def test_other_endings_are_refused_naming_those_there_are(path):
    with pytest.raises(DataError, match=r"\.csv, \.jsonl, \.txt"):
        reader_for(path)


@pytest.mark.parametrize("ending", READERS)
def test_texts_come_out_as_they_are(ending):
    assert texts_of(ending, WRITERS[ending](AWKWARD)) == AWKWARD


@pytest.mark.parametrize("ending", READERS)
def test_byte_order_mark_is_no_text(ending):
    assert texts_of(ending, b"\xef\xbb\xbf" + WRITERS[ending](AWKWARD)) == AWKWARD


@pytest.mark.parametrize("ending", READERS)
def test_last_line_may_be_open(ending):
    assert texts_of(ending, WRITERS[ending](["a", "b"]).rstrip(b"\n")) == ["a", "b"]


@pytest.mark.parametrize("ending", READERS)
def test_windows_line_ends_are_line_ends(ending):
    assert texts_of(ending, WRITERS[ending](["a", "b"]).replace(b"\n", b"\r\n")) == ["a", "b"]


@pytest.mark.parametrize("ending", READERS)
def test_tables_have_the_asked_columns_as_large_strings(ending):
    [table] = READERS[ending].read(io.BytesIO(WRITERS[ending](["a"])), ["text"], "stream")
    assert table.schema == pa.schema({"text": pa.large_string()})


@pytest.mark.parametrize("ending", READERS)
def test_large_files_come_in_chunks_and_in_order(ending):
    texts = [f"{number} {'x' * 100}" for number in range(20_001)]
    tables = list(READERS[ending].read(io.BytesIO(WRITERS[ending](texts)), ["text"], "stream"))
    assert len(tables) > 1
    assert pa.concat_tables(tables)["text"].to_pylist() == texts


@pytest.mark.parametrize("ending", READERS)
def test_no_table_is_empty(ending):
    for texts in ([], ["a"], ["a"] * 10_000):
        assert all(len(table) for table in READERS[ending].read(io.BytesIO(WRITERS[ending](texts)), ["text"], "stream"))


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize(("encoding", "byte"), [("latin-1", "0xe9"), ("gbk", "0xa8")])
def test_other_encodings_are_refused_naming_byte_and_line(ending, encoding, byte, tmp_path):
    content = WRITERS[ending](["plain", "é", "plain"]).decode().encode(encoding)
    path = tmp_path / f"texts{ending}"
    path.write_bytes(content)
    line = 3 if ending == ".csv" else 2
    message = fault(ending, content, ["text"], str(path))
    assert message.startswith(f"{path}: expected UTF-8 text, received byte {byte} in line {line}.")
    assert "iconv -f" in message
    assert fault(ending, content, ["text"]).startswith(f"stream: expected UTF-8 text, received byte {byte}.")


@pytest.mark.parametrize("ending", READERS)
def test_utf16_is_refused(ending):
    content = WRITERS[ending](["a", "b"]).decode().encode("utf-16")
    assert fault(ending, content, ["text"]).startswith("stream: expected UTF-8 text, received byte 0xff.")


@pytest.mark.parametrize("ending", READERS)
def test_cut_character_at_the_end_is_refused(ending):
    content = WRITERS[ending](["a", "你"]).rstrip(b'\n}"')[:-1]
    assert fault(ending, content, ["text"]).startswith("stream: expected UTF-8 text, received byte 0xe4.")


@pytest.mark.parametrize("ending", READERS)
@settings(deadline=None)
@given(content=JUNK)
@example(b"\xef")
@example(b'{"text": "\\ud800"}')
@example(b'{"text": ' + b"9" * 4301 + b"}")
@example(b"{" * 2000)
def test_any_bytes_are_rows_or_a_data_error(ending, content):
    with suppress(DataError):
        assert all(isinstance(text, str) for text in texts_of(ending, content))


# CSV


def test_csv_quotes_keep_commas_quotes_and_line_breaks():
    content = b'text,label\n"a, b","say ""hi"""\n"one\ntwo\r\nthree\n\n",x\n'
    assert read(".csv", content) == [("a, b", 'say "hi"'), ("one\ntwo\r\nthree\n\n", "x")]


def test_csv_columns_are_found_by_name_among_others():
    content = "编号,标签,备注,文本\n1,好,,天气\n".encode()
    assert read(".csv", content, ["文本", "标签"]) == [("天气", "好")]


def test_csv_empty_fields_are_empty_texts():
    assert read(".csv", b'text,label\n,\n"",x\ny,\n') == [("", ""), ("", "x"), ("y", "")]


def test_csv_field_may_have_ten_million_characters():
    text = "x,\n" * 3_500_000
    assert read(".csv", f'text,label\n"{text}",a\n'.encode()) == [(text, "a")]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_csv_without_a_header_is_refused(content):
    assert fault(".csv", content) == "stream: expected a header line and rows, received an empty file."


@pytest.mark.parametrize("content", [b"text,label", b"text,label\n", b"text,label\r\n\r\n"])
def test_csv_with_only_a_header_has_no_rows(content):
    assert read(".csv", content) == []


def test_csv_missing_column_is_named_with_those_there_are():
    assert fault(".csv", b"id,Text,label\n1,a,b\n") == (
        "stream: expected a column 'text', but the columns are: id, Text, label; did you mean 'Text'? "
        "Name the right one: data.text_column and data.label_column in a config, "
        "--text-column and --label-column of evaluate, --column of predict."
    )
    assert "but the columns are: body. Name the right one" in fault(".csv", b"body\na\n")


@pytest.mark.parametrize("before", [0, 1, 9_999, 10_000, 25_000])
def test_csv_row_with_too_many_fields_is_refused(before):
    content = b"text,label\n" + b"a,b\n" * before + b"one, two,b\n" + b"a,b\n"
    message = fault(".csv", content)
    assert "expected" in message
    assert "as in the header" in message
    assert 'Put fields that contain a comma in double quotes: "one, two".' in message
    assert f"line {before + 2}" in message or (before == 0 and "in the first row" in message)


def test_csv_row_with_too_few_fields_has_empty_ones():
    assert read(".csv", b"text,label\na\nb,c\n") == [("a", ""), ("b", "c")]


@pytest.mark.parametrize("before", [0, 1, 20_000])
def test_csv_open_quote_is_refused_naming_its_row(before):
    message = fault(".csv", b"text,label\n" + b"a,b\n" * before + b'"open,b\n' + b"a,b\n" * 5)
    assert message == (
        f'stream: expected every opening quote to be closed, but the one in row {before + 1} never is. Write " as "".'
    )


@settings(deadline=None)
@given(rows=st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\r"))] * 2)))
def test_csv_rows_come_back_as_written(rows):
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("text", "label"), *rows])
    assert read(".csv", stream.getvalue().encode()) == rows


# JSON Lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[("1", "1"), ("1.5", "1.5"), ("1.0", "1.0"), ("-0", "0"), ("12345678901234567890", "12345678901234567890")],
        *[
            ("true", "true"),
            ("false", "false"),
            ("null", ""),
            ('""', ""),
            ('"null"', "null"),
            (r'"\ud83d\ude00"', "😀"),
        ],
    ],
)
def test_jsonl_plain_values_are_texts(value, text):
    assert read(".jsonl", f'{{"text": "a", "label": {value}}}'.encode()) == [("a", text)]


def test_jsonl_blank_lines_are_left_out_and_other_fields_ignored():
    content = b'\n  \n{"id": [1], "label": "x", "text": "a"}\n\n\t\r\n{"text": "b", "label": "y"}\n\n'
    assert read(".jsonl", content) == [("a", "x"), ("b", "y")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n"])
def test_jsonl_without_lines_has_no_rows(content):
    assert read(".jsonl", content) == []


@pytest.mark.parametrize("value", ["[]", "[1]", '"a"', "1", "null", "true"])
def test_jsonl_line_that_is_no_object_is_shown(value):
    content = f'{{"text": "a", "label": 1}}\n\n{value}\n'.encode()
    assert fault(".jsonl", content) == f"stream, line 3: expected a JSON object, received {value!r}."


@pytest.mark.parametrize(
    "line", [b"nope", b"{", b'{"text": "a",}', b"{'text': 'a'}", b'{"text": "a\tb"}', b'{} {"a": 1}']
)
def test_jsonl_bad_json_names_its_line(line):
    message = fault(".jsonl", b'{"text": "a", "label": 1}\n' * 10_001 + line)
    assert message.startswith("stream, line 10002: expected a JSON object, received something else: ")


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"text": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"])
def test_jsonl_deep_nesting_is_refused(line):
    assert fault(".jsonl", line) == "stream, line 1: expected a JSON object, received one nested too deeply."


def test_jsonl_missing_field_is_named_with_line_and_fields():
    message = fault(".jsonl", b'{"text": "a", "label": 1}\n{"text": "a", "lable": 1}\n')
    assert message.startswith(
        "stream, line 2: expected a column 'label', but the columns are: text, lable; did you mean"
    )
    assert "(none)" in fault(".jsonl", b"{}")


@pytest.mark.parametrize("value", ['["a"]', '{"a": 1}', "[]"])
def test_jsonl_value_that_is_no_text_is_refused(value):
    message = fault(".jsonl", f'{{"text": "a", "label": {value}}}'.encode())
    assert message == f"stream, line 1: expected a string or a number in 'label', received {value}."


@pytest.mark.parametrize(("value", "text"), [(r'"\ud800"', "\ufffd"), (r'"a\udc00b"', "a\ufffdb")])
def test_jsonl_half_a_character_becomes_the_replacement_character(value, text):
    assert texts_of(".jsonl", f'{{"text": {value}}}\n'.encode()) == [text]


def test_jsonl_number_without_end_is_refused_naming_its_line():
    message = fault(".jsonl", b'{"text": "a", "label": ' + b"1" * 5000 + b"}")
    assert message.startswith("stream, line 1: expected ")


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.text(), st.text())), ascii_only=st.booleans())
def test_jsonl_rows_come_back_as_written(rows, ascii_only):
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=ascii_only) for text, label in rows]
    assert read(".jsonl", "\n".join(lines).encode()) == rows


# Lines


def test_lines_end_at_a_newline_only():
    content = "a\rb\r\n\x0bc\x0cd\n\x85e\u2028f\r".encode()
    assert texts_of(".txt", content) == ["a\rb", "\x0bc\x0cd", "\x85e\u2028f"]


@pytest.mark.parametrize(
    ("content", "texts"),
    [(b"", []), (b"\n", [""]), (b"\n\n", ["", ""]), (b"a\n\nb", ["a", "", "b"]), (b"\r\na", ["", "a"])],
)
def test_lines_that_are_empty_are_texts(content, texts):
    assert texts_of(".txt", content) == texts


def test_lines_fill_whatever_column_is_asked_for():
    assert read(".txt", b"a\nb\n", ["文本"]) == [("a",), ("b",)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_lines_may_arrive_in_pieces_that_split_characters(size):
    texts = ["你好", "", "👩‍👩‍👧 é", "x" * 20, "end"]
    content = b"\xef\xbb\xbf" + "\r\n".join(texts).encode()
    stream = slow_stream(content[start : start + size] for start in range(0, len(content), size))
    tables = list(READERS[".txt"].read(stream, ["text"], "stream"))
    assert [text for table in tables for text in table["text"].to_pylist()] == texts


def test_lines_are_answered_before_the_stream_ends():
    arrived = count()
    stream = slow_stream(b"line %d\nline" % next(arrived) for _ in range(100))
    tables = READERS[".txt"].read(stream, ["text"], "stream")
    assert next(tables)["text"].to_pylist() == ["line 0"]
    assert next(tables)["text"].to_pylist() == ["lineline 1"]
    assert next(arrived) == 2


@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\ufeff"))))
def test_lines_come_back_as_written(texts):
    assert texts_of(".txt", "".join(f"{text}\r\n" for text in texts).encode()) == texts
