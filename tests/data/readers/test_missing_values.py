"""NaN, NaT and null are missing, in labels and in texts; the words for them are words."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textclf.data.dataset import ColumnOptions, parse_labels, read_dataset
from textclf.data.readers.options import DEFAULTS
from textclf.training.check import check_config

NAN = float("nan")
WORDS = ["nan", "NaN", "NA", "null", "None", "N/A", ""]


pytestmark = pytest.mark.usefixtures("here")


def read(name):
    dataset = read_dataset(name, ColumnOptions(), DEFAULTS)
    return dataset.texts.to_pylist(), list(dataset.labels)


@pytest.mark.parametrize("missing", [NAN, None])
def test_json_lines(missing):
    rows = [{"text": missing, "label": "a"}, {"text": "b", "label": missing}, {"text": "c", "label": [1, missing, 0]}]
    with open("a.jsonl", "w") as stream:  # noqa: PTH123
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    assert read("a.jsonl") == (["", "b", "c"], [("a",), (), ("1", "0")])


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ([1.5, NAN, 2.5], [("1.5",), (), ("2.5",)]),
        (np.array([1, NAN, 0], np.float32), [("1.0",), (), ("0.0",)]),
        (["a", None, NAN], [("a",), (), ()]),
        (pd.array([1, None, 0], dtype="Int64"), [("1",), (), ("0",)]),
        (pd.Categorical(["a", None, "b"]), [("a",), (), ("b",)]),
        ([[1.0, NAN], None, [0.0]], [("1.0",), (), ("0.0",)]),
        (pd.to_datetime(["2026-01-02", None, "2026-01-03"]).date, [("2026-01-02",), (), ("2026-01-03",)]),
    ],
)
def test_parquet(labels, found):
    pd.DataFrame({"text": ["a", None, "c"], "label": labels}).to_parquet("a.parquet")
    assert read("a.parquet") == (["a", "", "c"], found)


@pytest.mark.parametrize("type", [pa.float64(), pa.float32(), pa.list_(pa.float64())])
def test_nan_that_is_no_null_in_parquet(type):
    values = pa.array([1.5, NAN], type) if pa.types.is_floating(type) else pa.array([[1.5, NAN], [NAN]], type)
    assert pa.types.is_list(type) or values.null_count == 0
    pq.write_table(pa.table({"text": ["a", "b"], "label": values}), "a.parquet")
    assert read("a.parquet") == (["a", "b"], [("1.5",), ()])


def test_nat_in_parquet():
    pd.DataFrame({"text": ["a", "b"], "label": pd.to_datetime(["2026-01-02", None])}).to_parquet("a.parquet")
    [(day,), nothing] = read("a.parquet")[1]
    assert day.startswith("2026-01-02")
    assert nothing == ()


@pytest.mark.parametrize("write", ["csv", "jsonl", "parquet"])
def test_words_are_words(write):
    frame = pd.DataFrame({"text": WORDS, "label": WORDS})
    if write == "csv":
        frame.to_csv("a.csv", index=False)
    elif write == "jsonl":
        frame.to_json("a.jsonl", orient="records", lines=True)
    else:
        frame.to_parquet("a.parquet")
    texts, labels = read(f"a.{write}")
    assert texts == WORDS
    assert labels == [*((word,) for word in WORDS[:-1]), ()]


def test_rows_without_a_label_are_left_out_and_no_label_is_named_nan(caplog):
    pd.DataFrame({"text": list("abcd"), "label": [1.0, NAN, 0.0, NAN]}).to_parquet("a.parquet")
    dataset = parse_labels(read_dataset("a.parquet", ColumnOptions(), DEFAULTS), None)
    assert dataset.labels.count() == {"0.0": 1, "1.0": 1}
    assert "2 of 4 rows have no label" in caplog.text


@pytest.mark.parametrize(("label", "subjects"), [("nan", 1), ("null", 1), ("NA", 0), ("none", 0)])
def test_check_points_out_words_that_programs_write_for_missing(label, subjects):
    rows = [{"text": f"text {number}", "label": ("DE", "FR", label)[number % 3]} for number in range(60)]
    pd.DataFrame(rows).to_csv("a.csv", index=False)
    findings = [one for one in check_config({"data": {"train": "a.csv"}}).findings if one.subject == "missing values"]
    assert len([one for one in findings if one.found.startswith("train")]) == subjects
    assert all(f"'{label}'" in one.found for one in findings)
