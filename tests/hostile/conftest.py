"""What a stranger gave, and bounds that hold whatever is in it."""

import shutil
import time
from pathlib import Path

import pytest

from tests.hostile.rejections import PACKED, with_checksums
from textclf.core.compression import gzipped
from textclf.core.run_folder import RunFolder

MOST_SECONDS, MOST_MB = 2, 500


def process_memory(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) // 1024
    return 0


@pytest.fixture
def within_bounds(tmp_path):
    """Time, memory and what lies around, before and after."""
    before = around(tmp_path)
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")  # the peak begins anew
    memory, started = process_memory("VmRSS"), time.process_time()
    yield
    assert time.process_time() - started < MOST_SECONDS
    assert process_memory("VmHWM") - memory < MOST_MB
    assert around(tmp_path) == before


def around(folder):
    """Everything beside what the stranger gave."""
    return {path for path in folder.rglob("*") if "given" not in path.parts[len(folder.parts) :][:1]}


@pytest.fixture
def classifier(finished_runs, tmp_path):
    """A copy of a classifier, for a stranger to damage."""
    return shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "given/classifier")


@pytest.fixture
def packed(classifier):
    """The same, with a compressed tokenizer in place of its tokenizer."""
    tokenizer = classifier / "tokenizer.json"
    (classifier / PACKED).write_bytes(gzipped(tokenizer.read_bytes()))
    tokenizer.unlink()
    with_checksums(classifier)
    return classifier


@pytest.fixture
def run(finished_runs, tmp_path, monkeypatch):
    """A copy of a run below `given/runs`, and the working directory two above it."""
    (tmp_path / "data").symlink_to(finished_runs / "data")
    shutil.copytree(finished_runs / "runs/toy_en", tmp_path / "given/runs/mine")
    monkeypatch.chdir(tmp_path)
    return RunFolder(tmp_path / "given/runs/mine")
