"""What is read of predictions.csv: some rows of all parts of the file, and what the classifier has predicted."""

import csv
from pathlib import Path

import numpy as np
import pytest

import textclf
from tests.csv_files import write_rows
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.evaluation import predictions_file
from textclf.evaluation.predictions_file import read_predictions
from textclf.inference.decisions import Decision


@pytest.fixture
def rewritten(with_runs):
    """A function that reads the predictions of a run after changing its lines."""
    run, classifier = RunFolder("runs/toy_en"), textclf.load("toy_en")

    def read(change=lambda lines: lines, **options):
        with run.predictions.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        write_rows(run.predictions, [header, *change(lines)])
        return read_predictions(run, classifier, **options)

    read.classifier = classifier
    return read


@pytest.mark.parametrize(
    "order", [lambda lines: sorted(lines, key=lambda line: line[2]), lambda lines: lines * 20], ids=["sorted", "longer"]
)
def test_a_sample_is_of_the_whole_file(rewritten, order, monkeypatch):
    whole = rewritten(order, most_rows=None)
    half = rewritten(most_rows=len(whole) // 2)
    assert len(half) == len(whole) // 2
    assert abs(half.truth.mean() - whole.truth.mean()) < 0.15
    assert half.rows[-1] in whole.rows[-len(whole) // 4 :]
    monkeypatch.setattr(predictions_file, "BLOCK_BYTES", 2000)  # many blocks
    again = rewritten(most_rows=len(whole) // 2)
    np.testing.assert_array_equal(again.rows, half.rows)
    np.testing.assert_array_equal(again.probabilities, half.probabilities)
    assert again.texts == half.texts


def test_a_sample_of_as_many_rows_is_the_whole_file(rewritten):
    whole = rewritten()
    assert rewritten(most_rows=len(whole)).rows.tolist() == whole.rows.tolist()


def test_a_text_may_be_as_long_as_the_file(rewritten):
    long = "word " * 20_000
    assert rewritten(lambda lines: [[line[0], long, *line[2:]] for line in lines[:1]]).texts == [long]


@pytest.mark.parametrize("values", [("-0.5", "0.5"), ("0.5", "1.5"), ("nan", "0.5")])
def test_probabilities_that_are_none_are_damage(rewritten, values):
    with pytest.raises(RunError, match="damaged: the probabilities are not all between 0 and 1"):
        rewritten(lambda lines: [*lines[:-1], [*lines[-1][:5], *values]])


def test_two_runs_have_the_same_texts_in_their_samples(rewritten):
    first = rewritten(most_rows=10)
    other = rewritten(lambda lines: [[*line[:5], "0.123456", "0.876544"] for line in lines], most_rows=10)
    assert first.texts == other.texts
    assert first.rows.tolist() == sorted(first.rows)


def test_the_prediction_is_that_of_the_file(rewritten):
    found = rewritten(lambda lines: [[*line[:3], "negative", "", "0.500000", "0.500000"] for line in lines])
    assert not found.predicted.any()
    found = rewritten(lambda lines: [[*line[:3], "positive", "", "0.500000", "0.500000"] for line in lines])
    assert found.predicted.all()


def test_where_it_abstains_the_prediction_is_the_most_probable_label(rewritten):
    rewritten.classifier.decision = Decision(abstain_below=0.9)
    found = rewritten(lambda lines: [[*line[:3], "", "", "0.400000", "0.600000"] for line in lines])
    assert found.predicted.all()


@pytest.mark.parametrize(("column", "value"), [(2, ""), (2, "good"), (3, "good")])
def test_labels_that_no_classifier_wrote_are_damage(rewritten, column, value):
    def damaged(lines):
        lines[4][column] = value
        return lines

    with pytest.raises(RunError, match=rf"^{Path('runs/toy_en/predictions.csv')}: damaged: .*got '{value}' in row"):
        rewritten(damaged)


def test_texts_without_a_label_are_none_of_damage(finished_runs):
    run = RunFolder(finished_runs / "colours")
    found = read_predictions(run, textclf.load(finished_runs / "colours"))
    assert not found.truth.all()
    assert found.predicted.dtype == bool
