"""The latest run: `latest` in place of a name, found from the `run.json` of all runs."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.core.finished_run import NOTHING_THERE, finished_run
from textclf.core.errors import RunError
from textclf.core.find_run import find_classifier, find_folder, find_run, latest_run, resolve_latest, run_names
from textclf.core.run_folder import RunFolder, create_run

HOUR = 3600
pytestmark = pytest.mark.usefixtures("here")


def trained_at(name, seconds, **metadata):
    """A run that finished so many seconds after 1970, and whose run.json was written then."""
    run = finished_run(name)
    finished = {"finished": datetime.fromtimestamp(seconds, UTC).isoformat()}
    run.metadata.write_text(json.dumps({"format_version": 1, "status": "finished", **finished, **metadata}))
    os.utime(run.metadata, (seconds, seconds))
    return run


def name_of_latest():
    return find_run(None).path.name


@pytest.mark.parametrize("find", [find_run, find_folder])
def test_latest_is_the_run_that_finished_last(find):
    first, second = create_run("first", "toy", {}), create_run("second", "toy", {})
    second.finish()
    assert Path(find(None)) == Path(find("latest")) == Path("runs/second")
    first.finish()
    assert Path(find("latest")) == Path("runs/first")


@pytest.mark.parametrize(
    "given", ["latest", "runs/latest", "./runs/latest/", "runs/../runs/latest", "{here}/runs/latest"]
)
def test_latest_may_be_given_as_a_path(here, given):
    trained_at("old", HOUR)
    trained_at("new", 2 * HOUR)
    given = given.format(here=here)
    assert find_run(given).path.resolve() == here / "runs/new"
    assert find_classifier(given).resolve() == here / "runs/new/classifier"
    assert find_run(Path(given)).path.resolve() == here / "runs/new"


def test_files_of_the_latest_run_may_be_named():
    trained_at("new", HOUR)
    assert find_folder("runs/latest/classifier") == Path("runs/new/classifier")
    assert resolve_latest("runs/latest/config.yaml") == Path("runs/new/config.yaml")


def test_a_removed_run_gives_place_to_the_one_before():
    for number, name in enumerate(["one", "two", "three"], 1):
        trained_at(name, number * HOUR)
    assert name_of_latest() == "three"
    shutil.rmtree("runs/three")
    assert name_of_latest() == "two"
    Path("runs/two").rename("runs/renamed")
    assert name_of_latest() == "renamed"
    shutil.rmtree("runs/renamed")
    shutil.rmtree("runs/one")
    with pytest.raises(RunError, match="there is none"):
        find_run(None)


def test_a_copy_does_not_win_because_it_was_written_later():
    trained_at("old", HOUR)
    trained_at("new", 2 * HOUR)
    shutil.copytree("runs/old", "runs/copy", copy_function=shutil.copy)
    assert Path("runs/copy/run.json").stat().st_mtime > 1000 * HOUR
    assert name_of_latest() == "new"


def test_copies_of_all_runs_are_in_the_order_of_the_runs(here):
    for number, name in enumerate(["a", "z", "m"], 1):
        trained_at(name, number * HOUR)
    shutil.copytree("runs", "moved", copy_function=shutil.copy)
    assert latest_run(Path("moved")).path == Path("moved/m")
    assert find_run("moved/latest").path == Path("moved/m")
    assert find_run(here / "moved" / "latest").path == here / "moved" / "m"


def test_a_clock_of_the_file_server_that_is_behind_changes_nothing():
    trained_at("first", HOUR)
    second = trained_at("second", HOUR + 5)
    os.utime(second.metadata, (HOUR - 20, HOUR - 20))
    assert name_of_latest() == "second"


def test_of_many_runs_few_files_are_read(monkeypatch):
    read, read_metadata = [], RunFolder.read_metadata
    for number in range(50):
        trained_at(f"r{number}", (number + 1) * HOUR)
    monkeypatch.setattr(RunFolder, "read_metadata", lambda run: read.append(run.path.name) or read_metadata(run))
    assert latest_run().path.name == "r49"
    assert read == ["r49"]


def test_only_finished_runs_with_a_classifier_are_the_latest():
    trained_at("done", HOUR)
    trained_at("failed", 2 * HOUR, status="failed")
    trained_at("folds", 3 * HOUR, folds=5)
    trained_at("damaged", 4 * HOUR).metadata.write_text("{")
    trained_at("newer version", 5 * HOUR, format_version=99)
    create_run("running", "toy", {})
    assert name_of_latest() == "done"


def test_runs_of_older_versions_are_ordered_by_when_they_ended():
    for name, metadata in {
        "short": {"started": "2025-03-01T10:00:00+0000", "seconds": 30},
        "long": {"started": "2025-03-01T09:00:00+0000", "seconds": 2 * HOUR},
        "resumed": {"started": "2025-01-01T09:00:00+0000", "resumed": ["2025-03-01T10:30:00+0000"], "seconds": 60},
    }.items():
        run = finished_run(name)
        run.metadata.write_text(json.dumps({"format_version": 1, "status": "finished", **metadata}))
    assert name_of_latest() == "long"
    shutil.rmtree("runs/long")
    assert name_of_latest() == "resumed"
    finished_run("new")
    assert name_of_latest() == "new"


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"finished": 3},
        {"finished": "soon"},
        {"finished": "0001-01-01"},
        {"started": 3},
        {"started": "2025-03-01", "resumed": 3},
        {"started": "2025-03-01", "seconds": "x"},
    ],
)
def test_without_usable_times_that_of_the_file_counts(metadata):
    trained_at("before", HOUR)
    run = trained_at("odd", 2 * HOUR)
    run.metadata.write_text(json.dumps({"format_version": 1, "status": "finished", **metadata}))
    os.utime(run.metadata, (2 * HOUR, 2 * HOUR))
    trained_at("after", 3 * HOUR)
    assert name_of_latest() == "after"
    shutil.rmtree("runs/after")
    assert name_of_latest() == "odd"


@pytest.mark.parametrize("target", ["old", "removed", "."])
def test_a_link_of_an_older_version_is_not_followed(target):
    trained_at("old", HOUR)
    trained_at("new", 2 * HOUR)
    Path("runs/latest").symlink_to(target)
    for run in (None, "latest", "runs/latest", Path("runs/latest").absolute()):
        assert find_run(run).path.name == "new"
    assert run_names() == ["new", "old"]


def test_a_real_folder_named_latest_in_runs_is_not_used():
    trained_at("old", HOUR)
    trained_at("new", 2 * HOUR)
    shutil.copytree("runs/old", "runs/latest")
    assert find_run("runs/latest").path.name == "new"
    assert name_of_latest() == "new"


def test_a_folder_named_latest_elsewhere_is_itself(here):
    trained_at("run", HOUR)
    for path in ("latest", "models/latest"):
        (here / path).mkdir(parents=True)
        (here / path / "classifier.json").touch()
        assert find_classifier(path) == Path(path)
    (here / "models" / "v3").mkdir()
    (here / "linked").mkdir()
    (here / "linked" / "latest").symlink_to("../models/latest")
    assert find_classifier("linked/latest") == Path("linked/latest")


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
@pytest.mark.parametrize("given", [None, "latest", "runs/latest"])
def test_a_dangling_link_is_no_run(find, given, here):
    (here / "runs").mkdir()
    (here / "runs" / "latest").symlink_to("removed")
    with pytest.raises(RunError) as caught:
        find(given)
    assert str(caught.value) == NOTHING_THERE


@pytest.mark.parametrize("name", ["a\0b/latest", "x" * 300 + "/latest", "none/latest"])
def test_latest_of_a_folder_that_cannot_be_is_unknown(name):
    with pytest.raises(RunError, match="expected a run or classifier folder"):
        find_run(name)
