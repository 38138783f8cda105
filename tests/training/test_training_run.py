"""The frame of a run: what `run.json` says after a failure and after going on."""

import time

import pytest

from textclf.config.config import load_config
from textclf.core.errors import TrainingError
from textclf.training.training_run import new_part, new_run, training_run


def test_a_part_of_a_run_that_goes_on_has_no_error(workplace, tiny_config):
    config = load_config(tiny_config())
    part = new_part(new_run(config, "test", "r", "r"), "fold-1", config, "fold 1")
    with pytest.raises(TrainingError), training_run(part, started=time.perf_counter()):
        raise TrainingError("no memory")
    assert part.read_metadata()["error"] == "TrainingError: no memory"
    with training_run(part, started=time.perf_counter()):
        metadata = part.read_metadata()
    assert (metadata["status"], "error" in metadata, len(metadata["resumed"])) == ("running", False, 1)
