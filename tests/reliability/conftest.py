"""A training that was interrupted: what all kinds of faults then happen to."""

import shutil
import signal
from pathlib import Path

import pytest

import textclf
from tests.conftest import TINY
from tests.reliability.killing import at_step, send
from textclf.core.run_folder import RunFolder
from textclf.core.signals import Interrupted

DATA = {"train": "data/toy_en/train.csv", "test": "data/toy_en/test.csv"}


@pytest.fixture(scope="session")
def stopped(tmp_path_factory, root) -> Path:
    """A folder in which SIGTERM has ended a run of 13 steps an epoch after its step 5. Read it, never write into it."""
    folder = tmp_path_factory.mktemp("stopped")
    (folder / "data").symlink_to(root / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        at_step(patch, 5, send(signal.SIGTERM))
        with pytest.raises(Interrupted):
            textclf.train({"data": DATA, **TINY}, run="r")
    return folder


@pytest.fixture
def interrupted(stopped, workplace) -> tuple[RunFolder, dict]:
    """A copy of that run in the working directory, and its config."""
    shutil.copytree(stopped / "runs", workplace / "runs")
    return RunFolder("runs/r"), {"data": dict(DATA), **TINY}
