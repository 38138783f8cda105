"""Shards on a real cluster of Ray with two nodes: also if a node, or the driver, is killed in the middle."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import textclf

pytestmark = pytest.mark.slow
ROWS, SHARD = 60_000, 2_000
WAIT = 240  # seconds that a test waits for a shard


@pytest.fixture
def cluster():
    """Two nodes with a core each, whose processes find this textclf."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.second = made.add_node(num_cpus=1)
    yield made
    made.shutdown()


@pytest.fixture
def start(with_runs, cluster):
    """Start the command on the cluster."""
    texts = [f"a wonderful film {number % 977} " + "and so on " * (number % 7) for number in range(ROWS)]
    pq.write_table(pa.table({"id": range(ROWS), "text": texts}), "table.parquet", row_group_size=SHARD)

    def started():
        command = ["predict", "--run", "toy_en", "--file", "table.parquet", "--keep", "id", "--output", "answers/"]
        return subprocess.Popen(
            [sys.executable, "-m", "textclf", *command, "--cluster", cluster.address], stderr=subprocess.PIPE, text=True
        )

    yield started
    found = pa.concat_tables(pq.read_table(path) for path in sorted(Path("answers").glob("part-*")))
    assert found["id"].to_pylist() == list(range(ROWS))
    assert found["label"].to_pylist() == textclf.load("toy_en").predict(texts)
    assert not list(Path("answers").glob(".*partial"))


def wait_for_shards(number, process):
    for _ in range(WAIT * 10):
        if len(list(Path("answers").glob("part-*"))) >= number or process.poll() is not None:
            return
        time.sleep(0.1)
    raise TimeoutError


def test_two_nodes(start):
    process = start()
    assert process.wait(WAIT) == 0
    assert f"predicted {ROWS:,} rows in {ROWS // SHARD} shards; answers/: all" in process.stderr.read()


def test_a_node_is_killed(start, cluster):
    process = start()
    wait_for_shards(3, process)
    cluster.remove_node(cluster.second, allow_graceful=False)
    assert process.wait(WAIT) == 0


def test_the_driver_is_killed_and_started_again(start):
    process = start()
    wait_for_shards(3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process = start()
    assert process.wait(WAIT) == 0
    assert "answers/: all 30 shards" in process.stderr.read()
