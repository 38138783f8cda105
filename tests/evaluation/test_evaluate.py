"""Evaluating a run: on its own test file, on another, and as a bare classifier."""

import csv
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, hamming_loss, precision_recall_fscore_support

import textclf
from tests.conftest import LINEAR, rewrite_config
from tests.data.readers.written_files import write_excel
from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.data.dataset import ColumnOptions, read_dataset
from textclf.data.readers.options import DEFAULTS
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.evaluation.evaluate import _name_of, _with_labels_of
from textclf.evaluation.metrics import measure
from textclf.inference.decisions import Decision


def predictions(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


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
    rows = predictions(written / "predictions.csv")
    assert len(rows) == metrics["rows"] == 120
    true, predicted = [row["label"] for row in rows], [row["predicted"] for row in rows]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert metrics["f1_macro"] == pytest.approx(f1_score(true, predicted, average="macro"))
    assert metrics["accuracy"] == np.mean([int(row["correct"]) for row in rows])
    for row in rows:
        assert float(row["probability_positive"]) + float(row["probability_negative"]) == pytest.approx(1, abs=1e-5)


def test_predictions_carry_the_texts_as_they_were(with_runs):
    textclf.evaluate()
    with (with_runs / "data/toy_en/test.csv").open(newline="", encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    rows = predictions(with_runs / "runs/toy_en/evaluations/test/predictions.csv")
    assert [row["text"] for row in rows] == texts
    assert [int(row["row"]) for row in rows] == list(range(1, 121))


def test_another_file_is_measured_apart(with_runs):
    (with_runs / "new.csv").write_text("text,label\na wonderful film,positive\nawful,negative\n", encoding="utf-8")
    before = (with_runs / "runs/toy_en/metrics.json").read_bytes()
    assert textclf.evaluate("toy_en", "new.csv")["rows"] == 2
    assert (with_runs / "runs/toy_en/evaluations/new/predictions.csv").exists()
    assert (with_runs / "runs/toy_en/metrics.json").read_bytes() == before


@pytest.mark.parametrize(
    "files",
    [
        ["a/test.csv", "b/test.csv", "test.csv"],
        ["a/test.csv", "a/test.jsonl", "a/test.tsv"],
        ["data/toy_en/test.csv", "a/test.csv", "a/../b/test.csv"],
    ],
)
def test_files_of_one_name_have_a_folder_each(with_runs, files):
    formats = {
        "csv": "text,label\na wonderful film,positive\nawful,negative\n",
        "tsv": "text\tlabel\na wonderful film\tpositive\nawful\tnegative\n",
        "jsonl": '{"text": "a wonderful film", "label": "positive"}\n',
    }
    for folder in ("a", "b", "."):
        (with_runs / folder).mkdir(exist_ok=True)
        for ending, content in formats.items():
            (with_runs / folder / f"test.{ending}").write_text(content, encoding="utf-8")
    for _ in range(2):  # the same file again has the same folder
        for number, file in enumerate(files):
            rows = textclf.evaluate("toy_en", file)["rows"]
            name = "test" if number == 0 else f"test-{number + 1}"
            saved = json.loads((with_runs / f"runs/toy_en/evaluations/{name}/metrics.json").read_text())
            assert (saved["data"], saved["rows"]) == (file, rows)
    assert len(list((with_runs / "runs/toy_en/evaluations").iterdir())) == len(files)


def test_a_relative_name_means_another_file_in_another_folder(with_runs, monkeypatch):
    for folder, rows in (("a", 2), ("b", 3)):
        (with_runs / folder).mkdir()
        (with_runs / folder / "new.csv").write_text("text,label\n" + "awful,negative\n" * rows, encoding="utf-8")
        monkeypatch.chdir(with_runs / folder)
        textclf.evaluate(with_runs / "runs/toy_en", "new.csv")
    saved = [with_runs / f"runs/toy_en/evaluations/{name}/metrics.json" for name in ("new", "new-2")]
    assert [json.loads(path.read_text())["rows"] for path in saved] == [2, 3]


@pytest.mark.parametrize("name", ["..", "../", "../../up"])
def test_the_folder_above_is_evaluated_under_its_own_name(with_runs, monkeypatch, name):
    (with_runs / "up").mkdir()
    (with_runs / "up/new.csv").write_text("text,label\nawful,negative\n", encoding="utf-8")
    (with_runs / "up/.here").mkdir()
    before = (with_runs / "runs/toy_en/metrics.json").read_bytes()
    monkeypatch.chdir(with_runs / "up/.here")
    textclf.evaluate(with_runs / "runs/toy_en", name)
    assert (with_runs / "runs/toy_en/metrics.json").read_bytes() == before
    assert json.loads((with_runs / "runs/toy_en/evaluations/up/metrics.json").read_text())["rows"] == 1


def test_sheets_have_a_folder_each(with_runs):
    (with_runs / "new.xlsx").write_bytes(write_excel([("a wonderful film", "positive"), ("awful", "negative")]))
    for sheet in (None, "Rows", "Rows"):  # the same sheet again has the same folder
        textclf.evaluate("toy_en", "new.xlsx", reading={"sheet": sheet} if sheet else None)
    saved = {path.parent.name: json.loads(path.read_text()) for path in (with_runs / "runs/toy_en").glob("*/*/*.json")}
    assert {name: metrics.get("sheet") for name, metrics in saved.items()} == {"new": None, "new-Rows": "Rows"}


@pytest.mark.parametrize(
    ("data", "sheet", "name"),
    [
        ("t4/part-*.csv", None, "part"),
        ("a/**/*.csv", None, "a"),
        ("a.b.csv", None, "a.b"),
        ("/*", None, "data"),
        ("a.ods", "1/2: <x>", "a-12 x"),
    ],
)
def test_the_name_of_an_evaluation_is_a_name_of_a_folder(data, sheet, name):
    assert _name_of(data, sheet) == name


@pytest.mark.parametrize(("pattern", "name"), [("t/*.csv", "t"), ("t/new-[12].csv", "new-12")])
def test_the_folder_for_a_pattern_has_no_pattern_in_its_name(with_runs, pattern, name):
    Path("t").mkdir()
    Path("t/new-1.csv").write_text("text,label\nawful,negative\n", encoding="utf-8")
    textclf.evaluate("toy_en", pattern)
    assert [path.name for path in (with_runs / "runs/toy_en/evaluations").iterdir()] == [name]


def test_a_folder_that_the_user_names_may_hold_links(with_runs):
    (with_runs / "figures").mkdir()
    (with_runs / "figures/metrics.json").symlink_to(with_runs / "elsewhere.json")
    textclf.evaluate("toy_en", output="figures")
    assert (with_runs / "figures/metrics.json").is_symlink()
    assert json.loads((with_runs / "elsewhere.json").read_text())["rows"] == 120


def test_jsonl_gives_the_same_as_csv(with_runs):
    with (with_runs / "data/toy_en/test.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
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


def assert_averages_of_scikit_learn(metrics, true, predicted):
    for average in ("macro", "micro", "weighted"):
        expected = precision_recall_fscore_support(true, predicted, average=average, zero_division=0)[:3]
        found = [metrics[f"{name}_{average}"] for name in ("precision", "recall", "f1")]
        assert found == pytest.approx(list(expected)), average


@pytest.mark.parametrize("unknown", [["neutral"], ["neutral", "neutral", "posiitve"], ["NEGATIVE", "x\n"]])
def test_texts_with_unknown_labels_count_as_wrong(with_runs, caplog, unknown):
    with (with_runs / "data/toy_en/test.csv").open(newline="", encoding="utf-8") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    known = textclf.evaluate("toy_en")
    with (with_runs / "new.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows, *(("a wonderful film", label) for label in unknown)])
    with caplog.at_level("WARNING", "textclf"):
        metrics = textclf.evaluate("toy_en", "new.csv")
    number = len(unknown)
    assert metrics["rows"] == 120 + number
    assert metrics["accuracy"] == pytest.approx(known["accuracy"] * 120 / (120 + number))
    assert metrics["f1_micro"] == metrics["accuracy"]
    assert metrics["majority_accuracy"] == pytest.approx(known["majority_accuracy"] * 120 / (120 + number))
    assert metrics["unknown_rows"] == sum(metrics["unknown_labels"].values()) == number
    assert set(metrics["unknown_labels"]) == {label.strip() for label in unknown}
    assert f"{number} of {120 + number} rows" in caplog.text
    for name in ("log_loss", "roc_auc", "brier_score"):  # of texts whose label has a probability
        assert metrics[name] == pytest.approx(known[name])
    assert metrics["by_class"]["positive"]["recall"] == known["by_class"]["positive"]["recall"]
    assert metrics["by_class"]["positive"]["precision"] < known["by_class"]["positive"]["precision"]
    lines = predictions(with_runs / "runs/toy_en/evaluations/new/predictions.csv")
    assert [line["label"] for line in lines[120:]] == [label.strip() for label in unknown]
    true, predicted = [line["label"] for line in lines], [line["predicted"] for line in lines]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert_averages_of_scikit_learn(metrics, true, predicted)
    assert [row["support"] for row in metrics["by_class"].values()] == [60, 60, *metrics["unknown_labels"].values()]
    assert sum(metrics["confusion_matrix"]["unknown_true_columns_predicted"]) == number
    assert "(unknown)" in metrics._repr_html_()


def test_unknown_labels_of_several_a_text_are_missed_labels():
    targets = Targets.fit([("a", "b"), ("b",), ("a",), ("b",)], TargetOptions(type="multilabel"))
    given = [("a",), ("a", "new"), ("new", "other"), (), ("b",)]
    classes, unknown = targets.encode_known(given, rows=range(5), name="t.csv")
    assert unknown.by_text.tolist() == [0, 1, 2, 0, 0]
    assert unknown.by_label == {"new": 2, "other": 1}
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.1], [0.1, 0.1], [0.1, 0.9]])
    metrics = measure(classes, probabilities, targets, Decision(), unknown)
    assert metrics["accuracy"] == pytest.approx(3 / 5)
    assert metrics["recall_micro"] == pytest.approx(3 / 6)
    assert metrics["precision_micro"] == 1
    assert metrics["f1_samples"] == pytest.approx((1 + 2 / 3 + 0 + 1 + 1) / 5)
    assert metrics["majority_accuracy"] == pytest.approx(1 / 5)
    true = np.array([[label in labels for label in ("a", "b", "new", "other")] for labels in given])
    predicted = np.column_stack([probabilities >= 0.5, np.zeros((5, 2), bool)])
    assert_averages_of_scikit_learn(metrics, true, predicted)
    assert metrics["hamming_loss"] == pytest.approx(hamming_loss(true, predicted))
    assert (metrics["unknown_rows"], list(metrics["by_class"])) == (2, ["a", "b", "new", "other"])


def test_labels_are_written_as_predictions_are(finished_runs, tmp_path):
    content = "text,label\ncherry and sky,red|blue\ncherry and sky,blue|red\ncherry,x|red\na 3 day,\n"
    (tmp_path / "new.csv").write_text(content, encoding="utf-8")
    classifier = textclf.load(finished_runs / "colours")
    assert classifier.labels == ["blue", "green", "red"]
    metrics = textclf.evaluate(finished_runs / "colours", tmp_path / "new.csv", output=tmp_path)
    rows = predictions(tmp_path / "predictions.csv")
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


def test_a_file_of_only_unknown_labels_is_another_file(with_runs):
    (with_runs / "new.csv").write_text("text,label\na,17\nb,18\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"new.csv: .*got '17' in row 1 and 1 more"):
        textclf.evaluate("toy_en", "new.csv")
    assert not (with_runs / "runs/toy_en/evaluations").exists()


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
    with (workplace / "data/toy_zh/test.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with (workplace / "gb.csv").open("w", newline="", encoding="gb18030") as stream:
        writer = csv.DictWriter(stream, ["text", "label"])
        writer.writeheader()
        writer.writerows(rows)
    (workplace / "gb.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "gb18030")
    data = {"train": "gb.csv", "test": "gb.csv", "encoding": "gb18030", "format": "csv"}
    run = textclf.train({**tiny_config(data=data), **LINEAR}, run="gb")
    assert textclf.evaluate(run, "gb.jsonl") == textclf.evaluate(run)


def test_the_rows_of_a_split_column_are_trained_on_and_measured_again(workplace, tiny_config):
    with (workplace / "data/toy_en/train.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    parts = ["train", "train", "valid", "test"]
    with (workplace / "one.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["split", "text", "label"])
        writer.writerows([parts[number % 4], row["text"], row["label"]] for number, row in enumerate(rows))
    config = {**tiny_config(), **LINEAR, "data": {"train": "one.csv", "split_column": "split"}}
    run = textclf.train(config, run="r")
    metrics = json.loads(run.metrics.read_text())
    assert [metrics[split]["rows"] for split in ("train", "validation", "test")] == [
        sum(parts[number % 4] in names for number in range(len(rows))) for names in (["train"], ["valid"], ["test"])
    ]
    assert textclf.evaluate(run)["accuracy"] == metrics["test"]["accuracy"]
    answered = [int(line["row"]) for line in csv.DictReader(run.predictions.open(encoding="utf-8", newline=""))]
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
