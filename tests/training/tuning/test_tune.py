"""`textclf tune` from its command to the finished run, with real trainings in processes of their own."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

import textclf
from tests.conftest import LINEAR
from textclf.cli.main import main
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, DataError, TrainingError, WriteError
from textclf.training.tuning.record import RECORD, Limits, Trial, read_record
from textclf.training.tuning.results import read_results
from textclf.training.tuning.trials import run_trials
from textclf.training.tuning.tune import none_keeps

pytest.importorskip("optuna")
UNTIMED = {"latency", "seconds", "fitting_seconds"}


def untimed(folder: Path) -> list[dict]:
    """The record without what a clock measured."""
    lines = (folder / RECORD).read_text(encoding="utf-8").splitlines()
    return [{name: value for name, value in json.loads(line).items() if name not in UNTIMED} for line in lines]


def test_a_search_ends_with_the_best_trial_as_a_run(workplace, tiny_config, capsys):
    config = tiny_config("toy_topics", training={"epochs": 1, "refit": True})
    Path("tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
    assert main(["tune", "tiny.yaml", "--trials", "2", "--run", "found"]) == 0
    printed = capsys.readouterr()
    folder = Path("runs/found")
    first, second = read_record(folder)
    assert first.values["training.learning_rate"] == 0.01
    assert second.values != first.values
    assert all(trial.score and trial.size and trial.latency and trial.metrics for trial in (first, second))
    best = min(first, second, key=lambda trial: trial.score)
    assert load_config(folder / "best.yaml").training.learning_rate == best.values["training.learning_rate"]
    assert json.loads((folder / "metrics.json").read_text())["validation"]["log_loss"] == pytest.approx(best.score)
    assert json.loads((folder / "run.json").read_text())["best_trial"] == best.number
    assert "test" in printed.out
    assert str(folder / "search.html") in printed.out
    assert textclf.load("runs/found").predict(["some text"])
    assert read_results(folder).best == best
    assert len(list((folder / "trials").glob("*/classifier"))) == 1  # only that of the best


def test_too_few_texts_for_inner_folds_are_an_error_before_the_search(workplace, tiny_config):
    config = tiny_config("toy_topics", training={"inner_folds": 10, "refit": True})
    Path("few.csv").write_text("text,label\n" + "".join(f"text {row},{row % 2}\n" for row in range(8)))
    config["data"] = {"train": "few.csv", "validation": 0.3}
    with pytest.raises(DataError, match="fewer than 10 folds"):
        textclf.tune(config, ["tuning.trials=1"], run="few")
    assert not Path("runs/few").exists()


def test_a_refit_for_which_there_is_no_time_is_skipped(workplace, tiny_config, monkeypatch, caplog):
    def slow_trials(search, *arguments):
        trials = run_trials(search, *arguments)
        object.__setattr__(search, "seconds_before", 1e6)
        return trials

    monkeypatch.setattr("textclf.training.tuning.tune.run_trials", slow_trials)
    config = tiny_config("toy_en", training={"epochs": 1, "refit": True})
    run = textclf.tune({**config, "tuning": {"trials": 1, "minutes": 60}})
    assert "skipped the refit" in caplog.text
    assert not load_config(run.path / "best.yaml").training.refit
    assert not load_config(run.config).training.refit
    assert textclf.load(run.path).predict(["some text"])


@pytest.fixture
def searched(workplace, monkeypatch) -> dict:
    """The config of a search whose only trial has already ended, so that only the best one is to be trained."""
    ended = Trial(0, "finished", {"model.dropout": 0.0}, 0.5, size=1.0, latency=1.0)
    monkeypatch.setattr("textclf.training.tuning.tune.run_trials", lambda *_: [ended])
    settings = {"model.dropout": {"from": 0.0, "to": 0.5}}
    tuning = {"trials": 1, "default_space": False, "settings": settings}
    return {"data": {"train": "data/toy_en/train.csv"}, **LINEAR, "tuning": tuning}


@pytest.mark.parametrize("go_on", [lambda config: textclf.tune(config, run="r"), lambda _: textclf.resume("r")])
def test_a_search_that_ends_after_its_best_trial_is_trained_goes_on(searched, monkeypatch, go_on):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("textclf.training.tuning.tune.write_trials", interrupted)
        with pytest.raises(KeyboardInterrupt):
            textclf.tune(searched, run="r")
    run = go_on(searched)
    assert run.read_metadata()["status"] == "finished"
    assert (run.path / "search.html").exists()


def test_a_full_disk_leaves_no_half_of_the_config(searched, monkeypatch):
    replace = Path.replace

    def full(path, target):
        if Path(target).name == "search.yaml":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(WriteError, match=r"search\.yaml: cannot be written: No space left on device"):
            textclf.tune(searched, run="r")
    assert not Path("runs/r/search.yaml").exists()
    assert textclf.resume("r").read_metadata()["status"] == "finished"


def test_a_search_whose_page_cannot_be_drawn_is_finished(searched, monkeypatch):
    def broken(*_):
        raise ValueError("expected a positive input")

    monkeypatch.setattr("textclf.training.tuning.tune.write_page", broken)
    with pytest.raises(ValueError, match="positive"):
        textclf.tune(searched, run="r")
    assert textclf.load("runs/r").predict(["some text"])


def test_faults_are_named_before_anything_is_written(workplace, tiny_config, capsys):
    with pytest.raises(ConfigError, match=r"tuning\.settings"):
        textclf.tune({**tiny_config(), "tuning": {"default_space": False}})
    Path("tiny.yaml").write_text(json.dumps(tiny_config()), encoding="utf-8")
    for arguments in (["--size", "big"], ["--minutes", "0"], ["--trials", "0"], ["--metric", "f1"], ["--folds", "1"]):
        assert main(["tune", "tiny.yaml", *arguments]) == 2
    assert main(["tune", "absent.yaml"]) == 1
    assert "absent.yaml" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_the_space_can_be_shown(workplace, capsys):
    assert main(["tune", "configs/toy_topics.yaml", "--show-space"]) == 0
    assert "model.units" in capsys.readouterr().out
    assert not Path("runs").exists()


def test_the_error_about_limits_names_the_limits_that_were_set():
    trials = [Trial(0, "finished", {}, score=0.5, size=0.03, latency=0.4), Trial(1, "too large", {}, size=2.0)]
    assert "the fastest takes 0.4 ms" in none_keeps(Limits(latency=0.1), trials)
    assert "MB" not in none_keeps(Limits(latency=0.1), trials)
    assert "the smallest has 0.03 MB" in none_keeps(Limits(size=0.01, latency=0.1), trials)


@pytest.mark.slow
def test_eight_trials_on_the_toy_topics(workplace, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workplace}/mlflow.db")
    overrides = ["tuning.trials=8", "training.epochs=4", "training.log_to=[mlflow, tensorboard]"]
    run = textclf.tune("configs/toy_topics.yaml", overrides)
    trials = read_record(run.path)
    client, parent = MlflowClient(), run.read_metadata()["mlflow_run"]
    children = client.search_runs([client.get_run(parent).info.experiment_id], "status != 'RUNNING'")
    names = {child.info.run_name for child in children if child.data.tags.get("mlflow.parentRunId") == parent}
    assert names == {f"{run.path.name}/trials/{number:04}" for number in range(8)}
    best = load_config(run.path / "best.yaml").training.learning_rate
    assert client.get_run(parent).data.params["training.learning_rate"] == str(best)
    assert len(list(run.path.glob("trials/*/tensorboard/validation"))) == 8
    assert len(trials) == 8
    assert {trial.state for trial in trials} <= {"finished", "stopped"}
    best = min(trial.score for trial in trials if trial.score is not None)
    assert best <= trials[0].score


@pytest.mark.slow
def test_folds_score_a_trial_and_give_an_honest_estimate(workplace, tiny_config):
    run = textclf.tune({**tiny_config("toy_topics"), "tuning": {"trials": 2, "folds": 2}})
    results = read_results(run.path)
    assert all(len(trial.fold_scores) == 2 for trial in results.trials)
    assert results.nested_score >= results.best.score


@pytest.mark.slow
def test_no_classifier_is_above_the_limit_of_size(workplace, tiny_config):
    config = tiny_config("toy_topics", model={"embedding_dim": 64}, training={"epochs": 1})
    run = textclf.tune({**config, "tuning": {"trials": 4, "size": 0.05}})
    trials = read_record(run.path)
    assert trials[0].state == "too large"
    size = sum(path.stat().st_size for path in run.classifier.rglob("*") if path.is_file())
    assert size <= 50_000
    with pytest.raises(TrainingError, match="limits"):
        textclf.tune({**config, "tuning": {"trials": 2, "size": 0.001}})


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_a_search_that_is_killed_ends_like_one_that_is_not(workplace, tiny_config, workers):
    config = tiny_config("toy_topics", model={"architecture": "cnn"}, training={"epochs": 2})
    Path("tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
    textclf.tune("tiny.yaml", ["tuning.trials=5", f"tuning.workers={workers}"], run="whole")
    options = ["--trials", "5", "--workers", str(workers), "--run", "killed"]
    command = [sys.executable, "-m", "textclf", "tune", "tiny.yaml", *options]
    moments = random.Random(7)
    for kill in range(10):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(moments.randint(1, 4)):  # a moment is a number of lines of the log, not of seconds
            process.stderr.readline()
        os.kill(process.pid, signal.SIGKILL if kill % 3 else signal.SIGTERM)
        process.communicate()
    if json.loads(Path("runs/killed/run.json").read_text())["status"] != "finished":
        subprocess.run(command, check=True, capture_output=True)
    assert untimed(Path("runs/killed")) == untimed(Path("runs/whole"))
    assert Path("runs/killed/best.yaml").read_text() == Path("runs/whole/best.yaml").read_text()
