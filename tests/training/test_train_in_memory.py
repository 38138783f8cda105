"""Training on tables in memory: the same classifier as from files, and a run that says where its data were."""

import pandas as pd
import pyarrow as pa
import pytest

import textclf
from tests.conftest import LINEAR, TINY
from textclf.config.config import load_config
from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.data.dataset import DataOptions, read_dataset
from textclf.data.in_memory import IN_MEMORY, options_in_memory, read_tables

TABLE = {"text": ["good", "bad", "fine"], "label": ["a", "b", "a"]}
OPTIONS = DataOptions(train=IN_MEMORY)


def texts_and_labels(dataset):
    return dataset.texts.to_pylist(), list(dataset.labels)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(TABLE),
        pd.DataFrame(TABLE, index=[7, 8, 9]).astype({"label": "category"}),
        pd.DataFrame({**TABLE, "other": [object(), 1, "a"]}),
        pa.table(TABLE),
        pa.RecordBatch.from_pydict(TABLE),
        TABLE,
        {name: tuple(column) for name, column in TABLE.items()},
        {name: pd.Series(column) for name, column in TABLE.items()},
        pd.DataFrame(TABLE).to_records(index=False),
    ],
    ids=lambda table: type(table).__name__,
)
def test_tables_of_any_library(table):
    for data in (table, {"train": table}):
        assert texts_and_labels(read_tables(data, OPTIONS)["train"]) == (
            ["good", "bad", "fine"],
            [("a",), ("b",), ("a",)],
        )


@pytest.mark.parametrize("kind", [pd.DataFrame, dict])
def test_names_of_columns_may_be_numbers(kind):
    options = DataOptions(train=IN_MEMORY, text_column="0", label_column="1")
    found = read_tables(kind({0: TABLE["text"], 1: TABLE["label"]}), options)["train"]
    assert texts_and_labels(found) == (TABLE["text"], [("a",), ("b",), ("a",)])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1, 0, 1], ["1", "0", "1"]),
        ([True, False, True], ["true", "false", "true"]),
        ([1.0, None, 2.5], ["1.0", "", "2.5"]),
    ],
)
def test_values_become_what_they_become_in_a_parquet_file(tmp_path, labels, expected):
    frame = pd.DataFrame({**TABLE, "label": pd.array(labels)})
    frame.to_parquet(tmp_path / "x.parquet")
    found = read_tables(frame, OPTIONS)["train"]
    assert ["".join(labels) for labels in found.labels] == expected
    assert texts_and_labels(found) == texts_and_labels(read_dataset(str(tmp_path / "x.parquet"), OPTIONS, OPTIONS))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], r"train \(in memory\): expected a table with the columns 'text', 'label', got list"),
        ({"text": ["a"]}, r"expected a column 'label', got 'text'"),
        (
            {"train": TABLE, "unlabelled": {"texts": ["a"]}},
            r"unlabelled \(in memory\): expected a column 'text', got 'texts'. Set data.text_column.$",
        ),
        ({"train": TABLE, "unlabelled": {"text": []}}, r"unlabelled \(in memory\): expected rows of texts, got a file"),
        ({"test": TABLE}, "expected a table 'train', got only 'test'"),
        (pd.DataFrame({"text": ["a", "b"], "label": [1, "b"]}), "expected columns of one type"),
        (pd.DataFrame([["a", "b", "c"]], columns=["text", "label", "label"]), "expected one column 'label', got 2"),
        (pd.DataFrame({"text": ["a", "b"], "label": pd.arrays.SparseArray([0, 1])}), r"of one type.*not supported\.$"),
        (pd.DataFrame({"text": [], "label": []}), "expected rows of texts and labels"),
    ],
)
def test_what_is_no_table_of_texts_and_labels(data, message):
    with pytest.raises(DataError, match=message):
        read_tables(data, OPTIONS)


