"""Several trials at the same time: which of them ends first does not matter, and none is lost."""

import json
import math
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from textclf.config.config import load_config
from textclf.config.run_config import read_run_config
from textclf.config.search_space import search_space
from textclf.core.errors import TrainingError
from textclf.core.files import write_json
from textclf.core.run_folder import RunFolder
from textclf.training.training_run import new_run
from textclf.training.tuning import sampler
from textclf.training.tuning.record import RECORD, Trial, read_record
from textclf.training.tuning.search import Search
from textclf.training.tuning.trial import RESULT
from textclf.training.tuning.trials import known_to, run_trials
from textclf.training.tuning.workers import Workers

pytest.importorskip("optuna")
TRIALS, WORKERS = 8, 4


class Machine:
    """Runs trials in its own way: none ends before `ready` lets it, and the score is a function of the settings."""

    def __init__(self, ready=lambda _: True):
        self.ready = ready
        self.started: list[int] = []
        self.running: dict[int, tuple[Future, dict]] = {}
        self.most = 0
        self.seconds: list[float | None] = []  # that each trial may take

    def start(self, task) -> Future:
        path = Path(task.folder)
        self.seconds.append(task.seconds)
        self.started.append(int(path.name))
        rate = read_run_config(RunFolder(path)).training.learning_rate
        entries = {"state": "finished", "score": abs(math.log10(rate) + 2), "size": 1.0, "seconds": 0.0}
        future = Waiting(self)
        self.running[int(path.name)] = (future, entries)
        self.most = max(self.most, len(self.running))
        return future

    def end(self, number: int) -> None:
        """End a trial, as its process does: the result is in its folder before anybody has read it."""
        future, entries = self.running.pop(number)
        write_json(Path(f"runs/s/trials/{number:04}/{RESULT}"), entries)
        future.set_result(entries)


