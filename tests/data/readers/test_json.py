"""JSON: arrays of objects, and tables in one object, on one line or on many."""

import io
import json

import pandas as pd
import pytest

from textclf.config.starter import starter_config
from textclf.core.errors import DataError
from textclf.data.dataset import ColumnOptions, read_dataset
from textclf.data.readers import ENDINGS, json_parser
from textclf.data.readers import json as reader
from textclf.data.readers.options import DEFAULTS, ReadingOptions
from textclf.inference.text_source import read_source

ROWS = [{"text": f'text "{number}" é 好', "label": "ab"[number % 2]} for number in range(40)]
FRAME = pd.DataFrame(ROWS)
LARGE = [{"text": f"{number} " * 200, "label": "ab"[number % 2]} for number in range(5000)]  # several pieces of a file
FORMS = {
    "array": json.dumps(ROWS),
    "pretty": json.dumps(ROWS, indent=2),
    "data": json.dumps({"version": "1.0", "data": ROWS}),
    "pretty data": json.dumps({"version": 1.5, "rows": ROWS, "more": [1, 2], "about": {"a": []}}, indent=1),
    "lines": "\n".join(map(json.dumps, ROWS)),
    "pretty objects": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "lists": json.dumps(FRAME.to_dict("list")),
    **{orient: FRAME.to_json(orient=orient) for orient in ("columns", "index", "split", "table", "records")},
    "pretty columns": FRAME.to_json(indent=4),
}
LARGE_FORMS = {
    "array": json.dumps(LARGE),
    "data": json.dumps({"v": 1, "data": LARGE, "z": [1]}, indent=1),
    "columns": pd.DataFrame(LARGE).to_json(),
    "lists": json.dumps(pd.DataFrame(LARGE).to_dict("list")),
    "lines": "\n".join(map(json.dumps, LARGE)),
}


def read(content, columns=("text", "label"), options=DEFAULTS):
    content = content.encode(options.encoding) if isinstance(content, str) else content
    tables = list(reader.read(io.BytesIO(content), list(columns), "a.json", options))
    assert all(len(table) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    assert read(FORMS[form]) == ROWS
    assert {"text", "label"} <= {*reader.field_names(io.BytesIO(FORMS[form].encode()), "a.json")}


@pytest.mark.parametrize("form", LARGE_FORMS)
def test_large_files_come_in_several_tables(form):
    tables = list(reader.read(io.BytesIO(LARGE_FORMS[form].encode()), ["text", "label"], "a.json"))
    assert len(tables) > 1
    assert [row for table in tables for row in table.to_pylist()] == LARGE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings(encoding):
    content = json.dumps(ROWS, ensure_ascii=False).encode(encoding)
    assert read(content, options=ReadingOptions(encoding=encoding.removesuffix("-sig"))) == ROWS


def test_values():
    rows = '[{"text": null, "label": NaN}, {"text": 12, "label": true}, {"label": ["a", "b"], "text": "", "more": {}}]'
    assert read(rows) == [
        {"text": "", "label": []},
        {"text": "12", "label": ["true"]},
        {"text": "", "label": ["a", "b"]},
    ]
    assert read('["a", "b"]', ["text"]) == [{"text": "a"}, {"text": "b"}]
    assert read('{"text": "a", "label": "b", "spans": [{"x": 1}]}') == [{"text": "a", "label": "b"}]
    assert read("[]") == read("") == read(" \n[\n]\n") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a", "label": "b"}', "the end of the file in line 1"),
        ('[{"text": "a", "label": "b"},\n\n{bad}]', "in line 3"),
        ('[{"text": "a", "label": "b"}] more', "'more' in line 1"),
        ('[{"text": "a"}]', r"row 1: expected a column 'label', but the columns are: text"),
        (
            '[["a", "b"]]',
            r"row 1: expected a JSON object, or .* names .*, got \[\"a\", \"b\"\].*, with \"text\", \"label\"",
        ),
        ('[["text", "label"], ["a", "b", "c"]]', "row 2: expected 2 values, .* got 3"),
        ('[["text", "label", "label"], ["a", "b", "c"]]', "row 1: expected one column 'label', got 2 of this name"),
        ('[["text", "label"], "a"]', "row 2: expected a JSON object, got 'a'"),
        ('[{"text": "a", "label": "b"},\n{"text": "b", "label": "b"},]', "got ']' in line 2"),
        ('["a", "b"]', "row 1: expected a JSON object, got 'a'"),
        ("12", "got '12' in line 1"),
        ('{"train": [{"text": "a"}], "test": [{"text": "a"}]}', "expected one array of rows, got train, test"),
        ('{"a": 1}', "expected a column 'text', but the columns are: a"),
        ('[{"text": {"a": 1}, "label": 1}]', "row 1: expected a string"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"text": "' + "9" * 17_000_000, "JSON values of at most 16 MiB"),
        ('{"text": ' + "1" * 9000 + "}", "expected JSON"),
    ],
)
def test_problems(content, message):
    with pytest.raises(DataError, match=message):
        read(content)


