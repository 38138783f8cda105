"""Runs are found by folder and by name."""

from pathlib import Path

import pytest

from tests.core.finished_run import NOTHING_THERE, finished_run
from textclf.core.errors import RunError
from textclf.core.find_run import find_classifier, find_folder, find_run, run_names
from textclf.core.run_folder import create_run

pytestmark = pytest.mark.usefixtures("here")


def test_run_is_found_by_folder_and_by_name(here, monkeypatch):
    finished_run("mine")
    for run in ("mine", "runs/mine", "runs/mine/", Path("runs/mine"), here / "runs" / "mine", "latest"):
        assert find_run(run).path.resolve() == here / "runs" / "mine"
        assert find_classifier(run).resolve() == here / "runs" / "mine" / "classifier"
    monkeypatch.chdir(here / "runs" / "mine")
    assert find_run(".").metadata.exists()


def test_run_folder_is_a_path():
    run = finished_run("mine")
    assert find_run(run).path == run.path
    assert find_classifier(run) == run.classifier


def test_a_run_without_a_classifier_says_why():
    create_run("unfinished", "toy", {})
    with pytest.raises(RunError, match=r"To continue it: textclf resume runs/unfinished$"):
        find_classifier("unfinished")
    create_run("folds", "toy", {"folds": 2}).finish()
    with pytest.raises(RunError, match=r"^runs/folds: .* but a cross-validation has none\. Train without --folds\.$"):
        find_classifier("folds")
    create_run("removed", "toy", {}).finish()
    with pytest.raises(RunError, match=r"but this one has none\. Train again\.$"):
        find_classifier("removed")


def test_copied_classifier_is_found_without_any_run(here):
    (here / "copied").mkdir()
    (here / "copied" / "classifier.json").touch()
    assert find_classifier("copied") == Path("copied")
    with pytest.raises(RunError, match=r"^copied: expected a run folder, but it has no run\.json"):
        find_run("copied")


def test_folder_named_comes_before_a_run_of_that_name(here):
    finished_run("mine")
    (here / "mine").mkdir()
    assert find_folder("mine") == Path("mine")


def test_latest_may_lie_elsewhere(here, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (here / "runs").symlink_to(elsewhere)
    finished_run("mine")
    assert find_run(None).metadata.exists()


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
def test_without_a_name_there_must_be_a_finished_run(find):
    for make in (lambda: None, lambda: create_run("unfinished", "toy", {})):
        make()
        with pytest.raises(RunError) as caught:
            find(None)
        assert str(caught.value) == NOTHING_THERE


@pytest.mark.parametrize("find", [find_run, find_classifier, find_folder])
def test_unknown_name_gets_a_suggestion_and_the_runs_there_are(find):
    finished_run("news")
    finished_run("films")
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


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_said_to_be_one(name):
    with pytest.raises(RunError, match=r"^expected a run, got an empty name\."):
        find_run(name)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_name_that_can_be_no_folder_is_unknown(name):
    with pytest.raises(RunError):
        find_run(name)


def test_only_the_last_runs_are_listed():
    for number in range(12):
        create_run(f"run-{number:02}", "toy", {})
    with pytest.raises(RunError, match=r"10 of the 12 runs are: run-02, .*, run-11\.$"):
        find_run("zzz")


def test_folder_that_is_no_run_is_refused(here):
    (here / "empty").mkdir()
    for find in (find_run, find_classifier):
        with pytest.raises(RunError, match=r"^empty: expected a run folder, but it has no run\.json\.$"):
            find("empty")


def test_unfinished_run_has_no_classifier_and_says_how_it_ended():
    run = create_run("mine", "toy", {})
    assert find_run("mine").path == run.path
    run.update_metadata(status="failed")
    with pytest.raises(RunError) as caught:
        find_classifier("mine")
    assert str(caught.value) == (
        "runs/mine: expected a finished run, but this one is failed: it has no classifier. "
        "To continue it: textclf resume runs/mine"
    )


def test_a_classifier_that_was_never_measured_does_not_answer():
    run = create_run("mine", "toy", {})
    run.classifier.mkdir()
    (run.classifier / "classifier.json").touch()
    with pytest.raises(RunError, match=r"^runs/mine: expected a finished run, but this one is running"):
        find_classifier("mine")


def test_names_of_runs_are_sorted_and_without_latest(here):
    assert run_names() == []
    finished_run("b")
    (here / "runs" / ".c.half.partial").mkdir()
    (here / "runs" / ".c.half.partial" / "run.json").touch()
    create_run("a", "toy", {})
    (here / "runs" / "c").mkdir()
    assert run_names() == ["a", "b"]
