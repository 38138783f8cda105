"""JSON Lines: what a field may hold, and lines that are no objects."""

import io
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.readers.written_files import fault, read, slow_stream, texts_of
from textclf.data.readers import READERS


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
    assert read("jsonl", f'{{"text": "a", "label": {value}}}'.encode()) == [("a", text)]


def test_jsonl_blank_lines_are_left_out_and_other_fields_ignored():
    content = b'\n  \n{"id": [1], "label": "x", "text": "a"}\n\n\t\r\n{"text": "b", "label": "y"}\n\n'
    assert read("jsonl", content) == [("a", "x"), ("b", "y")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n"])
def test_jsonl_without_lines_has_no_rows(content):
    assert read("jsonl", content) == []


@pytest.mark.parametrize("value", ["[]", "[1]", '"a"', "1", "null", "true"])
def test_jsonl_line_that_is_no_object_is_shown(value):
    content = f'{{"text": "a", "label": 1}}\n\n{value}\n'.encode()
    shown = value.replace('"', "'")
    assert fault("jsonl", content) == f"stream, line 3: expected a JSON object, got {shown}."


@pytest.mark.parametrize(
    "line", [b"nope", b"{", b'{"text": "a",}', b"{'text': 'a'}", b'{"text": "a\tb"}', b'{} {"a": 1}']
)
def test_jsonl_bad_json_names_its_line(line):
    message = fault("jsonl", b'{"text": "a", "label": 1}\n' * 10_001 + line)
    assert message.startswith("stream, line 10002: expected a JSON object, got something else: ")


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"text": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"])
def test_jsonl_deep_nesting_is_refused(line):
    assert fault("jsonl", line) == "stream, line 1: expected a JSON object, got one nested too deeply."


def test_jsonl_missing_field_is_named_with_line_and_fields():
    rows = [b'{"text": "a", "label": 1}\n', b'{"text": "a", "lable": 1}\n']
    assert fault("jsonl", rows[1]).startswith(
        "stream, line 1: expected a column 'label', but the columns are: text, lable; did you mean"
    )
    message = fault("jsonl", b"".join(rows))
    assert message.startswith(
        "stream, line 2: expected a field 'label', as in earlier rows, but the fields are: text, lable; did you mean"
    )
    assert message.endswith("Correct the row, or write null for a missing value.")
    assert "(none)" in fault("jsonl", b"{}")


@pytest.mark.parametrize(("format", "place"), [("jsonl", "line"), ("json", "row")])
def test_all_rows_with_a_fault_are_named_at_once(format, place):
    rows = [{"text": "a", "label": 1} for _ in range(20)]
    rows[3], rows[7], rows[11], rows[12] = {"text": "a"}, 5, {"label": 1}, {"text": {"b": 1}, "label": 1}
    lines = [json.dumps(row) for row in rows]
    content = "\n".join(lines) if format == "jsonl" else f"[{','.join(lines)}]"
    message = fault(format, content.encode())
    assert message.startswith(f"stream, {place} 4: expected a field 'label', as in earlier rows, but ")
    assert message.endswith(f" 3 more rows with a fault: {place} 8, {place} 12, {place} 13.")


def test_a_line_that_is_no_json_is_named_with_the_others():
    message = fault("jsonl", b'{"text": "a", "label": 1}\n{\n{"text": "a", "label": 1}\n{"text": "a"}\n')
    assert message.startswith("stream, line 2: expected a JSON object, got something else: ")
    assert message.endswith(" 1 more row with a fault: line 4.")


@pytest.mark.parametrize("value", ['{"a": 1}', '[["a"]]', '["a", {"b": 1}]', "[[]]"])
def test_jsonl_value_that_is_no_text_is_refused(value):
    message = fault("jsonl", f'{{"text": "a", "label": {value}}}'.encode())
    advice = " Name a field of the object, such as label.a." if value.startswith("{") else ""
    assert (
        message == f"stream, line 1: expected a string, a number or an array of them in 'label', got {value}.{advice}"
    )


def test_jsonl_long_value_that_is_no_text_is_cut():
    content = b'{"text": {"body": "a film that nobody should have to watch"}, "label": "x"}'
    assert """ in 'text', got {"body": "a film that nobody should have…. Name""" in fault("jsonl", content)


def test_jsonl_fields_of_objects_have_names_with_points():
    rows = [{"ticket": {"body": "a", "meta": {"n": 1}}, "label": "x"}, {"ticket": None, "label": "y"}]
    content = "\n".join(map(json.dumps, rows)).encode()
    assert read("jsonl", content, ["ticket.body", "ticket.meta.n", "label"]) == [("a", "1", "x"), ("", "", "y")]
    assert read("jsonl", b'{"a.b": "one", "a": {"b": "two"}}', ["a.b"]) == [("one",)]
    assert "expected a column 'ticket.text', but the columns are" in fault("jsonl", content, ["ticket.text", "label"])
    message = fault("jsonl", content, ["ticket", "label"])
    assert message.endswith("}. Name a field of the object, such as ticket.body.")


def test_jsonl_arrays_are_lists_of_texts():
    content = b'{"text": "a", "label": ["x", 1, true, null, 1.5]}\n{"text": "b", "label": []}\n'
    [table] = READERS["jsonl"].read(io.BytesIO(content), ["text", "label"], "stream")
    assert table.schema.field("label").type == pa.list_(pa.large_string())
    assert table["label"].to_pylist() == [["x", "1", "true", "1.5"], []]


def test_jsonl_single_labels_beside_arrays_are_lists_of_one():
    content = b'{"t": 1, "label": ["x", "y"]}\n{"t": 2, "label": "z"}\n{"t": 3, "label": ""}\n{"t": 4, "label": null}\n'
    assert read("jsonl", content, ["label"]) == [(["x", "y"],), (["z"],), ([],), ([],)]


def test_jsonl_half_a_character_in_a_list_becomes_the_replacement_character():
    assert read("jsonl", rb'{"label": ["\ud800", "a"]}', ["label"]) == [(["\ufffd", "a"],)]


def test_jsonl_byte_order_marks_of_files_put_together_are_no_fault():
    line = "\ufeff" + '{"text": "a"}\n'
    assert texts_of("jsonl", (line * 3).encode()) == ["a"] * 3


def test_jsonl_lines_are_answered_before_the_stream_ends():
    stream = slow_stream([b'{"text": "a"}\n{"te', b'xt": "b"}\n', b'{"text": "c"}'])
    tables = READERS["jsonl"].read(stream, ["text"], "stream")
    assert [table["text"].to_pylist() for table in tables] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(("value", "text"), [(r'"\ud800"', "\ufffd"), (r'"a\udc00b"', "a\ufffdb")])
def test_jsonl_half_a_character_becomes_the_replacement_character(value, text):
    assert texts_of("jsonl", f'{{"text": {value}}}\n'.encode()) == [text]


def test_jsonl_number_without_end_is_refused_naming_its_line():
    message = fault("jsonl", b'{"text": "a", "label": ' + b"1" * 5000 + b"}")
    assert message.startswith("stream, line 1: expected ")


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.text(), st.text())), ascii_only=st.booleans())
def test_jsonl_rows_come_back_as_written(rows, ascii_only):
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=ascii_only) for text, label in rows]
    assert read("jsonl", "\n".join(lines).encode()) == rows
