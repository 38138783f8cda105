"""Run folders: how they are named, finished and found."""

import errno
import json
import re
from pathlib import Path

import pytest

from textclf.core.errors import RunError, WriteError
from textclf.core.run_folder import RunFolder, create_run, find_classifier, find_folder, find_run, run_names

NOTHING_THERE = "expected a finished run in runs/, but there is none. Train one, or name one with --run."


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(name):
    """A finished run with a classifier in it."""
    run = create_run(name, "toy", {})
    run.classifier.mkdir()
    (run.classifier / "classifier.json").touch()
    run.finish()
    return run


def links(path):
    return {entry.name: str(entry.readlink()) for entry in path.iterdir() if entry.is_symlink()}


# Creating


def test_name_is_the_date_and_the_config_and_a_number_if_taken():
    names = [create_run(None, "toy_中文", {}).path for _ in range(3)]
    assert re.fullmatch(r"runs/\d{4}-\d{2}-\d{2}-toy_中文", str(names[0]))
    assert [str(name) for name in names[1:]] == [f"{names[0]}-2", f"{names[0]}-3"]


def test_new_run_says_that_it_is_running():
    run = create_run("mine", "toy", {"seed": 3})
    assert run.path == Path("runs/mine")
    assert json.loads(run.about.read_text()) == {"format_version": 1, "status": "running", "seed": 3}
    assert run.checkpoints.is_dir()


def test_taken_name_is_refused_and_the_run_left_alone():
    create_run("mine", "toy", {"seed": 3})
    with pytest.raises(RunError, match=r"^runs/mine: a run of this name exists\."):
        create_run("mine", "toy", {})
    assert find_run("mine").read_about()["seed"] == 3
    assert run_names() == ["mine"]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "../x", "a/b", "a/", "/a", "latest"])
def test_name_that_is_no_folder_below_runs_is_refused(name, folder):
    with pytest.raises(RunError) as caught:
        create_run(name, "toy", {})
    assert str(caught.value) == f"--run: expected a name for a folder below runs/, received '{name}'."
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_name_that_the_disk_refuses_is_said(name):
    with pytest.raises(WriteError, match="cannot be written"):
        create_run(name, "toy", {})


def test_file_in_place_of_runs_is_said(folder):
    (folder / "runs").touch()
    for name in ("mine", None):
        with pytest.raises(RunError, match=r"^runs: expected a folder for runs, but a file is in its place"):
            create_run(name, "toy", {})


def test_a_run_is_there_whole_or_not_at_all(folder):
    def fill(run):
        run.config.write_text("seed: 1")
        assert not (folder / "runs" / "mine").exists()
        raise WriteError("the disk is full")

    with pytest.raises(WriteError, match="the disk is full"):
        create_run("mine", "toy", {}, fill)
    assert list((folder / "runs").iterdir()) == []


# Finishing


def test_finished_run_is_the_latest(folder):
    trained("first")
    second = create_run("second", "toy", {"seed": 3})
    assert find_run(None).path == Path("runs/first")
    second.finish(seconds=4)
    assert find_run(None).path == Path("runs/second")
    assert second.read_about() == {"format_version": 1, "status": "finished", "seed": 3, "seconds": 4}


def test_latest_is_a_link_that_survives_moving_the_folder(folder):
    trained("mine")
    (folder / "runs").rename(folder / "moved")
    assert links(folder / "moved") == {"latest": "mine"}


def test_finishing_leaves_nothing_else_behind(folder):
    trained("first")
    trained("second")
    assert {path.name for path in (folder / "runs").iterdir()} == {"first", "second", "latest"}


def test_finishing_that_is_interrupted_leaves_latest_as_it_was(folder, monkeypatch):
    trained("first")
    second = create_run("second", "toy", {})
    replace = Path.replace

    def full_disk(path, target):
        if path.is_symlink():
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(WriteError, match=r"^runs/latest: cannot be written: No space"):
        second.finish()
    assert find_run(None).path == Path("runs/first")
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    second.finish()
    assert find_run(None).path == Path("runs/second")
    assert links(folder / "runs") == {"latest": "second"}


# Finding


def test_run_is_found_by_folder_and_by_name(folder, monkeypatch):
    trained("mine")
    for run in ("mine", "runs/mine", "runs/mine/", Path("runs/mine"), folder / "runs" / "mine", "latest"):
        assert find_run(run).path.resolve() == folder / "runs" / "mine"
        assert find_classifier(run).resolve() == folder / "runs" / "mine" / "classifier"
    monkeypatch.chdir(folder / "runs" / "mine")
    assert find_run(".").about.exists()


def test_run_folder_is_a_path():
    run = trained("mine")
    assert find_run(run).path == run.path
    assert find_classifier(run) == run.classifier


