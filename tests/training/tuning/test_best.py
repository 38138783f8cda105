"""The end of a search: what is left of the time decides whether its best trial is refitted, and whose config it has."""

import pytest

import textclf
from textclf.config.config import load_config
from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.training.locking import run_lock
from textclf.training.training_run import new_run
from textclf.training.tuning.best import (
    SEARCH_CONFIG,
    as_time_allows,
    restore_search_config,
    seconds_of_best,
    seconds_to_keep,
)
from textclf.training.tuning.record import Trial

TRIAL = Trial(0, "finished", {}, 0.1, seconds=60.0, fitting_seconds=40.0)


@pytest.mark.parametrize(
    ("refit", "left", "most", "refits"),
    [
        (True, 75.0, 600.0, True),  # 20 s to start, 50 s to fit, 5 s for the report
        (True, 46.0, 600.0, True),  # a twentieth of the time more
        (True, 44.0, 600.0, False),
        (True, -10.0, 60.0, False),
        (True, None, None, True),
        (False, 0.0, 60.0, False),
    ],
)
def test_a_refit_needs_time(refit, left, most, refits):
    config = load_config({"data": {"train": "train.csv"}, "training": {"refit": refit}})
    assert as_time_allows(config, TRIAL, left, most).training.refit == refits


def test_the_time_for_the_best_trial_has_a_refit():
    config = load_config({"data": {"train": "train.csv"}, "training": {"refit": True}})
    assert seconds_of_best(config, TRIAL) == 75.0


@pytest.mark.parametrize(
    ("left", "folds", "refits"), [(275.0, 5, True), (245.0, 5, True), (244.0, None, True), (44.0, None, False)]
)
def test_inner_folds_are_the_first_to_go(left, folds, refits):
    """They take five fits of 40 s, beside the 75 s of the start, the refit and the report."""
    config = load_config({"data": {"train": "train.csv"}, "training": {"refit": True, "inner_folds": 5}})
    found = as_time_allows(config, TRIAL, left, 600.0).training
    assert (found.inner_folds, found.refit) == (folds, refits)


@pytest.mark.parametrize(("most", "kept"), [(1100.0, 275.0), (1099.0, 75.0)])
def test_a_search_waits_for_inner_folds_if_they_take_a_quarter_of_its_time(most, kept):
    config = load_config({"data": {"train": "train.csv"}, "training": {"refit": True, "inner_folds": 5}})
    assert seconds_to_keep(config, TRIAL, most) == kept


@pytest.fixture
def search(workplace, tiny_config) -> RunFolder:
    """A search that ended after `train_best` has replaced its config."""
    folder = new_run(load_config(tiny_config()), "test", "s", "s", search=True)
    folder.config.write_text("best")
    (folder.path / SEARCH_CONFIG).write_text("of the search")
    return folder


def test_the_config_of_an_interrupted_search_is_restored(search):
    restore_search_config(search)
    assert search.config.read_text() == "of the search"


def test_the_config_of_a_search_at_work_or_finished_is_left_alone(search):
    with run_lock(search), pytest.raises(RunError, match="another process is training in this run"):
        textclf.resume("s")
    search.finish()
    restore_search_config(search)
    assert search.config.read_text() == "best"
    assert (search.path / SEARCH_CONFIG).exists()
