"""What several tests share: toy data, tiny settings, and one run trained once."""

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import filelock
import pytest
from hypothesis import HealthCheck, settings

from textclf.core import program
from textclf.core.run_folder import RunFolder

ROOT = Path(__file__).parent.parent
# The processes that tests start import this textclf, and packages that are not installed.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers fill the cores: threads of each would only wait for each other
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
TOY_EN = {"train": "data/toy_en/train.csv", "test": "data/toy_en/test.csv"}
LSTM = {"embedding_dim": 8, "units": 8, "dropout": 0.1}
# TensorFlow takes half of the time to trace a convolution that it takes for an LSTM.
TINY = {
    "model": {"architecture": "cnn", "embedding_dim": 8, "filters": 8, "widths": [2], "dropout": 0.1},
    "preprocessing": {"vocabulary_size": 500, "sequence_length": 40},
    "training": {"epochs": 2, "learning_rate": 0.01},
}

# Without a graph to trace, such a training takes a quarter of the time: for tests that need any classifier.
LINEAR = {"model": {"architecture": "ngrams"}, "training": {"optimizer": "liblinear"}}
LEARNS = {"model": {"embedding_dim": 8, "units": 8}, "training": {"epochs": 20, "learning_rate": 0.02}}


def write_colours(path: Path, separator: str = "|") -> str:
    """Texts with none, one or two colours in them, and these as labels."""
    words = {"red": ["cherry", "blood", "rose"], "green": ["grass", "leaf", "moss"], "blue": ["sky", "sea", "ink"]}
    rows = [(f"a {filler} day", ()) for filler in range(20)]
    for label, many in words.items():
        rows += [(f"{word} {filler}", (label,)) for word in many for filler in range(10)]
        for other in words:
            if other > label:
                rows += [(f"{a} and {b}", (label, other)) for a in many for b in words[other]] * 2
    lines = [f"{text},{separator.join(labels)}" for text, labels in rows]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return path.name


def rewrite_config(run, text: str) -> None:
    """Give a run another config, with a checksum that fits, as its maker could have."""
    run.config.write_text(text)
    run.update_metadata(config_sha256=hashlib.sha256(run.config.read_bytes()).hexdigest())


def pytest_configure(config):
    """`make test` tries the same cases each time, `make test-all` others and three times as many."""
    others = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("others", others)
    settings.register_profile("the same", others, derandomize=True, max_examples=30)
    settings.load_profile("the same" if config.option.markexpr else "others")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def workplace(here) -> Path:
    """A working directory with the toy data and the configs of the repository."""
    for name in ("data", "configs"):
        (here / name).symlink_to(ROOT / name)
    return here


@pytest.fixture
def tiny_config():
    """A config that trains in less than a second; `changed` sections are merged into it."""

    def tiny(toy: str = "toy_en", **changed) -> dict:
        config = {"data": {"train": f"data/{toy}/train.csv", "test": f"data/{toy}/test.csv"}, **TINY}
        return {**config, **{section: {**config.get(section, {}), **values} for section, values in changed.items()}}

    return tiny


@pytest.fixture(scope="session")
def finished_runs(tmp_path_factory) -> Path:
    """A folder `runs` with one finished run of a tiny network on each toy set, an LSTM on toy_en. Only read it."""
    together = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # whichever worker needs them first trains for all
        together = together.parent
    with filelock.FileLock(together / "finished.lock"):
        if not (together / "finished").exists():
            (together / "unfinished").mkdir()
            train_runs(together / "unfinished")
            (together / "unfinished").rename(together / "finished")
    return together / "finished"


def train_runs(folder: Path) -> None:
    """What `finished_runs` is."""
    import textclf

    (folder / "data").symlink_to(ROOT / "data")
    before = Path.cwd()
    os.chdir(folder)
    try:
        colours = textclf.train({"data": {"train": write_colours(folder / "colours.csv")}, **LEARNS}, run="colours")
        colours.path.rename(folder / "colours")  # beside the runs
        for name in ("toy_topics", "toy_zh", "toy_en"):
            data = {"train": f"data/{name}/train.csv", "test": f"data/{name}/test.csv"}
            textclf.train({"data": data, **TINY, **({"model": LSTM} if name == "toy_en" else {})}, run=name)
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def stopped(tmp_path_factory) -> Path:
    """A folder in which SIGTERM has ended a run of 13 steps an epoch after its step 5. Read it, never write into it."""
    import textclf
    from tests.reliability.killing import at_step, send
    from textclf.core.signals import Interrupted

    folder = tmp_path_factory.mktemp("stopped")
    (folder / "data").symlink_to(ROOT / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        at_step(patch, 5, send(signal.SIGTERM))
        with pytest.raises(Interrupted):
            textclf.train({"data": TOY_EN, **TINY}, run="r")
    return folder


@pytest.fixture
def interrupted(stopped, workplace) -> tuple[RunFolder, dict]:
    """A copy of that run in the working directory, and its config."""
    shutil.copytree(stopped / "runs", workplace / "runs")
    return RunFolder("runs/r"), {"data": dict(TOY_EN), **TINY}


@pytest.fixture
def with_runs(finished_runs, workplace) -> Path:
    """A working directory of its own with copies of the finished runs."""
    shutil.copytree(finished_runs / "runs", workplace / "runs", symlinks=True)
    return workplace


@pytest.fixture(autouse=True)
def program_leaves_nothing():
    """Undo what the program sets in its process, for the tests that run it in this one."""
    logger = logging.getLogger("textclf")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    started = program.started
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)
    for number, handler in handled.items():
        signal.signal(number, handler)
    if terminal := sys.modules.get("textclf.cli.terminal"):
        terminal.ESCAPED = False
    program.started = started


class Finished(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def textclf_main(capsys):
    """Run the program in this process: a process of its own takes 3 s to import TensorFlow."""
    from textclf.cli.main import main

    def run(*arguments: str) -> Finished:
        capsys.readouterr()
        return Finished(main(arguments), *capsys.readouterr())

    return run


@pytest.fixture
def textclf_command():
    """Run the program in a process of its own, as a user does; returns the finished process."""

    def run(*arguments: str, input: bytes | None = None, python: tuple[str, ...] = (), **options):
        command = [sys.executable, *(python or ("-m", "textclf")), *arguments]
        environment = {**os.environ, "COLUMNS": "120", **options.pop("env", {})}
        return subprocess.run(
            command, input=input, capture_output=True, env=environment, timeout=600, check=False, **options
        )

    return run
