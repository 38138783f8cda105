"""Two devices of one process: the weights, metrics and files of one device, and dropout of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, TOY_EN
from textclf.core.run_folder import RunFolder
from textclf.models.checkpoints import load_checkpoint

SCRIPT = Path(__file__).parent / "two_devices.py"
# The last of six batches has one text, so that the second device has none.
TRAINING = {"epochs": 2, "batch_size": 79, "learning_rate": 0.01, "clip_norm": 0.05, "weight_decay": 0.1}
CONFIG = {
    "data": TOY_EN,
    "targets": {"class_weights": {"positive": 3}},
    "preprocessing": {"vocabulary_size": 500, "sequence_length": 20},
    "model": {"architecture": "cnn", "embedding_dim": 4, "filters": 4, "widths": [2], "dropout": 0.0, "l2": 0.01},
    "training": {**TRAINING, "ema_decay": 0.9, "schedule": "linear", "validations_per_epoch": 2},
}
CONFIGS = {"one": CONFIG, "two": {**CONFIG, "training": {**CONFIG["training"], "devices": 2}}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, list]:
    """The folder of the runs of all configs, and the states of dropout on both devices."""
    place = tmp_path_factory.mktemp("devices")
    (place / "data").symlink_to(ROOT / "data")
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), json.dumps(CONFIGS)]
    environment = {**os.environ, **threads}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return place / "runs", json.loads(done.stdout)


def test_two_devices_fit_what_one_fits(trained):
    one, two = (RunFolder(trained[0] / name) for name in ("one", "two"))
    (_, alone), (_, together) = (load_checkpoint(run.best_checkpoint) for run in (one, two))
    assert "device: CPU" in one.log.read_text()
    assert "devices: 2 CPU, each with a share of every batch" in two.log.read_text()
    for weight, other in zip(alone.values(), together.values(), strict=True):
        np.testing.assert_allclose(other, weight, rtol=0, atol=1e-6)
    histories = [np.genfromtxt(run.history, delimiter=",", skip_header=1) for run in (one, two)]
    np.testing.assert_allclose(*histories, rtol=0, atol=1e-5)


def test_each_device_has_its_own_dropout_and_the_first_that_of_one_device(trained):
    _, (first, second) = trained
    assert first == [7, 0]
    assert second[0] != 7
    assert second[1] == 0
