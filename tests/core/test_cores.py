"""Threads follow the affinity of the process and the quota of its container, and a limit that a caller sets."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from textclf.core.cores import cpu_quota, limited_threads, num_threads

V1 = {"cpu.cfs_quota_us": "150000\n", "cpu.cfs_period_us": "100000\n"}


def groups(tmp_path, own, files):
    """A file that says which groups the process is in, and the files of these groups."""
    for name, content in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "own").write_text(own)
    return tmp_path / "cgroup", tmp_path / "own"


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a/b\n", {"cpu.max": "max 100000", "a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000", "a/b/cpu.max": "100000 100000"}, 1.0),
        ("0::/../elsewhere\n", {"cpu.max": "300000 100000"}, 3.0),
        ("4:memory:/x\n1:cpu,cpuacct:/\n", {f"cpu,cpuacct/{name}": text for name, text in V1.items()}, 1.5),
        ("1:cpu,cpuacct:/docker/1\n", {f"cpu/{name}": text for name, text in V1.items()}, 1.5),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("0::/\n", {"cpu.max": "nonsense\n"}, None),
        ("", {}, None),
    ],
)
def test_quotas_of_control_groups(tmp_path, own, files, expected):
    assert cpu_quota(*groups(tmp_path, own, files)) == expected


def test_without_control_groups(tmp_path):
    assert cpu_quota(tmp_path / "none", tmp_path / "neither") is None


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not pin processes")
def test_a_pinned_process_starts_one_thread():
    script = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from textclf.core.cores import *"
    finished = subprocess.run(
        [sys.executable, "-c", f"{script}; print(num_threads())"], capture_output=True, text=True, check=True
    )
    assert finished.stdout == "1\n"


def test_a_limit_holds_within_its_block_and_its_thread():
    before = num_threads()
    with limited_threads(before + 3):
        assert num_threads() == before + 3
        with limited_threads(None):
            assert num_threads() == before + 3
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(num_threads).result() == before
    assert num_threads() == before
