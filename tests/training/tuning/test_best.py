"""What is left of the time after a search decides whether its best trial is refitted."""

import pytest

from textclf.config.config import load_config
from textclf.training.tuning.best import as_time_allows, seconds_of_best
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
