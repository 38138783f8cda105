"""Predictions of several runs for the same texts: paired by row, with the labels of all runs."""

import numpy as np
import pytest

import textclf
from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.evaluation import paired
from textclf.evaluation.compare import difference
from textclf.evaluation.paired import in_labels, predictions_on, targets_of_all
from textclf.evaluation.predictions_file import Predictions


def test_the_order_of_the_labels_makes_no_difference():
    random = np.random.default_rng(0)
    truth, predicted, others = (random.integers(2, size=300) for _ in range(3))
    probabilities = random.dirichlet([1, 1], 300)
    parts = (truth, predicted, probabilities)
    turned = (1 - truth, 1 - predicted, probabilities[:, ::-1])
    again = [in_labels(values, ["no", "yes"], ["yes", "no"]) for values in turned]
    for values, expected in zip(again, parts, strict=True):
        np.testing.assert_array_equal(values, expected)
    known = ("test", np.arange(300), ["a"] * 300)
    first, same = Predictions(*known, *parts), Predictions(*known, *again)
    other = Predictions(*known, truth, others, probabilities)
    assert difference(other, first) == difference(other, same)


def test_a_label_that_a_run_lacks_is_never_predicted():
    wanted = ["a", "b", "c"]
    assert in_labels(np.array([1, 0]), ["a", "c"], wanted).tolist() == [2, 0]
    assert in_labels(np.array([[0.3, 0.7]]), ["a", "c"], wanted).tolist() == [[0.3, 0, 0.7]]
    assert in_labels(np.array([[True, False]]), ["c", "a"], wanted).tolist() == [[False, False, True]]


def test_one_label_a_text_is_not_compared_with_several(finished_runs):
    folders = [RunFolder(finished_runs / name) for name in ("runs/toy_en", "colours")]
    with pytest.raises(RunError, match=r"colours: expected labels of the same kind .* \(binary\), got multilabel\."):
        targets_of_all(folders, [textclf.load(folder) for folder in folders])


def test_of_a_large_file_every_run_has_the_same_sample(with_runs, monkeypatch):
    monkeypatch.setattr(paired, "MOST_ROWS", 30)
    classifiers = [textclf.load("toy_en")] * 2
    first, other = predictions_on("data/toy_en/test.csv", classifiers, classifiers[0].targets, {}, {})
    assert len(first) == len({*first.rows}) == 30
    assert first.texts == other.texts


def test_other_columns_of_labels_are_refused(with_runs):
    classifiers = [textclf.load("toy_en"), textclf.load("toy_en")]
    (with_runs / "new.csv").write_text("text,label,other\na,positive,negative\nb,negative,negative\n", encoding="utf-8")
    classifiers[1].metadata["label_column"] = "other"
    with pytest.raises(DataError, match=r"^new.csv: expected the same labels for all runs\. .*--label-column"):
        predictions_on("new.csv", classifiers, classifiers[0].targets, {}, {})