def test_too_many_values(monkeypatch):
    monkeypatch.setattr(json_parser, "MOST_VALUES", 400_000)
    with pytest.raises(DataError, match="expected at most 400,000 values at a time"):
        read('{"text": {"a": [' + "[]," * 1_000_000)


@pytest.mark.parametrize("name", ["a.json", "A.JSON", "a.Json.gz"])
def test_new_reads_it_whatever_the_case_of_the_ending(name, here):
    FRAME.to_json(name, orient="records", compression="gzip" if name.endswith("gz") else None)
    content = starter_config(name)
    assert "text_column: text " in content
    assert "label_column: label " in content
    dataset = read_dataset(name, ColumnOptions(), DEFAULTS)
    assert dataset.texts.to_pylist() == list(FRAME.text)
    assert dataset.labels.count() == {"a": 20, "b": 20}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"data": rows},
        lambda rows: {"meta": {"version": 1}, "items": rows},
        lambda rows: {"result": {"rows": rows, "total": 40}},
        lambda rows: {f"id{number}": row for number, row in enumerate(rows)},
        lambda rows: {f"{number:08x}-a": row for number, row in enumerate(rows)},
        lambda rows: {str(number): row for number, row in enumerate(rows)},
    ],
    ids=["data", "items", "nested", "names", "keys", "numbers"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_rows_within_an_object(wrap, indent, here):
    rows = FRAME.to_dict("records")
    (here / "a.json").write_text(json.dumps(wrap(rows), indent=indent))
    assert "label_column: label " in starter_config("a.json")
    dataset = read_dataset("a.json", ColumnOptions(), DEFAULTS)
    assert dataset.texts.to_pylist() == list(FRAME.text)


ARRAYS = [["label", "id", "text"], *([row["label"], number, row["text"]] for number, row in enumerate(ROWS))]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "lines.json", "lines.txt"])
def test_arrays_below_an_array_of_names(name, indent, here):
    lines = name in ("a.jsonl", "lines.json", "lines.txt")
    content = "\n".join(map(json.dumps, ARRAYS)) if lines else json.dumps(ARRAYS, indent=indent)
    (here / name).write_text(content)
    written = starter_config(name)
    assert "text_column: text " in written
    assert "label_column: label " in written
    dataset = read_dataset(name, ColumnOptions(), DEFAULTS)
    assert dataset.texts.to_pylist() == list(FRAME.text)
    assert dataset.labels.count() == {"a": 20, "b": 20}
    found = list(read_source(name, column="text", keep=["id"]))
    assert [text for texts in found for text in texts] == list(FRAME.text)
    assert [row["id"] for texts in found for row in texts.kept] == list(range(40))
    (here / name).write_text("\n".join(map(json.dumps, ARRAYS[1:])) if lines else json.dumps(ARRAYS[1:]))
    with pytest.raises(DataError, match=r"array.* names of the columns, got"):
        starter_config(name)
    with pytest.raises(DataError, match='Put an array of the names first, with "text"'):
        list(read_source(name, column="text"))


def test_arrays_of_texts_and_labels_alone_are_no_names(here):
    (here / "a.json").write_text(json.dumps([[row["text"], row["label"]] for row in ROWS]))
    with pytest.raises(DataError, match=r"\('a' is also a label\)\. Put an array such as \[\"text\", "):
        starter_config("a.json")


def test_a_short_array_has_empty_fields():
    assert read('[["text", "label"], ["a"], [], ["b", null]]') == [
        {"text": text, "label": ""} for text in ("a", "", "b")
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "lines.json"])
@pytest.mark.parametrize("texts", [list(FRAME.text), ["one"]], ids=len)
def test_predict_reads_texts_in_an_array_or_on_lines(name, texts, tmp_path):
    path = tmp_path / name
    path.write_text("\n".join(map(json.dumps, texts)) if name in ("a.jsonl", "lines.json") else json.dumps(texts))
    assert [text for found in read_source(str(path), column="text") for text in found] == texts
    with pytest.raises(DataError, match=r"expected (JSON objects|a JSON object in every line)"):
        starter_config(str(path))


def test_endings():
    assert ENDINGS[".ldjson"] == ENDINGS[".ndjson"] == ENDINGS[".jsonlines"] == "jsonl"
    assert ENDINGS[".tab"] == "tsv"
