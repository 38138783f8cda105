"""The record of a search: what is kept, what is damaged, and which trial is best."""

import pytest

from textclf.core.errors import RunError
from textclf.training.tuning.record import RECORD, Goal, Limits, Trial, append, best_trial, nested_score, read_record


def trial(number=0, score=0.5, **others):
    return Trial(number, "finished", {"model.units": 8}, score, **others)


def test_trials_come_back_as_they_were(tmp_path):
    trials = [trial(0, curve=[0.9, 0.5], metrics={"accuracy": 0.8}), Trial(1, "failed", {"a": None}, error="é\n")]
    for each in trials:
        append(tmp_path, each)
    assert read_record(tmp_path) == trials
    assert read_record(tmp_path / "empty") == []


def test_a_line_that_was_cut_off_is_forgotten(tmp_path):
    append(tmp_path, trial(0))
    whole = (tmp_path / RECORD).read_bytes()
    for length in (1, len(whole) // 2, len(whole) - 1):
        (tmp_path / RECORD).write_bytes(whole + whole[:length])
        assert read_record(tmp_path) == [trial(0)]
        append(tmp_path, trial(1))
        assert [each.number for each in read_record(tmp_path)] == [0, 1]


@pytest.mark.parametrize(
    "content", ['{"number": 0}\n', "[]\n", "\x00\n", '{"number": 1, "state": "failed", "values": {}}\n']
)
def test_a_damaged_record_is_not_continued(tmp_path, content):
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(RunError, match="damaged"):
        read_record(tmp_path)


def test_the_best_trial_keeps_the_limits():
    trials = [trial(0, 0.5, size=3.0), trial(1, 0.4, size=9.0), trial(2, 0.6, size=1.0), Trial(3, "stopped", {})]
    assert best_trial(trials, Goal("loss")).number == 1
    assert best_trial(trials, Goal("loss", Limits(size=3))).number == 0
    assert best_trial(trials, Goal("accuracy", Limits(size=3))).number == 2
    assert best_trial(trials, Goal("loss", Limits(size=0.5))) is None
    assert best_trial([trial(0), trial(1)], Goal("loss")).number == 0  # of equal ones the first


def test_the_nested_score_does_not_flatter():
    """Two trials that are each lucky on one fold: chosen by the other folds, each is measured where it is not."""
    trials = [trial(0, 0.5, fold_scores=[0.0, 1.0]), trial(1, 0.5, fold_scores=[1.0, 0.0])]
    assert nested_score(trials, Goal("loss")) == 1.0
    assert nested_score(trials, Goal("accuracy")) == 0.0
    assert nested_score([trial(0)], Goal("loss")) is None
