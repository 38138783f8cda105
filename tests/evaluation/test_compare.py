"""Runs side by side: differences are those of the runs, and tests those of the textbooks."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import textclf
from tests.conftest import LINEAR, rewrite_config
from tests.csv_files import write_rows
from textclf.config.config import load_config
from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder, create_run
from textclf.evaluation.compare import (
    compare,
    difference,
    differing_settings,
    format_p_value,
    mcnemar,
    write_comparison,
)
from textclf.evaluation.predictions_file import Predictions


@pytest.mark.parametrize(("first", "other"), [(0, 0), (1, 0), (3, 9), (9, 3), (10, 10), (40, 70), (400, 500)])
def test_mcnemar_is_the_binomial_test(first, other):
    from scipy.stats import binomtest

    expected = binomtest(first, first + other, 0.5).pvalue if first + other else 1.0
    assert mcnemar(first, other) == pytest.approx(expected)


def test_of_very_many_the_approximation_is_near():
    from scipy.stats import binomtest

    assert mcnemar(2300, 2450) == pytest.approx(binomtest(2300, 4750, 0.5).pvalue, abs=1e-3)


def test_no_probability_is_shown_as_nought():
    assert [format_p_value(value) for value in (1.0, 0.03125, 0.0001, 0.00009, 0.0)] == [
        "1.0000", "0.0312", "0.0001", "< 0.0001", "< 0.0001",
    ]  # fmt: skip


def predictions_of(truth, right_share, seed):
    """Predictions for two labels of which a share is right, with probabilities that say so."""
    random = np.random.default_rng(seed)
    predicted = np.where(random.random(len(truth)) < right_share, truth, 1 - truth)
    probabilities = np.where(np.arange(2) == predicted[:, None], 0.9, 0.1)
    return Predictions("test", np.arange(len(truth)), ["a"] * len(truth), truth, predicted, probabilities)


def test_a_large_difference_is_none_of_chance_and_a_small_one_may_be():
    truth = np.random.default_rng(0).integers(2, size=1000)
    base = predictions_of(truth, 0.70, 1)
    better, same = (difference(base, predictions_of(truth, 0.85, 2)), difference(base, predictions_of(truth, 0.71, 3)))
    difference_, low, high = better.confidence_intervals["accuracy"]
    assert 0 < low < difference_ < high
    assert better.p_value < 0.001
    assert better.confidence_intervals["log_loss"][2] < 0
    assert same.confidence_intervals["accuracy"][1] < 0 < same.confidence_intervals["accuracy"][2]
    assert same.p_value > 0.05
    # The textbook's interval of a paired difference.
    right = (base.predicted == truth).astype(int), (predictions_of(truth, 0.85, 2).predicted == truth).astype(int)
    deviation = np.std(right[1] - right[0]) / np.sqrt(1000)
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_samples_without_any_label_have_an_f1_of_nought():
    truth = np.zeros((5, 2), bool)
    truth[0, 0] = True  # a third of the samples do not have this text
    known, probabilities = ("test", np.arange(5), ["a"] * 5, truth), np.full((5, 2), 0.1)
    first = Predictions(*known, np.zeros((5, 2), bool), probabilities)
    other = Predictions(*known, truth, probabilities)
    assert difference(first, other).confidence_intervals["f1_macro"] == (1.0, 0.0, 1.0)


def test_figures_are_those_of_the_runs(finished_runs, here):
    for number in (1, 2):
        shutil.copytree(finished_runs / "runs/toy_topics", here / "runs" / f"run{number}")
    changed = RunFolder("runs/run2")
    labels = json.loads((changed.classifier / "labels.json").read_text())
    assert labels["decision"] == {}
    rewrite_config(changed, changed.config.read_text().replace("epochs: 2", "epochs: 3"))
    compared = compare(["run1", "run2"])
    metrics = changed.read_metrics()["test"]
    for found in compared.metrics:
        assert found["accuracy"] == pytest.approx(metrics["accuracy"])
        assert found["f1_macro"] == pytest.approx(metrics["f1_macro"], abs=1e-6)
        assert found["log_loss"] == pytest.approx(metrics["log_loss"], abs=1e-4)
    assert compared.settings == {"training.epochs": [2, 3]}
    assert (compared.different, compared.differences[0].p_value) == (0, 1.0)
    assert compared.differences[0].confidence_intervals["accuracy"] == (0, 0, 0)
    write_comparison(compared, here / "compared.html")
    [data] = re.findall(r'id="data">(.*?)</script>', (here / "compared.html").read_text(encoding="utf-8"))
    assert [section["title"] for section in json.loads(data)["sections"]] == ["Scores", "Settings"]


def test_settings_that_only_one_has():
    configs = [load_config({"data": {"train": "a.csv"}, "model": {"architecture": name}}) for name in ("cnn", "lstm")]
    found = differing_settings(configs)
    assert found["model.architecture"] == ["cnn", "lstm"]
    assert found["model.units"] == [None, 64]
    assert "data.train" not in found


def test_runs_without_a_classifier_are_not_compared(here):
    create_run("unfinished", "toy", {})
    with pytest.raises(RunError, match=r"To continue it: textclf resume runs/unfinished$"):
        compare(["unfinished", "unfinished"])


def test_on_the_command_line(with_runs, textclf_command):
    shutil.copytree("runs/toy_en", "runs/again")
    finished = textclf_command("compare", "toy_en", "again", "--output", "compared.html")
    assert finished.returncode == 0, finished.stderr.decode()
    assert "accuracy +0.0000 (+0.0000 to +0.0000)" in finished.stdout.decode()
    assert (with_runs / "compared.html").exists()


def test_runs_on_other_texts_are_not_compared(with_runs, textclf_command):
    finished = textclf_command("compare", "toy_en", "toy_zh")
    assert finished.returncode == 1
    assert "evaluated on the same texts and labels as runs/toy_en" in finished.stderr.decode()
    with pytest.raises(RunError, match="at least two runs"):
        compare(["toy_en"])


@pytest.fixture
def retrained(workplace):
    """The runs `old`, and `new` of further rows with a further label, beside these rows in more.csv."""
    with Path("data/toy_en/train.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    more = [[f"{thing} number {number}", "neutral"] for number in range(15) for thing in ("a table", "one chair")]
    for name, content in (("all.csv", rows + more), ("more.csv", rows[:60] + more)):
        write_rows(name, content)
    for name, train in (("old", "data/toy_en/train.csv"), ("new", "all.csv")):
        textclf.train({"data": {"train": train, "test": "data/toy_en/test.csv"}, **LINEAR}, run=name)


def test_runs_may_have_different_labels(retrained):
    compared = compare(["old", "new"])
    for name, found in zip(compared.names, compared.metrics, strict=True):
        metrics = RunFolder(f"runs/{name}").read_metrics()["test"]
        assert found == pytest.approx({"accuracy": metrics["accuracy"], "f1_macro": metrics["f1_macro"]})
    assert list(compared.differences[0].confidence_intervals) == ["accuracy", "f1_macro"]
    assert compared.note == "old has no label 'neutral'; log loss needs the same labels, and is left out"
    assert compared.titles == ["accuracy", "F1 macro"]
    assert "log loss" not in compared._repr_html_()
    assert compare(["new", "old"]).metrics[1] == pytest.approx(compared.metrics[0])


def test_runs_are_compared_on_a_file(retrained):
    compared = compare(["old", "new"], "more.csv")
    assert (compared.split, compared.texts) == ("more.csv", 89)
    for name, found in zip(compared.names, compared.metrics, strict=True):
        metrics = textclf.evaluate(name, "more.csv")
        assert found == pytest.approx({"accuracy": metrics["accuracy"], "f1_macro": metrics["f1_macro"]})
    first, other = compared.metrics
    assert first["accuracy"] < other["accuracy"]
    assert compared.differences[0].p_value < 0.05
    same = compare(["old", "old"], "data/toy_en/test.csv")
    assert same.note is None
    assert same.metrics[0] == pytest.approx(compare(["old", "old"]).metrics[0], abs=1e-5)
    with pytest.raises(DataError, match=r"^more\.csv: .*, got 'neutral' in row 60"):
        compare(["old", "old"], "more.csv")


def test_a_file_on_the_command_line(retrained, textclf_main):
    Path("renamed.csv").write_text(Path("more.csv").read_text().replace("text,label", "body,kind"))
    columns = ("--text-column", "body", "--label-column", "kind")
    finished = textclf_main("compare", "old", "new", "--data", "renamed.csv", *columns, "--output", "compared.html")
    assert finished.code == 0, finished.stderr
    assert "old has no label 'neutral'" in finished.stdout
    assert "new minus old, 89 texts of renamed.csv" in finished.stdout
    assert "old has no label" in Path("compared.html").read_text(encoding="utf-8")
    refused = textclf_main("compare", "old", "new", *columns)
    assert refused.code == 2
    assert "those of --data FILE" in refused.stderr
