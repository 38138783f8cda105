"""Folds: every text is answered for once, by a classifier that has not seen it."""

import csv
import json
import statistics

import numpy as np
import pytest

from tests.conftest import LINEAR, write_colours
from tests.csv_files import read_rows, write_rows
from textclf.config.run_config import read_run_config
from textclf.core.errors import DataError
from textclf.core.find_run import latest_run
from textclf.core.run_folder import RunFolder
from textclf.training.cross_validation import _write_predictions, cross_validate, fold_of


def write_texts(path, counts, copies=1):
    rows = [(f"{label} text {number}", label) for label, count in counts.items() for number in range(count)]
    path.write_text("\n".join(["text,label", *(f"{text},{label}" for text, label in rows * copies)]), encoding="utf-8")


def test_every_text_is_answered_for_once_by_a_classifier_that_has_not_seen_it(workplace):
    write_texts(workplace / "a.csv", {"x": 12, "y": 24}, copies=2)
    run = cross_validate({"data": {"train": "a.csv", "validation": 0.2}, **LINEAR}, folds=3, run="r")
    answers = read_rows(run.predictions)
    assert sorted(int(answer["row"]) for answer in answers) == list(range(1, 73))
    for number in (1, 2, 3):
        fold = fold_of(run, number)
        assert read_run_config(fold).data.train == "a.csv"
        splits = {name: {line["row"] for line in read_rows(fold.splits) if line["split"] == name} for name in SPLITS}
        assert sum(map(len, splits.values())) == len(set.union(*splits.values())) == 72
        mine = [answer for answer in answers if answer["fold"] == str(number)]
        assert {answer["row"] for answer in mine} == splits["test"]
        assert 20 <= len(mine) <= 28
        assert 6 <= sum(answer["label"] == "x" for answer in mine) <= 10
        # identical texts are in one part
        assert len({answer["text"] for answer in mine} & {a["text"] for a in answers if a not in mine}) == 0
    metrics = json.loads(run.metrics.read_text())
    of_folds = [json.loads(fold_of(run, number).metrics.read_text())["test"]["accuracy"] for number in (1, 2, 3)]
    assert metrics["by_fold"]["accuracy"] == of_folds
    assert metrics["mean"]["accuracy"] == statistics.mean(of_folds)
    assert metrics["deviation"]["accuracy"] == pytest.approx(np.std(of_folds, ddof=1))
    assert run.read_metadata()["status"] == "finished"
    assert latest_run() is None


SPLITS = ("train", "validation", "test")


def test_texts_with_several_labels_and_a_validation_file(workplace):
    path = write_colours(workplace / "colours.csv")
    run = cross_validate({"data": {"train": path, "validation": path}, **LINEAR}, folds=2, run="r")
    assert {line["split"] for line in read_rows(fold_of(run, 1).splits)} == set(SPLITS)
    assert "f1_macro" in json.loads(run.metrics.read_text())["mean"]


@pytest.mark.parametrize(
    ("folds", "counts"),
    [
        (2, {"x": 12, "y": 9, "rare": 3}),
        (4, {"x": 12, "y": 9, "rare": 3}),
        (2, {"x": 12, "rare": 1}),
        pytest.param(4, {"x": 12, "rare": 1}, marks=pytest.mark.slow),
        pytest.param(2, {"x": 12, "y": 9, "rare": 1}, marks=pytest.mark.slow),
        pytest.param(4, {"x": 12, "y": 9, "rare": 1}, marks=pytest.mark.slow),
    ],
)
def test_labels_with_fewer_rows_than_folds_are_a_warning(workplace, folds, counts, caplog):
    write_texts(workplace / "a.csv", counts)
    run = cross_validate({"data": {"train": "a.csv", "validation": 0.3}, **LINEAR}, folds=folds, run="r")
    answers = read_rows(run.predictions)
    assert sorted(int(answer["row"]) for answer in answers) == list(range(1, sum(counts.values()) + 1))
    assert sum(answer["label"] == "rare" for answer in answers) == counts["rare"]
    warned = f"fewer rows than the {folds} folds of 'rare' ({counts['rare']})"
    assert (warned in caplog.text) == (counts["rare"] < folds)
    assert "single row of" not in caplog.text.replace("a single row has not", "")


def test_inner_folds_that_the_texts_of_a_fold_are_too_few_for(workplace):
    write_texts(workplace / "a.csv", {"x": 6, "y": 6})
    config = {"data": {"train": "a.csv", "validation": 0.5}, **LINEAR}
    config["training"] = {**LINEAR["training"], "refit": True, "inner_folds": 7}
    with pytest.raises(DataError, match=r"training\.inner_folds: expected fewer than 7 folds"):
        cross_validate(config, folds=2, run="r")
    assert not RunFolder("runs").path.exists()


def test_a_text_of_any_length_is_among_the_answers(tmp_path):
    run, text = RunFolder(tmp_path), "long " * 100_000
    for number in (1, 2):
        fold = fold_of(run, number)
        fold.path.mkdir()
        write_rows(fold.predictions, [["row", "text"], [number, text]])
    _write_predictions(run, 2)
    with run.predictions.open(newline="") as stream:
        assert list(csv.reader(stream)) == [["fold", "row", "text"], ["1", "1", text], ["2", "2", text]]