def test_a_column_may_say_the_split():
    table = {**TABLE, "part": ["train", "test", "train"]}
    options = DataOptions(train="x", split_column="part")
    splits = read_tables(table, options)
    assert {name: len(split) for name, split in splits.items()} == {"train": 2, "test": 1}
    assert options_in_memory(options, splits) == DataOptions(train=IN_MEMORY, split_column="part")


def test_files_of_the_config_make_room_for_the_data():
    options = DataOptions(train="a.csv", validation="b.csv", test="c.csv")
    assert options_in_memory(options, read_tables(TABLE, options)) == DataOptions(train=IN_MEMORY)


@pytest.fixture
def trained(with_runs):
    """The run of a table that is read from the file of another run, and the table."""
    tables = {name: pd.read_csv(f"data/toy_topics/{name}.csv") for name in ("train", "test")}
    return textclf.train(TINY, run="table", data=tables), tables


def test_a_table_trains_the_classifier_of_its_file(trained):
    run, tables = trained
    of_file = RunFolder(run.path.parent / "toy_topics")
    for name in ("model.onnx", "tokenizer.json", "labels.json"):
        assert (run.classifier / name).read_bytes() == (of_file.classifier / name).read_bytes()
    assert run.metrics.read_text() == of_file.metrics.read_text()
    assert set(run.read_metadata()["data_sha256"]) == {"train (in memory)", "test (in memory)"}
    with pytest.raises(RunError, match="its data were in memory"):
        textclf.evaluate(run)
    run.update_metadata(status="failed")
    with pytest.raises(RunError, match=r"Call textclf\.train again .* run='table'"):
        textclf.resume(run)
    with pytest.raises(RunError, match=r"data_sha256\.train \(in memory\): was"):
        textclf.train(TINY, run="table", data={**tables, "train": tables["train"][1:]})
    before = run.metrics.read_bytes()
    assert textclf.train(TINY, run="table", data=tables).metrics.read_bytes() == before
    assert run.read_metadata()["resumed"]


def test_a_table_of_unlabelled_texts(here):
    labelled = {"text": [f"{word} {row}" for row in range(10) for word in ("good", "bad")], "label": ["a", "b"] * 10}
    tables = {"train": labelled, "unlabelled": pd.DataFrame({"text": ["dull 1", " ", "good 1", "dull 2"], "x": 1})}
    run = textclf.train(LINEAR, run="r", data=tables)
    assert "rows: train 18, validation 2, unlabelled 2\n" in run.log.read_text()
    assert set(run.read_metadata()["data_sha256"]) == {"train (in memory)", "unlabelled (in memory)"}
    assert load_config(run.config).data.unlabelled == IN_MEMORY
    run.update_metadata(status="failed")
    with pytest.raises(RunError, match=r"data_sha256\.unlabelled \(in memory\): was"):
        textclf.train(LINEAR, run="r", data={**tables, "unlabelled": {"text": ["dull 1"]}})


def test_files_of_unlabelled_texts_are_read_beside_tables(here):
    (here / "more.csv").write_text("text\ndull 1\n")
    labelled = {"text": [f"{word} {row}" for row in range(10) for word in ("good", "bad")], "label": ["a", "b"] * 10}
    run = textclf.train(LINEAR, ["data.unlabelled=more.csv"], run="r", data=labelled)
    assert "rows: train 18, validation 2, unlabelled 1\n" in run.log.read_text()


def test_unlabelled_texts_have_no_split():
    table = {**TABLE, "part": ["train", "test", "train"]}
    options = DataOptions(train="x", split_column="part")
    splits = read_tables({"train": table, "unlabelled": {"text": ["dull"]}}, options)
    assert {name: len(split) for name, split in splits.items()} == {"train": 2, "test": 1, "unlabelled": 1}
    assert options_in_memory(options, splits) == DataOptions(train=IN_MEMORY, split_column="part", unlabelled=IN_MEMORY)
