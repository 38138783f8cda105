"""`predict --keep`: further columns of the file beside the predictions, and a row for every row."""

import csv
import io
import json

import pandas
import pytest

from tests.csv_files import write_rows
from textclf.core.errors import DataError
from textclf.inference.predict import format_predictions
from textclf.inference.text_source import read_source

ROWS = [
    {"id": 7, "date": "2024-01-01", "text": "a wonderful film", "label": "x", "note": "a,b"},
    {"id": 8, "date": None, "text": "", "label": "y", "note": '"'},
    {"id": 9, "date": "", "text": "bad\rfilm", "label": "", "note": "é\n"},
    {"id": 10, "date": "d", "text": "   ", "label": "z", "note": "漢"},
]


def written(folder, kind, rows=ROWS):
    path = folder / f"texts.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == "parquet":
        pandas.DataFrame(rows).to_parquet(path)
    else:
        write_rows(path, rows, delimiter="\t" if kind == "tsv" else ",")
    return str(path)


def kept_as(kind, classifier, path, keep, column="text"):
    chunks = read_source(path, column=column, keep=keep)
    lines = list(format_predictions(classifier, chunks, kind, keep=keep))
    if kind == "jsonl":
        return list(map(json.loads, lines))
    return list(csv.DictReader(io.StringIO("\n".join(lines), newline="")))


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_named_columns_come_first_and_every_row_has_an_answer(classifier, tmp_path, kind, output):
    rows = kept_as(output, classifier, written(tmp_path, kind), ["id", "note"])
    assert [list(row)[:3] for row in rows] == [["id", "note", "text"]] * len(ROWS)
    assert [str(row["id"]) for row in rows] == ["7", "8", "9", "10"]
    assert [row["note"] for row in rows] == [row["note"] for row in ROWS]
    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
    assert {row["label"] for row in rows} <= {"positive", "negative"}


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_all_columns_but_the_text_and_none_that_hides_ours(classifier, tmp_path, kind):
    for row, given in zip(kept_as("jsonl", classifier, written(tmp_path, kind), ["all"]), ROWS, strict=True):
        assert list(row) == ["id", "date", "input_label", "note", "text", "label", "probability", "probabilities"]
        assert row["input_label"] == given["label"]


def test_values_of_json_stay_what_they_are(classifier, tmp_path):
    rows = [
        {"text": "a", "n": 1.5, "b": True, "list": [1, {"a": None}], "none": None},
        {"text": "b", "n": float("nan")},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    first, second = kept_as("jsonl", classifier, str(path), ["all"])
    assert [first[name] for name in ("n", "b", "list", "none")] == [1.5, True, [1, {"a": None}], None]
    assert second["n"] is None
    first, second = kept_as("csv", classifier, str(path), ["list", "b", "none"])
    assert [first[name] for name in ("list", "b", "none")] == ['[1, {"a": null}]', "true", ""]
    assert [second[name] for name in ("list", "b", "none")] == ["", "", ""]


@pytest.mark.parametrize(
    "lines",
    [
        ['{"text": "a"}', '{"text": null}', '{"id": 3}', "{}", '{"text": ""}'],
        ['{"id": 1, "text": "a"}', '{"id": 2}'],
        ['{"id": 1}', '{"id": 2, "text": "a"}'],
    ],
)
def test_a_row_without_a_text_is_a_row(classifier, tmp_path, lines):
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = kept_as("jsonl", classifier, str(path), None)
    assert [row["text"] for row in rows] == [json.loads(line).get("text") or "" for line in lines]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_an_unknown_column_is_named_with_those_there_are(classifier, tmp_path, kind):
    with pytest.raises(DataError, match=r"'idd'.*id, date.*did you mean 'id'\? Name the right one with --keep"):
        kept_as("jsonl", classifier, written(tmp_path, kind), ["note", "idd"])
    with pytest.raises(DataError, match=r"expected a column 'txet'"):
        kept_as("jsonl", classifier, written(tmp_path, kind), ["id"], column="txet")


def test_csv_of_lines_with_other_fields_says_what_to_do(classifier, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a", "id": 1}\n{"text": "b", "other": 2}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"'other'.*--format jsonl"):
        kept_as("csv", classifier, str(path), ["all"])
    assert [row["id"] for row in kept_as("csv", classifier, str(path), ["id"])] == ["1", ""]


@pytest.mark.parametrize("names", [["label"], ["probability", "input_probability"], ["text", "probability_positive"]])
def test_names_like_ours_get_a_prefix(classifier, tmp_path, names):
    path = written(tmp_path, "csv", [{"text": "a", **dict.fromkeys(names, "theirs")}])
    for output in ("csv", "jsonl"):
        [row] = kept_as(output, classifier, path, names)
        kept = [name for name, value in row.items() if name.startswith("input_") and value == "theirs"]
        assert len(kept) == len(names)


@pytest.mark.parametrize("kind", ["txt", "fasttext"])
def test_a_file_without_columns_has_none_to_keep(classifier, tmp_path, kind):
    path = tmp_path / f"t.{kind}"
    path.write_text("__label__a text\n", encoding="utf-8")
    with pytest.raises(DataError, match="--keep"):
        kept_as("csv", classifier, str(path), ["id"])


def test_several_files_and_many_chunks_keep_their_order(classifier, tmp_path):
    for name, start in (("a", 0), ("b", 5000)):
        rows = [{"id": start + number, "text": f"film {number}"} for number in range(5000)]
        written(tmp_path, "csv", rows)
        (tmp_path / "texts.csv").rename(tmp_path / f"{name}.csv")
    rows = kept_as("csv", classifier, str(tmp_path / "*.csv"), ["id"])
    assert [int(row["id"]) for row in rows] == list(range(10_000))


@pytest.mark.parametrize(
    "arguments", [["--file", "a.csv", "--keep", "id"], ["a text", "--keep", "id", "--format", "csv"]]
)
def test_options_that_do_not_go_together(with_runs, textclf_command, arguments):
    finished = textclf_command("predict", *arguments)
    assert finished.returncode == 2
    assert b"--keep needs --f" in finished.stderr


def test_the_option_takes_names_with_commas(with_runs, textclf_command):
    written(with_runs, "csv")
    finished = textclf_command("predict", "--file", "texts.csv", "--keep", "id, date", "--format", "csv")
    assert finished.stdout.decode().startswith("id,date,text,label,probability,")
    explained = textclf_command("predict", "--file", "texts.csv", "--keep", "id", "--format", "jsonl", "--explain")
    rows = list(map(json.loads, explained.stdout.decode().split("\n")[:-1]))
    assert [(row["id"], "explanation" in row) for row in rows] == [(str(row["id"]), True) for row in ROWS]


@pytest.mark.parametrize(("keep", "kept"), [(None, ""), (["id", "label"], "id,input_label,"), (["all"], "")])
@pytest.mark.parametrize("form", ["text", "jsonl", "csv"])
def test_a_file_without_rows_has_the_header(classifier, tmp_path, keep, kept, form):
    path = written(tmp_path, "csv")
    (tmp_path / "texts.csv").write_text("id,text,label\n")
    lines = list(format_predictions(classifier, read_source(path, column="text", keep=keep), form, keep=keep))
    header = f"{kept}text,label,probability,probability_negative,probability_positive"
    assert lines == ([header] if form == "csv" else [])
