"""What Optuna proposes, from the record alone."""

import math

import pytest

from textclf.config.search_space import Choices, Range
from textclf.core.errors import WriteError
from textclf.training.tuning.record import Goal, Limits, Trial
from textclf.training.tuning.sampler import propose, study_of, write_study

pytest.importorskip("optuna")
SPACE = {
    "rate": Range(1e-4, 1e-1, log=True, whole=False),
    "units": Range(8, 256, log=True, whole=True),
    "widths": Choices(([2, 3], None, [3])),
}
NO_LIMITS = Limits()
FIRST = {"rate": 0.05, "units": 64, "widths": None}


def trial_of(number, values):
    """Best at a rate of 0.01 with the widths [3]; the size is the number of units."""
    score = abs(math.log10(values["rate"]) + 2) + (values["widths"] != [3])
    return Trial(number, "finished", values, score, size=float(values["units"]))


def search(count, trials=(), limits=NO_LIMITS, seed=1):
    trials = list(trials) or [trial_of(0, FIRST)]
    while len(trials) < count:
        values = propose(SPACE, trials, Goal("loss", limits), seed)
        trials.append(trial_of(len(trials), values))
    return trials


def test_a_search_that_was_interrupted_proposes_the_same():
    whole = search(14)
    assert search(14, whole[:5]) == whole
    assert search(14, whole[:13]) == whole
    assert search(14, seed=2) != whole


def test_proposals_are_in_the_space_and_become_better():
    trials = search(30)
    for trial in trials:
        assert 1e-4 <= trial.values["rate"] <= 1e-1
        assert isinstance(trial.values["units"], int)
        assert trial.values["widths"] in SPACE["widths"].values
    assert min(trial.score for trial in trials[15:]) < min(trial.score for trial in trials[:8])


def test_proposals_keep_a_limit():
    trials = search(40, limits=Limits(size=20))
    assert trials[1].values == {"rate": 1e-4, "units": 8, "widths": [2, 3]}  # an answer as soon as possible
    small = [trial.values["units"] <= 20 for trial in trials]
    assert sum(small[20:]) > sum(small[2:20])


def test_trials_of_every_state_can_be_learned_from():
    trials = [
        trial_of(0, FIRST),
        Trial(1, "stopped", FIRST, curve=[0.9, 0.8]),
        Trial(2, "too large", FIRST, size=99.0),
        Trial(3, "failed", FIRST, error="no memory"),
        Trial(4, "finished", {**FIRST, "rate": 5.0}, 0.1),  # of the config, outside of the space
    ]
    study = study_of(SPACE, trials, Goal("loss", Limits(size=70)))
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "PRUNED", "FAIL"]
    assert propose(SPACE, trials, Goal("loss", Limits(size=70)), seed=1)


def test_a_study_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "no" / "a.db"
    with pytest.raises(WriteError, match=r"no/a\.db: cannot be written: .*unable to open database file\.$"):
        write_study(SPACE, [trial_of(0, FIRST)], Goal("loss", Limits()), path)
