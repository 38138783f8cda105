"""Run folders: how they are named and finished, and what run.json says."""

import datetime
import errno
import json
import re
from pathlib import Path

import pytest

from tests.core.finished_run import finished_run
from textclf.core.errors import RunError, WriteError
from textclf.core.find_run import find_classifier, find_run, run_names
from textclf.core.run_folder import RunFolder, create_run

pytestmark = pytest.mark.usefixtures("here")


# Creating


def test_name_is_the_date_and_the_config_and_a_number_if_taken():
    names = [create_run(None, "toy_中文", {}).path for _ in range(3)]
    assert re.fullmatch(r"runs/\d{4}-\d{2}-\d{2}-toy_中文", str(names[0]))
    assert [str(name) for name in names[1:]] == [f"{names[0]}-2", f"{names[0]}-3"]


def test_new_run_says_that_it_is_running():
    run = create_run("mine", "toy", {"seed": 3})
    assert run.path == Path("runs/mine")
    assert json.loads(run.metadata.read_text()) == {"format_version": 1, "status": "running", "seed": 3}
    assert run.checkpoints.is_dir()


def test_taken_name_is_refused_and_the_run_left_alone():
    create_run("mine", "toy", {"seed": 3})
    with pytest.raises(RunError, match=r"^runs/mine: a run of this name exists\."):
        create_run("mine", "toy", {})
    assert find_run("mine").read_metadata()["seed"] == 3
    assert run_names() == ["mine"]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "../x", "a/b", "a/", "/a", "latest", ".hidden", "~a"])
def test_name_that_is_no_folder_below_runs_is_refused(name, here):
    with pytest.raises(RunError) as caught:
        create_run(name, "toy", {})
    assert str(caught.value).startswith(f"--run: expected a name for a folder below runs/, got '{name}'. Choose")
    assert list(here.iterdir()) == []


def test_a_name_in_other_bytes_than_utf_8_is_refused_and_that_of_a_config_replaced():
    with pytest.raises(RunError, match=r"^--run: expected a name in UTF-8, got 'a\\udcff'\.$"):
        create_run("a\udcff", "toy", {})
    assert create_run(None, "a\udcffb", {}).path.name.endswith("-a_b")


def test_a_name_may_be_as_long_as_the_disk_allows():
    assert create_run("中" * 85, "toy", {}).metadata.exists()


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_name_that_the_disk_refuses_is_said(name):
    with pytest.raises(WriteError, match="cannot be written"):
        create_run(name, "toy", {})


def test_file_in_place_of_runs_is_said(here):
    (here / "runs").touch()
    for name in ("mine", None):
        with pytest.raises(RunError, match=r"^runs: expected a folder for runs, but a file is in its place"):
            create_run(name, "toy", {})


def test_a_run_is_there_whole_or_not_at_all(here):
    def fill(run):
        run.config.write_text("seed: 1")
        assert not (here / "runs" / "mine").exists()
        raise WriteError("the disk is full")

    with pytest.raises(WriteError, match="the disk is full"):
        create_run("mine", "toy", {}, fill)
    assert list((here / "runs").iterdir()) == []


# Finishing


def test_a_finished_run_says_so_and_when():
    run = create_run("mine", "toy", {"seed": 3})
    before = datetime.datetime.now().astimezone()
    run.finish(seconds=4)
    metadata = run.read_metadata()
    finished = datetime.datetime.fromisoformat(metadata.pop("finished"))
    assert before <= finished <= datetime.datetime.now().astimezone()
    assert metadata == {"format_version": 1, "status": "finished", "seed": 3, "seconds": 4}


def test_finishing_leaves_nothing_else_behind(here):
    finished_run("first")
    finished_run("second")
    assert {path.name for path in (here / "runs").iterdir()} == {"first", "second"}


def test_finishing_removes_the_link_of_an_older_version(here):
    finished_run("first")
    (here / "runs" / "latest").symlink_to("first")
    finished_run("second")
    assert {path.name for path in (here / "runs").iterdir()} == {"first", "second"}


def test_finishing_leaves_a_real_folder_named_latest_as_it_is(here):
    (here / "runs" / "latest").mkdir(parents=True)
    (here / "runs" / "latest" / "mine.txt").touch()
    assert finished_run("first").read_metadata()["status"] == "finished"
    assert (here / "runs" / "latest" / "mine.txt").exists()


def test_a_link_that_cannot_be_removed_fails_no_run(here, monkeypatch):
    run = create_run("mine", "toy", {})
    (here / "runs" / "latest").symlink_to("older")

    def refused(path):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        run.finish()
    assert run.read_metadata()["status"] == "finished"


# What run.json says


@pytest.mark.parametrize("version", [2, 99, "1", None, 1.5])
def test_newer_format_is_refused_with_what_to_do(version):
    run = create_run("mine", "toy", {})
    run.metadata.write_text(json.dumps({"format_version": version}))
    with pytest.raises(RunError, match=f"got format {version}.*pip install --upgrade textclf-keras"):
        run.read_metadata()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"3", b'"format_version"', b"\xff", b'{"a": ' + b"[" * 10_000]
)
def test_damaged_about_is_said(content):
    run = create_run("mine", "toy", {})
    run.metadata.write_bytes(content)
    for read in (run.read_metadata, lambda: find_classifier("mine"), lambda: run.update_metadata(status="failed")):
        with pytest.raises(RunError, match=r"^runs/mine/run\.json: damaged: .* Train again\.$"):
            read()
    assert run.metadata.read_bytes() == content


def test_what_may_not_be_read_is_not_called_damaged(monkeypatch):
    run = create_run("mine", "toy", {})

    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("textclf.core.run_folder.read_untrusted", refused)
    for read, name in ((run.read_metadata, "run.json"), (run.read_metrics, "metrics.json")):
        with pytest.raises(RunError) as caught:
            read()
        assert str(caught.value) == (
            f"runs/mine/{name}: cannot be read: Permission denied. Check its permissions and the disk."
        )


def test_missing_about_is_said():
    with pytest.raises(RunError, match=r"^none: expected a run folder, but it has no run\.json\.$"):
        RunFolder("none").read_metadata()


def test_update_changes_only_what_is_named():
    run = create_run("mine", "toy", {"seed": 3})
    run.update_metadata(status="failed", error="é")
    assert run.read_metadata() == {"format_version": 1, "status": "failed", "seed": 3, "error": "é"}