class Waiting(Future):
    """A future of a machine, on which trials end while somebody waits for one of them."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def result(self, timeout=None):
        """End the trials that are ready, the latest first, and this one last of all."""
        if not self.done():
            mine = next(number for number, (future, _) in self.machine.running.items() if future is self)
            for number in sorted(self.machine.running, reverse=True):
                if number != mine and self.machine.ready(number):
                    self.machine.end(number)
            if not self.machine.ready(mine):
                raise TimeoutError
            self.machine.end(mine)
        return super().result(timeout)


@pytest.fixture
def elsewhere(workplace, tmp_path, monkeypatch):
    """Go to another working directory, for a search of the same name."""

    def go():
        (tmp_path / "other").mkdir()
        (tmp_path / "other/data").symlink_to(tmp_path / "data")
        monkeypatch.chdir(tmp_path / "other")

    return go


@pytest.fixture
def begin(workplace, monkeypatch):
    """Begin a search, or go on with the one that is there."""
    monkeypatch.setattr(sampler, "RANDOM_TRIALS", 2)  # so that few trials are enough to depend on each other

    def begun(workers=WORKERS, model=None, **options) -> Search:
        tuning = {"trials": TRIALS, "workers": workers, **options}
        config = load_config({"data": {"train": "data/toy_topics/train.csv"}, "model": model, "tuning": tuning})
        folder = RunFolder("runs/s") if Path("runs/s").exists() else new_run(config, "test", "s", "s", search=True)
        return Search(folder, config, search_space(config), time.perf_counter(), 0.0)

    return begun


def run(search, machine):
    return run_trials(search, Workers(machine.start, 1), lambda *_: None)


def test_the_order_in_which_trials_end_does_not_matter(begin, elsewhere):
    late_first = Machine()
    trials = run(begin(), late_first)
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert late_first.most == WORKERS
    elsewhere()
    in_order = Machine()
    in_order.end = lambda _: Machine.end(in_order, min(in_order.running))
    assert run(begin(), in_order) == trials
    assert len({json.dumps(trial.values) for trial in trials}) == TRIALS


def test_what_is_tried_depends_on_the_number_of_workers(begin, elsewhere):
    four = run(begin(), Machine())
    elsewhere()
    one = run(begin(workers=1), Machine())
    assert four[0].values == one[0].values
    assert four[-1].values != one[-1].values


def test_a_trial_that_has_ended_is_not_repeated(begin):
    class Killed(Machine):
        def end(self, number):
            if number == 5:  # after 7 and 6 have ended, before 4
                raise KeyboardInterrupt
            super().end(number)

    with pytest.raises(KeyboardInterrupt):
        run(begin(), Killed())
    assert [trial.number for trial in read_record(Path("runs/s"))] == [0, 1, 2, 3]
    again = Machine()
    trials = run(begin(), again)
    assert again.started == [4, 5]
    record = Path("runs/s", RECORD).read_text()
    for path in Path("runs/s").rglob("*"):
        if path.name in (RECORD, RESULT):
            path.unlink()
    assert run(begin(), Machine()) == trials
    assert Path("runs/s", RECORD).read_text() == record


def test_trials_that_ended_in_time_are_kept_beside_one_that_did_not(begin):
    trials = run(begin(minutes=10), Machine(ready=lambda number: number != 5))
    assert [trial.state for trial in trials] == ["finished"] * 5 + ["stopped"] + ["finished"] * 2
    assert "time" in trials[5].error
    assert read_record(Path("runs/s")) == trials


@pytest.mark.parametrize(("first_took", "most"), [(10.0, 150.0), (100.0, 200.0)])
def test_a_slow_trial_leaves_time_for_others(begin, first_took, most):
    class Slow(Machine):
        def end(self, number):
            self.running[number][1]["seconds"] = first_took
            super().end(number)

    machine = Slow()
    run(begin(minutes=10, workers=1), machine)
    assert machine.seconds == [None, *[most] * (TRIALS - 1)]


def test_a_search_without_a_time_limit_stops_no_trial(begin):
    machine = Machine()
    run(begin(), machine)
    assert machine.seconds == [None] * TRIALS


def test_a_config_that_cannot_be_trained_ends_the_search(begin):
    class Broken(Machine):
        def start(self, task):
            future = super().start(task)
            self.running[int(Path(task.folder).name)][1].update(state="failed", score=None, error="no memory")
            return future

    with pytest.raises(TrainingError, match="no memory"):
        run(begin(), Broken())
    assert [trial.state for trial in read_record(Path("runs/s"))] == ["failed"]
    trials = run(begin(), Machine())  # with more memory, for instance
    assert [trial.state for trial in trials] == ["finished"] * TRIALS
    assert read_record(Path("runs/s")) == trials


def test_a_trial_knows_the_values_of_those_that_run_with_it():
    values = [{"x": number} for number in range(6)]
    trials = [Trial(number, "finished", values[number], 0.1) for number in range(5)]
    assert known_to(5, values, trials, workers=1) == trials
    known = known_to(5, values, trials, workers=3)
    assert known[:3] == trials[:3]
    assert [(trial.number, trial.state, trial.values) for trial in known[3:]] == [
        (3, "running", {"x": 3}),
        (4, "running", {"x": 4}),
    ]
    assert known_to(2, values, trials, workers=4) == [Trial(0, "running", values[0]), Trial(1, "running", values[1])]


def test_values_that_exclude_each_other_end_no_search(begin):
    settings = {"model.hidden_units": {"choices": [0, 8]}, "training.optimizer": {"choices": ["adam", "liblinear"]}}
    trials = run(begin(model={"architecture": "ngrams"}, settings=settings, default_space=False, trials=20), Machine())
    stopped = [trial for trial in trials if trial.state == "stopped"]
    assert all(trial.values == {"model.hidden_units": 8, "training.optimizer": "liblinear"} for trial in stopped)
    assert "got ngrams with hidden units" in stopped[0].error
    assert len(trials) == 20
