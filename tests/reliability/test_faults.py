"""What a machine does to a training: one sentence, exit code 1, and the last state is still there."""

import contextlib
import ctypes
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import textclf
from tests.reliability.killing import at_step, differences, killed, run_dying, send
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder

resource = pytest.importorskip("resource")
CAPABILITY_VERSION_3, CAP_DAC_OVERRIDE = 0x20080522, 1


def refused(code: int, errors: str, message: str) -> None:
    """One sentence and exit code 1."""
    assert code == 1, errors
    assert [line for line in errors.splitlines() if line.startswith("Error: ")] == [f"Error: {message}"]
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """This process cannot write a larger file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def may_only_write_its_own() -> Iterator[None]:
    """Permission bits hold for root too, in this thread."""
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same of the higher capabilities
    assert library.capget(header, sets) == 0
    effective = sets[0]
    sets[0] = effective & ~(1 << CAP_DAC_OVERRIDE)
    assert library.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert library.capset(header, sets) == 0


@pytest.fixture(params=["a limit on files", pytest.param("a full disk", marks=pytest.mark.slow)])
def no_room(request, interrupted, workplace, monkeypatch):
    """A block without room for the state of the run, what the system says, how to make room."""
    run, _ = interrupted
    size = run.last_checkpoint.stat().st_size
    if request.param == "a limit on files":
        yield files_of_at_most(size - 1), "File too large", lambda: None
        return
    disk = workplace / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("only an administrator may make a small disk")
    try:
        shutil.copytree("runs", disk / "runs")
        (disk / "data").symlink_to(workplace / "data")
        monkeypatch.chdir(disk)
        room = shutil.disk_usage(disk).free - size + 10_000
        Path("filler").write_bytes(bytes(room))
        yield contextlib.nullcontext(), "No space left on device", Path("filler").unlink
    finally:
        monkeypatch.chdir(workplace)
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_without_room_the_last_state_stays_and_with_room_it_goes_on(no_room, stopped, textclf_main):
    without_room, reason, make_room = no_room
    state = Path("runs/r/checkpoints/last.npz")
    before = state.read_bytes()
    with without_room:
        finished = textclf_main("resume", "r")
    refused(finished.code, finished.stderr, f"{state}: cannot be written: {reason}.")
    assert state.read_bytes() == before
    assert not list(Path("runs/r").rglob("*.partial"))
    make_room()
    assert textclf.resume("r").read_metadata()["status"] == "finished"
    assert "error" not in RunFolder("runs/r").read_metadata()


def test_a_folder_that_may_not_be_written(interrupted, textclf_main):
    run, _ = interrupted
    before = run.last_checkpoint.read_bytes()
    run.checkpoints.chmod(0o555)
    with may_only_write_its_own():
        finished = textclf_main("resume", "r")
    refused(finished.code, finished.stderr, "runs/r/checkpoints/best.npz: cannot be written: Permission denied.")
    run.checkpoints.chmod(0o755)
    assert run.last_checkpoint.read_bytes() == before
    Path("runs").chmod(0o555)
    with may_only_write_its_own():
        finished = textclf_main("train", "configs/toy_en.yaml", "--run", "new")
    Path("runs").chmod(0o755)
    refused(finished.code, finished.stderr, "runs/new: cannot be written: Permission denied.")
    assert {path.name for path in Path("runs").iterdir()} == {"r", ".cache"}


def test_a_folder_that_is_removed_during_the_training(interrupted, monkeypatch):
    run, _ = interrupted
    at_step(monkeypatch, 3, lambda: shutil.rmtree(run.path))
    with pytest.raises(RunError, match=r"^runs/r: the folder was removed during training\. Train again\.$"):
        textclf.resume("r")
    assert not run.path.exists()


def test_killed_within_the_writing_of_the_cache(interrupted):
    _, config = interrupted
    whole = textclf.train(config, run="whole")
    shutil.rmtree("runs/.cache")
    assert killed(run_dying({"cache": 2}, "resume", "r"))
    assert [path.suffix for path in Path("runs/.cache").iterdir()] == [".partial"]
    assert differences(whole.path, textclf.resume("r").path) == []


def test_sigterm_ends_the_program_with_143(interrupted, monkeypatch, textclf_main):
    at_step(monkeypatch, 2, send(signal.SIGTERM))
    finished = textclf_main("resume", "r")
    errors = finished.stderr
    assert finished.code == 143, errors
    assert (
        "Warning: interrupted: runs/r is not finished. To continue: textclf resume runs/r\n\nInterrupted.\n" in errors
    )
    assert "Traceback" not in errors
