"""Kept columns in Parquet: no column and no value is lost, and each column has one type in the whole shard."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf
from tests.inference.test_shards import answers, predict
from textclf.core.errors import DataError
from textclf.inference.parquet_shards import gathered

FIRST_ROWS = 45_000  # more than the first table has
OURS = ["label", "probability", "probability_negative", "probability_positive"]


@pytest.fixture
def kept(with_runs):
    """A function that predicts a table and returns the answers."""

    def of(path, keep, *arguments):
        predict("--file", path, "--keep", keep, "--output", "answers/", *arguments)
        return answers("answers")

    return of


def write_lines(path, rows):
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("keep", ["body,label,input_label,text", "all"])
def test_no_column_hides_another(kept, keep):
    row = {"body": "fine", "label": "negative", "input_label": "positive", "text": "other"}
    pq.write_table(pa.Table.from_pylist([row]), "t.parquet")
    found = kept("t.parquet", keep, "--text-column", "body")
    assert found.column_names == ["body", "input_input_label", "input_label", "input_text", *OURS]
    assert [found[name][0].as_py() for name in found.column_names[:4]] == list(row.values())
    evaluated = textclf.evaluate("toy_en", "answers", text_column="body", label_column="label", output="e")
    assert {label: of["support"] for label, of in evaluated["by_class"].items()} == {"negative": 1, "positive": 0}


TYPES = {
    "a float after integers": ([1], [2.5], pa.float64(), [1.0, 2.5]),
    "a text after nulls": ([None], ["x"], pa.string(), [None, "x"]),
    "an integer after floats": ([2.5], [1], pa.float64(), [2.5, 1.0]),
    "another field": ([{"a": 1}], [{"b": "x"}], pa.struct([("a", pa.int64()), ("b", pa.string())]),
                      [{"a": 1, "b": None}, {"a": None, "b": "x"}]),
}  # fmt: skip


@pytest.mark.parametrize("case", TYPES)
def test_the_types_are_those_of_all_rows(kept, case):
    first, last, expected, values = TYPES[case]
    rows = [*first * FIRST_ROWS, *last]
    write_lines("t.jsonl", ({"text": "", "note": value} for value in rows))
    found = kept("t.jsonl", "note")
    assert found["note"].type == expected
    assert [found["note"][0].as_py(), found["note"][FIRST_ROWS].as_py()] == values
    assert len(found) == len(rows)


def test_a_field_of_later_rows_is_a_column(kept):
    write_lines("t.jsonl", [*[{"text": "", "note": None}] * FIRST_ROWS, {"text": "", "late": 1}])
    assert kept("t.jsonl", "all")["late"].to_pylist() == [*[None] * FIRST_ROWS, 1]


@pytest.mark.parametrize("between", [0, FIRST_ROWS])
@pytest.mark.parametrize("value", ["x", 2**70])
def test_values_of_several_types_are_an_error(kept, between, value):
    write_lines("t.jsonl", [*[{"text": "", "note": 1}] * (1 + between), {"text": "", "note": value}])
    with pytest.raises(DataError, match=r"--keep: expected columns of one type in every row: .*note.*--format jsonl"):
        kept("t.jsonl", "note")
    assert not list(Path("answers").glob("part-*"))


def test_columns_of_parquet_keep_their_types_in_every_shard(kept):
    types = {"n": pa.int32(), "x": pa.float32(), "big": pa.uint64(), "day": pa.date32(), "list": pa.list_(pa.int8()),
             "of": pa.struct([("a", pa.bool_())]), "kind": pa.dictionary(pa.int32(), pa.string())}  # fmt: skip
    values = {"n": 1, "x": 0.5, "big": 2**63, "day": "2024-01-01", "list": [1], "of": {"a": True}, "kind": "k"}
    full = {name: pa.array([value], pa.string()).cast(types[name]) if name == "day" else pa.array([value], types[name])
            for name, value in values.items()}  # fmt: skip
    empty = pa.table({"text": pa.array([None], pa.string()), **{name: pa.nulls(1, types[name]) for name in types}})
    pq.write_table(pa.concat_tables([empty, pa.table({"text": ["fine"], **full})]), "t.parquet", row_group_size=1)
    found = kept("t.parquet", ",".join(types))
    assert found.to_pylist()[1].items() >= values.items()
    assert found.to_pylist()[0].items() >= dict.fromkeys(types).items()
    stored = {**types, "day": pa.string(), "kind": pa.string()}
    assert {name: found[name].type for name in types} == stored


@pytest.mark.parametrize("keep", ["text,label", "all"])
def test_a_shard_without_rows_has_the_columns(kept, keep):
    Path("t").mkdir()
    table = pa.table({"text": ["fine"] * 6, "label": ["positive"] * 6})
    pq.write_table(table.slice(0, 0), "t/a.parquet")
    pq.write_table(table, "t/b.parquet")
    assert len(kept("t", keep)) == 6
    assert pq.read_schema("answers/part-00000.parquet") == pq.read_schema("answers/part-00001.parquet")
    assert textclf.evaluate("toy_en", "answers", output="e")["rows"] == 6


def test_a_csv_file_without_rows_has_the_columns(kept):
    Path("t.csv").write_text("text,label\n")
    assert kept("t.csv", "label").column_names == ["input_label", *OURS]


def test_small_tables_are_gathered():
    tables = [pa.table({"x": [number]}) for number in range(7)]
    assert [len(table) for table in gathered(tables, 3)] == [3, 3, 1]
    assert pa.concat_tables(gathered(tables, 3))["x"].to_pylist() == list(range(7))
