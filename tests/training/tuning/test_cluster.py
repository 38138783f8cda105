"""Trials on a real cluster of Ray with two nodes, also if one of them is killed: the same search as on one machine."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import textclf
from tests.training.tuning.test_tune import untimed
from textclf.core.errors import ConfigError

WAIT = 900  # seconds
ARGUMENTS = ["tune", "tiny.yaml", "--trials", "6", "--workers", "2"]


@pytest.mark.slow
def test_two_nodes_find_what_one_machine_finds(workplace, tiny_config):
    pytest.importorskip("ray")
    pytest.importorskip("optuna")
    from ray.cluster_utils import Cluster

    config = tiny_config("toy_topics", training={"epochs": 2})
    Path("tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "textclf", *ARGUMENTS]
    subprocess.run([*command, "--run", "here"], check=True, capture_output=True)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        second = cluster.add_node(num_cpus=1)
        on_cluster = [*command, "--cluster", cluster.address, "--run"]
        subprocess.run([*on_cluster, "nodes"], check=True, capture_output=True)
        process = subprocess.Popen([*on_cluster, "lost"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(lambda: Path("runs/lost/trials/0003").exists(), process)
        cluster.remove_node(second, allow_graceful=False)
        assert process.wait(WAIT) == 0, process.stderr.read()
    finally:
        cluster.shutdown()
    best = Path("runs/here/best.yaml").read_text()
    for name in ("nodes", "lost"):
        assert untimed(Path("runs", name)) == untimed(Path("runs/here"))
        assert Path("runs", name, "best.yaml").read_text() == best


def wait_for(condition, process):
    for _ in range(WAIT * 10):
        if condition() or process.poll() is not None:
            return
        time.sleep(0.1)
    raise TimeoutError


def test_what_a_cluster_needs_is_said_before_anything_is_written(workplace, tiny_config, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"--workers above 1"):
        textclf.tune(tiny_config(), cluster="auto")
    with pytest.raises(ConfigError, match=r"textclf-keras\[ray\]"):
        textclf.tune(tiny_config(), ["tuning.workers=2"], cluster="auto")
    assert not Path("runs").exists()