def test_copied_classifier_is_found_without_any_run(folder):
    (folder / "copied").mkdir()
    (folder / "copied" / "classifier.json").touch()
    assert find_classifier("copied") == Path("copied")
    with pytest.raises(RunError, match=r"^copied: expected a run folder, but it has no run\.json"):
        find_run("copied")


def test_folder_named_comes_before_a_run_of_that_name(folder):
    trained("mine")
    (folder / "mine").mkdir()
    assert find_folder("mine") == Path("mine")


def test_latest_may_lie_elsewhere(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "runs").symlink_to(elsewhere)
    trained("mine")
    assert find_run(None).about.exists()


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
def test_without_a_name_there_must_be_a_finished_run(find):
    for make in (lambda: None, lambda: create_run("unfinished", "toy", {})):
        make()
        with pytest.raises(RunError) as caught:
            find(None)
        assert str(caught.value) == NOTHING_THERE


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
def test_removed_latest_is_no_run(find, folder):
    (folder / "runs").mkdir()
    (folder / "runs" / "latest").symlink_to("removed")
    with pytest.raises(RunError, match="there is none"):
        find(None)


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
def test_unknown_name_gets_a_suggestion_and_the_runs_there_are(find):
    trained("news")
    trained("films")
    with pytest.raises(RunError) as caught:
        find("film")
    assert str(caught.value) == (
        "film: expected a run or classifier folder, but there is none; did you mean 'films'? The runs are: films, news."
    )
    with pytest.raises(RunError, match=r"but there is none\. The runs are: films, news\.$"):
        find("zzz")


def test_unknown_name_without_runs_says_so():
    with pytest.raises(RunError, match=r"^mine: .* but there is none\. There are no runs in runs/ yet\.$"):
        find_run("mine")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_name_that_can_be_no_folder_is_unknown(name):
    with pytest.raises(RunError):
        find_run(name)


def test_only_the_last_runs_are_listed():
    for number in range(12):
        create_run(f"run-{number:02}", "toy", {})
    with pytest.raises(RunError, match=r"The runs are: run-02, .*, run-11\.$"):
        find_run("zzz")


def test_folder_that_is_no_run_is_refused(folder):
    (folder / "empty").mkdir()
    for find in (find_run, find_classifier):
        with pytest.raises(RunError, match=r"^empty: expected a run folder, but it has no run\.json\.$"):
            find("empty")


def test_unfinished_run_has_no_classifier_and_says_how_it_ended():
    run = create_run("mine", "toy", {})
    assert find_run("mine").path == run.path
    run.update_about(status="failed")
    with pytest.raises(RunError) as caught:
        find_classifier("mine")
    assert str(caught.value) == (
        "runs/mine: expected a finished run, but this one is failed: it has no classifier. "
        "textclf resume runs/mine goes on with it."
    )


def test_a_classifier_that_was_never_measured_does_not_answer():
    run = create_run("mine", "toy", {})
    run.classifier.mkdir()
    (run.classifier / "classifier.json").touch()
    with pytest.raises(RunError, match=r"^runs/mine: expected a finished run, but this one is running"):
        find_classifier("mine")


def test_names_of_runs_are_sorted_and_without_latest(folder):
    assert run_names() == []
    trained("b")
    (folder / "runs" / ".c.half.partial").mkdir()
    (folder / "runs" / ".c.half.partial" / "run.json").touch()
    create_run("a", "toy", {})
    (folder / "runs" / "c").mkdir()
    assert run_names() == ["a", "b"]


# What run.json says


@pytest.mark.parametrize("version", [2, 99, "1", None, 1.5])
def test_newer_format_is_refused_with_what_to_do(version):
    run = create_run("mine", "toy", {})
    run.about.write_text(json.dumps({"format_version": version}))
    with pytest.raises(RunError, match=f"received format {version}.*pip install --upgrade textclf-keras"):
        run.read_about()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b"3", b'"format_version"', b"\xff", b'{"a": ' + b"[" * 10_000]
)
def test_damaged_about_is_said(content):
    run = create_run("mine", "toy", {})
    run.about.write_bytes(content)
    for read in (run.read_about, lambda: find_classifier("mine"), lambda: run.update_about(status="failed")):
        with pytest.raises(RunError, match=r"^runs/mine/run\.json: damaged: .* Train again\.$"):
            read()
    assert run.about.read_bytes() == content


def test_missing_about_is_said():
    with pytest.raises(RunError, match=r"^none: expected a run folder, but it has no run\.json\.$"):
        RunFolder("none").read_about()


def test_update_changes_only_what_is_named():
    run = create_run("mine", "toy", {"seed": 3})
    run.update_about(status="failed", error="é")
    assert run.read_about() == {"format_version": 1, "status": "failed", "seed": 3, "error": "é"}
