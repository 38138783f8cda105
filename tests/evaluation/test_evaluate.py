"""Evaluating a run: on its own test file, on another, and as a bare classifier."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

import textclf
from tests.conftest import LINEAR, rewrite_config
from tests.csv_files import read_rows, write_rows
from textclf.core.errors import DataError, RunError, WriteError
from textclf.core.run_folder import RunFolder
from textclf.data.dataset import ColumnOptions, read_dataset
from textclf.data.readers.options import DEFAULTS
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.evaluation.evaluate import _with_labels_of


@pytest.mark.parametrize("name", ["toy_en", "toy_zh", "toy_topics"])
def test_the_figures_of_the_training_come_again(with_runs, name):
    trained = json.loads((with_runs / f"runs/{name}/metrics.json").read_text())["test"]
    evaluated = textclf.evaluate(name)
    assert evaluated["accuracy"] == trained["accuracy"]
    assert evaluated["log_loss"] == pytest.approx(trained["log_loss"], abs=1e-6)
    assert evaluated["majority_accuracy"] == pytest.approx(1 / len(trained["by_class"]))


@pytest.mark.parametrize("data", [pd.DataFrame({"text": ["a"], "label": ["x"]}), ["a.csv", "b.csv"]])
def test_only_a_file_is_evaluated(data):
    with pytest.raises(DataError, match=rf"expected the path of a file, got {type(data).__name__}\. Write the table"):
        textclf.evaluate(data=data)


def test_the_newest_run_is_evaluated_on_its_test_file(with_runs):
    metrics = textclf.evaluate()
    written = with_runs / "runs/toy_en/evaluations/test"
    saved = json.loads((written / "metrics.json").read_text())
    assert len(saved.pop("data_path_sha256")) == 64
    assert saved == {"data": "data/toy_en/test.csv", **metrics}
    rows = read_rows(written / "predictions.csv")
    assert len(rows) == metrics["rows"] == 120
    true, predicted = [row["label"] for row in rows], [row["predicted"] for row in rows]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert metrics["f1_macro"] == pytest.approx(f1_score(true, predicted, average="macro"))
    assert metrics["accuracy"] == np.mean([int(row["correct"]) for row in rows])
    for row in rows:
        assert float(row["probability_positive"]) + float(row["probability_negative"]) == pytest.approx(1, abs=1e-5)


def test_predictions_carry_the_texts_as_they_were(with_runs):
    textclf.evaluate()
    texts = [row["text"] for row in read_rows(with_runs / "data/toy_en/test.csv")]
    rows = read_rows(with_runs / "runs/toy_en/evaluations/test/predictions.csv")
    assert [row["text"] for row in rows] == texts
    assert [int(row["row"]) for row in rows] == list(range(1, 121))


def test_predictions_that_cannot_be_written_leave_no_metrics(with_runs):
    Path("elsewhere").mkdir()
    Path("elsewhere/predictions.csv").symlink_to("/dev/full")
    with pytest.raises(WriteError, match="No space left"):
        textclf.evaluate("toy_en", output="elsewhere")
    assert [path.name for path in Path("elsewhere").iterdir()] == ["predictions.csv"]


def test_jsonl_gives_the_same_as_csv(with_runs):
    rows = read_rows(with_runs / "data/toy_en/test.csv")
    (with_runs / "test.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert textclf.evaluate("toy_en", "test.jsonl") == textclf.evaluate("toy_en")


def test_a_copied_classifier_needs_data_and_writes_only_where_it_is_told(with_runs):
    shutil.copytree("runs/toy_en/classifier", "copied")
    with pytest.raises(RunError, match="Name texts with --data"):
        textclf.evaluate("copied")
    textclf.evaluate("copied", "data/toy_en/test.csv")
    assert sorted(path.name for path in with_runs.iterdir()) == ["configs", "copied", "data", "runs"]
    textclf.evaluate("copied", "data/toy_en/test.csv", output="figures/here")
    assert {path.name for path in (with_runs / "figures/here").iterdir()} == {"metrics.json", "predictions.csv"}


def test_labels_are_written_as_predictions_are(finished_runs, tmp_path):
    content = "text,label\ncherry and sky,red|blue\ncherry and sky,blue|red\ncherry,x|red\na 3 day,\n"
    (tmp_path / "new.csv").write_text(content, encoding="utf-8")
    classifier = textclf.load(finished_runs / "colours")
    assert classifier.labels == ["blue", "green", "red"]
    metrics = textclf.evaluate(finished_runs / "colours", tmp_path / "new.csv", output=tmp_path)
    rows = read_rows(tmp_path / "predictions.csv")
    assert [row["label"] for row in rows] == ["blue|red", "blue|red", "red|x", ""]
    assert [row["correct"] for row in rows] == [str(int(row["label"] == row["predicted"])) for row in rows]
    assert metrics["accuracy"] == np.mean([int(row["correct"]) for row in rows])


def test_lists_in_writing_are_lists_even_if_each_has_one_label(tmp_path):
    targets = Targets.fit([("a", "b"), ("c",)], TargetOptions(type="multilabel"))
    path = tmp_path / "a.csv"
    path.write_text("text,label\none,['c']\ntwo,['a']\n")
    raw = read_dataset(str(path), ColumnOptions(), DEFAULTS)
    classifier = SimpleNamespace(targets=targets, labels=targets.labels)
    assert list(_with_labels_of(classifier, raw).labels) == [("c",), ("a",)]


def test_a_file_with_one_class_has_no_ranking(with_runs):
    (with_runs / "new.csv").write_text("text,label\na,positive\nb,positive\n", encoding="utf-8")
    assert textclf.evaluate("toy_en", "new.csv")["roc_auc"] is None


def test_a_file_may_have_other_columns(with_runs):
    (with_runs / "new.csv").write_text("评论,好坏\na wonderful film,positive\nawful,negative\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"the columns are: 评论, 好坏\. .*--text-column"):
        textclf.evaluate("toy_en", "new.csv")
    assert textclf.evaluate("toy_en", "new.csv", text_column="评论", label_column="好坏")["rows"] == 2


def test_a_run_without_a_test_file_says_what_to_name(with_runs):
    run = RunFolder(with_runs / "runs/toy_en")
    rewrite_config(run, run.config.read_text().replace("test: data/toy_en/test.csv", "test: null"))
    with pytest.raises(RunError, match="--data"):
        textclf.evaluate("toy_en")


def test_files_are_read_as_in_training_whatever_their_format(workplace, tiny_config):
    rows = read_rows(workplace / "data/toy_zh/test.csv")
    write_rows(workplace / "gb.csv", rows, "gb18030")
    (workplace / "gb.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "gb18030")
    data = {"train": "gb.csv", "test": "gb.csv", "encoding": "gb18030", "format": "csv"}
    run = textclf.train({**tiny_config(data=data), **LINEAR}, run="gb")
    assert textclf.evaluate(run, "gb.jsonl") == textclf.evaluate(run)


def test_the_rows_of_a_split_column_are_trained_on_and_measured_again(workplace, tiny_config):
    rows = read_rows(workplace / "data/toy_en/train.csv")
    parts = ["train", "train", "valid", "test"]
    write_rows(workplace / "one.csv", ({"split": parts[number % 4], **row} for number, row in enumerate(rows)))
    config = {**tiny_config(), **LINEAR, "data": {"train": "one.csv", "split_column": "split"}}
    run = textclf.train(config, run="r")
    metrics = json.loads(run.metrics.read_text())
    assert [metrics[split]["rows"] for split in ("train", "validation", "test")] == [
        sum(parts[number % 4] in names for number in range(len(rows))) for names in (["train"], ["valid"], ["test"])
    ]
    assert textclf.evaluate(run)["accuracy"] == metrics["test"]["accuracy"]
    answered = [int(line["row"]) for line in read_rows(run.predictions)]
    assert answered == [number for number in range(1, len(rows) + 1) if number % 4 == 0]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ('{"text": "a", "label": ["positive", "negative"]}\n', "The classifier predicts one label a text"),
        ('{"text": "a", "label": null}\n', "Check --label-column"),
        ('{"text": "a", "x": "positive"}\n', "--label-column"),
    ],
)
def test_advice_is_what_the_command_has(with_runs, content, advice):
    (with_runs / "new.jsonl").write_text(content * 3)
    with pytest.raises(DataError, match=advice) as error:
        textclf.evaluate("toy_en", "new.jsonl")
    assert "data." not in str(error.value)
