"""Two processes of TF_CONFIG: they fit what one fits, one writes the run, and if one ends, both can go on."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, TOY_EN
from tests.reliability.killing import differences
from textclf.core.run_folder import RunFolder
from textclf.models.checkpoints import load_checkpoint

pytestmark = pytest.mark.slow
DYING = ROOT / "tests" / "reliability" / "dying.py"
LOST = "another process of TF_CONFIG has ended"
MODELS = {
    "lstm": {"model": {"architecture": "lstm", "embedding_dim": 8, "units": 8, "dropout": 0.0}},
    "cnn": {"model": {"architecture": "cnn", "embedding_dim": 8, "dropout": 0.0}},
    "ngrams": {
        "model": {"architecture": "ngrams", "dropout": 0.0},
        "training": {"optimizer": "adagrad", "learning_rate": 0.1},
    },
}
# 396 texts are 25 batches, the last of which has 12 texts.
STEPS = {"epochs": 4, "batch_size": 16, "early_stopping": None, "checkpoint_steps": 10}


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(place: Path, config: dict, number: int, ports: list[int], plan: dict) -> subprocess.Popen:
    """One process of two, in a folder of its own: only the first one has a name for the run."""
    folder = place / f"process-{number}"
    folder.mkdir(exist_ok=True)
    if not (folder / "data").exists():
        (folder / "data").symlink_to(ROOT / "data")
    (folder / "config.json").write_text(json.dumps(config))
    cluster = {"cluster": {"worker": [f"127.0.0.1:{port}" for port in ports]}, "task": {"type": "worker"}}
    cluster["task"]["index"] = number
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environment = {**os.environ, **threads, "TF_CONFIG": json.dumps(cluster)}
    command = [sys.executable, str(DYING), json.dumps(plan), "train", "config.json"]
    named = [*command, "--run", "r"] if number == 0 else command
    return subprocess.Popen(named, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def train_in_two(place: Path, config: dict, plans=({}, {})) -> tuple[list[int], list[str]]:
    """Exit codes and messages of both processes. The first one has the run `r`."""
    ports = free_ports(2)
    running = [start(place, config, number, ports, plan) for number, plan in enumerate(plans)]
    messages = [process.communicate(timeout=900)[0].decode() for process in running]
    return [process.returncode for process in running], messages


def run_of(place: Path) -> RunFolder:
    return RunFolder(place / "process-0" / "runs" / "r")


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_fit_what_one_fits(name, workplace):
    import textclf

    data = {**TOY_EN, "unlabelled": "data/toy_topics/train.csv"}
    config = {"data": data, "targets": {"class_weights": {"positive": 3}}, **MODELS[name]}
    config["training"] = {**STEPS, **config.get("training", {})}
    codes, messages = train_in_two(workplace, config)
    assert codes == [0, 0], messages
    assert "the first process writes the run" in messages[1]
    assert [path.name for path in (workplace / "process-1" / "runs").iterdir()] == [".cache"]
    alone, together = textclf.train(config, run="alone"), run_of(workplace)
    (_, one), (_, two) = (load_checkpoint(run.last_checkpoint) for run in (alone, together))
    assert two["optimizer/000/" + config["training"].get("optimizer", "adam") + "/iteration"] == 100
    weights = [array for array in one if array.startswith("model/")]
    for place, weight in zip(weights, [array for array in two if array.startswith("model/")], strict=True):
        np.testing.assert_allclose(two[weight], one[place], rtol=0, atol=1e-5)
    assert together.read_metrics()["test"]["log_loss"] == pytest.approx(alone.read_metrics()["test"]["log_loss"], 1e-4)


@pytest.mark.parametrize("killed", [0, 1])
def test_if_one_is_killed_both_go_on_from_the_last_state(killed, workplace):
    config = {
        "data": TOY_EN,
        "model": {"architecture": "cnn", "embedding_dim": 8, "filters": 8, "widths": [2], "dropout": 0.3},
        "training": {**STEPS, "epochs": 2, "ema_decay": 0.9, "weight_decay": 0.1, "refit": True},
    }
    whole, broken = workplace / "whole", workplace / "broken"
    whole.mkdir()
    broken.mkdir()
    assert train_in_two(whole, config)[0] == [0, 0]
    # A plan with steps makes one step a call, and the first process decides for both.
    codes, messages = train_in_two(broken, config, [{"steps": 38 if number == killed else 1000} for number in (0, 1)])
    assert codes[killed] == -signal.SIGKILL
    assert codes[1 - killed] == 1
    assert LOST in messages[1 - killed]
    assert "Traceback" not in messages[1 - killed]
    codes, messages = train_in_two(broken, config)
    assert codes == [0, 0], messages
    assert all("resumed at step 35 of 50" in message for message in messages)
    assert differences(run_of(whole).path, run_of(broken).path) == []
