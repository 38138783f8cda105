"""Trainings with `data.unlabelled`: each kind learns from these texts, and nothing else sees them."""

import signal
from pathlib import Path

import numpy as np
import pytest

import textclf
from tests.conftest import LINEAR
from tests.csv_files import read_rows, write_rows
from tests.reliability.killing import at_step, differences, send
from textclf.config.config import load_config
from textclf.core.errors import DataError, RunError
from textclf.core.run_folder import RunFolder
from textclf.core.signals import Interrupted
from textclf.inference.classifier import load_classifier
from textclf.training import learning_rate_finder
from textclf.training.cross_validation import cross_validate, fold_of
from textclf.training.label_audit import audit
from textclf.training.learning_rate_finder import Sweep
from textclf.training.training_run import new_run
from textclf.training.tuning.trial import Task, run_trial

LABELLED = [(f"{word} text {number}", label) for number in range(12) for word, label in (("fine", "x"), ("poor", "y"))]
TEST = [("fine day 1", "x"), ("poor day 1", "y")]


@pytest.fixture(autouse=True)
def _files(here):
    write_rows("train.csv", [("text", "label"), *LABELLED])
    write_rows("test.csv", [("text", "label"), *TEST])
    write_rows("more.csv", [["text"], *([f"dull day {number}"] for number in range(5)), [TEST[0][0]], [LABELLED[0][0]]])


def config(**sections):
    data = {"train": "train.csv", "test": "test.csv", "unlabelled": "more.csv"}
    return {"data": data, "preprocessing": {"ngrams": {"min_frequency": 2}}, **LINEAR, **sections}


def learned_from(run):
    """Return the number of texts from which the n-grams of a run were learned."""
    return load_classifier(run.classifier).preprocessor.ngrams.texts


def test_a_run_learns_from_the_texts_and_evaluates_without_them(caplog):
    caplog.set_level("INFO", "textclf")
    run, before = textclf.train(config(), run="r"), textclf.train(config(), ["data.unlabelled=null"], run="before")
    assert (learned_from(run), learned_from(before)) == (22 + 5, 22)
    assert "rows: train 22, validation 2, test 2, unlabelled 5" in caplog.text
    assert "more.csv: 2 of 7 rows have the text of a labelled row and are left out (rows 6, 7)" in caplog.text
    assert {row["split"] for row in read_rows(run.splits)} == set(run.read_metrics()) == {"train", "validation", "test"}
    assert set(run.read_metadata()["data_sha256"]) == {"train.csv", "test.csv", "more.csv"}
    Path("more.csv").unlink()
    assert textclf.evaluate("r")["rows"] == 2
    assert textclf.load("r").predict(["fine day"]) == ["x"]
    textclf.write_report(run)


def test_files_that_cannot_be_used_are_an_error_before_there_is_a_run():
    for train in (textclf.train, lambda *given: cross_validate(*given, folds=2), learning_rate_finder.find_rates):
        with pytest.raises(DataError, match=r"train\.csv: expected texts without labels"):
            train(config(training={"epochs": 1}), ["data.unlabelled=train.csv"])
    assert not Path("runs").exists()


def test_folds_and_an_audit_learn_from_the_texts():
    run = cross_validate(config(), folds=2, run="folds")
    assert [learned_from(fold_of(run, number)) for number in (1, 2)] == [10 + 5] * 2
    assert audit(config(), folds=2, run="audit").texts == len(LABELLED)
    assert learned_from(fold_of(RunFolder("runs/audit"), 1)) == 10 + 5


def test_a_trial_learns_from_the_texts_but_those_of_the_test_file():
    given = load_config(config())
    folder = new_run(given, "test", "trial", "trial")
    run_trial(folder, given, Task(str(folder.path), "accuracy", largest=10.0, curves=[]))
    assert "test" not in folder.read_metrics()
    assert learned_from(folder) == 22 + 5


def test_the_best_config_of_a_search_learns_from_the_texts():
    pytest.importorskip("optuna")
    run = textclf.tune(config(tuning={"trials": 1}), run="found")
    assert learned_from(run) == 22 + 5
    with pytest.raises(DataError, match=r"train\.csv: expected texts without labels"):
        textclf.tune(config(), ["data.unlabelled=train.csv"], run="none")
    assert not Path("runs/none").exists()


def test_a_range_test_reads_the_texts(monkeypatch):
    tasks = []

    def sweep(member, task):
        tasks.append(task)
        return Sweep(member.name, "adam", np.ones(1), np.ones(1), None)

    monkeypatch.setattr(learning_rate_finder, "sweep", sweep)
    learning_rate_finder.find_rates(config(training={"epochs": 1}))
    assert len(tasks[0].unlabelled["ngram_ids"].lengths) == 5


def test_an_interrupted_training_resumes_with_the_same_texts_only(tiny_config, monkeypatch):
    settings = tiny_config(model={"vectors": {}}, training={"epochs": 1, "inner_folds": 2, "refit": True})
    settings["data"] = config()["data"]
    untouched = textclf.train(settings, run="untouched")
    with monkeypatch.context() as patch:
        at_step(patch, 2, send(signal.SIGINT))
        with pytest.raises(Interrupted):
            textclf.train(settings, run="r")
    content = Path("more.csv").read_bytes()
    Path("more.csv").write_bytes(content + b"dull\n")
    with pytest.raises(RunError, match=r"data_sha256\.more\.csv: was [0-9a-f]{40}, is [0-9a-f]{40}"):
        textclf.resume("r")
    Path("more.csv").write_bytes(content)
    assert differences(untouched.path, textclf.resume("r").path) == []
