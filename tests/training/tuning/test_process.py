"""The process of a trial: its result, or why there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from textclf.config.config import load_config
from textclf.training.training_run import new_run
from textclf.training.tuning.process import finish_process, start_process
from textclf.training.tuning.trial import Task


@pytest.fixture
def task(workplace, tiny_config):
    def make(seconds=None, **changes):
        folder = new_run(load_config(tiny_config(**changes)), "test", "trial", "trial")
        return Task(str(folder.path), "loss", largest=None, curves=[], seconds=seconds)

    return make


def ended(task):
    return finish_process(start_process(task, Path.cwd()), task, Path.cwd())


def test_a_process_that_takes_too_long_is_stopped(task):
    entries = ended(task(seconds=0))  # no process ends at once
    assert entries == {"state": "stopped", "error": "it took more than 0 s", "seconds": 0}


def test_a_process_that_cannot_train_says_why(task):
    Path("moved.csv").write_bytes(Path("data/toy_en/train.csv").read_bytes())
    begun = task(data={"train": "moved.csv"})
    Path("moved.csv").unlink()
    process = start_process(begun, Path.cwd())
    entries = finish_process(process, begun, Path.cwd())
    assert process.returncode == 0
    assert entries["state"] == "failed"
    assert "moved.csv" in entries["error"]


def test_a_process_that_crashes_says_why(task):
    entries = ended(replace(task(), folds="two"))
    assert entries["error"].startswith("TypeError: ")
    assert entries["seconds"] > 0
