"""The lock of a run: held by one process at a time, and released when that process dies."""

import errno
import subprocess
import sys

import filelock
import pytest

from tests.conftest import ROOT
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.training.locking import LOCK, is_locked, run_lock

HOLD = """
import sys
from textclf.core.run_folder import RunFolder
from textclf.training.locking import run_lock
with run_lock(RunFolder(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path)


def test_the_lock_excludes_others_and_leaves_no_file(run):
    with run_lock(run):
        assert is_locked(run)
        with pytest.raises(RunError, match="another process is training in this run"), run_lock(run):
            pass
        assert is_locked(run)
    assert not is_locked(run)
    assert list(run.path.iterdir()) == []


def test_the_lock_of_a_killed_process_is_free(run):
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"locked\n"
        assert is_locked(run)
        holder.kill()
    assert (run.path / LOCK).exists()
    assert not is_locked(run)
    with run_lock(run):
        pass
    assert list(run.path.iterdir()) == []


def test_a_lock_of_another_user_counts_as_held(run, monkeypatch):
    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    (run.path / LOCK).touch()
    monkeypatch.setattr(filelock.FileLock, "acquire", denied)
    assert is_locked(run)
    with pytest.raises(RunError, match="cannot lock the run: Permission denied"), run_lock(run):
        pass


def test_a_link_in_place_of_the_lock_file_is_not_followed(run, tmp_path_factory):
    target = tmp_path_factory.mktemp("elsewhere") / "file"
    (run.path / LOCK).symlink_to(target)
    with run_lock(run):
        pass
    assert not target.exists()
