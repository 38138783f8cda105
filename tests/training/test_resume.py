"""Going on: after a signal, only with the same config, data and versions, and never twice at a time."""

import contextlib
import re
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest

import textclf
from tests.conftest import TOY_EN, rewrite_config
from tests.reliability.killing import at_step, differences, send
from textclf.cli.list import print_runs
from textclf.config.config import load_config
from textclf.config.run_config import write_run_config
from textclf.core.errors import RunError
from textclf.core.files import write_json
from textclf.core.find_run import latest_run
from textclf.core.run_folder import RunFolder, create_run
from textclf.core.signals import Interrupted
from textclf.models.checkpoints import load_checkpoint, save_checkpoint
from textclf.training.cross_validation import cross_validate
from textclf.training.fitting.state import read_state
from textclf.training.locking import check_unchanged, run_lock
from textclf.training.provenance import provenance
from textclf.training.training_run import new_run


def position_of(run: RunFolder) -> tuple[int, int]:
    about, _ = load_checkpoint(run.last_checkpoint)
    return about["position"]["epoch"], about["position"]["step"]


def test_a_signal_lets_the_step_end_keeps_the_state_and_says_how_to_go_on(workplace, tiny_config, monkeypatch):
    untouched = textclf.train(tiny_config(), run="untouched")
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        at_step(patch, 16, send(signal.SIGINT))
        with pytest.raises(Interrupted) as caught:
            textclf.train(tiny_config(), run="r")
    run = RunFolder("runs/r")
    assert caught.value.exit_code == 130
    assert position_of(run) == (1, 3)
    assert run.read_metadata()["status"] == "interrupted"
    assert "interrupted: runs/r is not finished. To continue: textclf resume runs/r" in run.log.read_text()
    assert signal.getsignal(signal.SIGINT) is before
    assert latest_run().path == untouched.path
    assert differences(untouched.path, textclf.resume("r").path) == []
    assert len(run.read_metadata()["resumed"]) == 1
    assert latest_run().path == run.path


def test_a_run_whose_link_an_older_version_could_not_make_is_finished_by_resume(workplace, tiny_config):
    run = textclf.train(tiny_config(), run="r")
    classifier = {path.name: path.read_bytes() for path in run.classifier.iterdir()}
    metadata = run.read_metadata()
    del metadata["finished"]
    error = "WriteError: runs/latest: cannot be written: A required privilege is not held by the client."
    write_json(run.metadata, {**metadata, "status": "failed", "error": error})
    assert latest_run() is None
    textclf.resume("r")
    assert run.read_metadata()["status"] == "finished"
    assert "error" not in run.read_metadata()
    assert {path.name: path.read_bytes() for path in run.classifier.iterdir()} == classifier
    assert latest_run().path == run.path


def test_a_second_signal_ends_at_once(workplace, tiny_config, monkeypatch):
    at_step(monkeypatch, 4, send(signal.SIGINT, signal.SIGINT))
    with pytest.raises(Interrupted):
        textclf.train(tiny_config(), ["training.checkpoint_steps=3"], run="r")
    assert position_of(RunFolder("runs/r")) == (0, 3)


def test_a_signal_at_the_last_step_of_an_epoch_waits_for_its_figures(workplace, tiny_config, monkeypatch):
    at_step(monkeypatch, 13, send(signal.SIGINT))
    with pytest.raises(Interrupted):
        textclf.train(tiny_config(), run="r")
    assert position_of(RunFolder("runs/r")) == (1, 0)
    assert len(RunFolder("runs/r").history.read_text().splitlines()) == 2


def test_the_same_config_and_name_go_on(interrupted):
    run, config = interrupted
    assert textclf.train(config, run="r").read_metadata()["status"] == "finished"
    assert "resumed at step 5 of 26" in run.log.read_text()
    with pytest.raises(RunError, match=r"^runs/r is already finished"):
        textclf.resume("r")


def test_a_fit_that_is_finished_is_not_repeated(workplace, tiny_config, monkeypatch):
    from textclf.training import train as training

    def interrupted(*_):  # as Python has it for SIGINT, which is ignored where the tests run in a shell's background
        raise KeyboardInterrupt

    whole = textclf.train(tiny_config(), run="whole")
    monkeypatch.setattr(training, "check_against_keras", interrupted)
    with pytest.raises(KeyboardInterrupt):
        textclf.train(tiny_config(), run="r")
    monkeypatch.undo()
    monkeypatch.chdir(workplace)
    assert Path("runs/r/classifier").exists()
    with pytest.raises(RunError, match="expected a finished run, but this one is interrupted"):
        textclf.load("r")
    monkeypatch.setattr("keras.Model.fit", lambda *_, **__: pytest.fail("fitted again"))
    assert differences(whole.path, textclf.resume("r").path) == []


def more_epochs(run, config):
    config["training"] = {**config["training"], "epochs": 3}


def another_text(run, config):
    with Path("data/train.csv").open("a", encoding="utf-8") as stream:
        stream.write("fine,positive\n")


def another_keras(run, config):
    run.update_metadata(versions={**run.read_metadata()["versions"], "keras": "3.0", "old": "1"})


CHANGES = {
    more_epochs: r"training\.epochs: was 2, is 3",
    another_text: r"data_sha256\.data/train\.csv: was [0-9a-f]{40}, is [0-9a-f]{40}",
    another_keras: r"versions\.keras: was 3\.0, is 3\.\d+\.\d+\n  versions\.old: was 1, is missing",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_said_and_nothing_is_touched(interrupted, workplace, root, change):
    run, config = interrupted
    (workplace / "data").unlink()
    shutil.copytree(root / "data/toy_en", "data")
    config["data"] = {"train": "data/train.csv", "test": "data/test.csv"}
    about = run.read_metadata()
    moved = {path.replace("toy_en/", ""): value for path, value in about["data_sha256"].items()}
    run.update_metadata(data_sha256=moved)
    rewrite_config(run, run.config.read_text().replace("toy_en/", ""))
    change(run, config)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    calls = [lambda: textclf.train(config, run="r"), lambda: textclf.resume("r")]
    for call in calls[: 1 if change is more_epochs else 2]:
        with pytest.raises(RunError, match=rf"{CHANGES[change]}\nUndo .* start over, remove runs/r, or choose"):
            call()
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_where_it_is_shown_and_when_its_state_is_kept_may_change(interrupted):
    run, config = interrupted
    whole = textclf.train(config, run="whole")
    before = run.config.read_bytes()
    textclf.train(config, ["training.log_to=[tensorboard]", "training.checkpoint_steps=2"], run="r")
    different = differences(whole.path, run.path)
    assert {name.split("/")[0] for name in different} == {"tensorboard"}
    assert run.config.read_bytes() == before


def members(training):
    model = {"architecture": "ensemble", "members": [{"model": {"architecture": "cnn"}, "training": training}]}
    return load_config({"data": TOY_EN, "model": model})


def test_members_of_an_ensemble_may_change_the_same_and_are_named_otherwise(workplace):
    config = members({"epochs": 2, "checkpoint_steps": 9})
    run = create_run("mine", "", provenance(config), lambda made: write_run_config(made, config, ""))
    check_unchanged(run, members({"epochs": 2, "log_to": ["mlflow"]}))
    with pytest.raises(RunError, match=r"changed .*:\n  model\.members\.1\.training\.epochs: was 2, is 3\nUndo"):
        check_unchanged(run, members({"epochs": 3}))
    with pytest.raises(RunError, match=r"changed .*:\n  model\.members\.1\.training: was .*, is missing\nUndo"):
        check_unchanged(run, members(None))


def test_a_run_at_work_is_left_alone(interrupted):
    run, config = interrupted
    with run_lock(run):
        for call in (lambda: textclf.resume("r"), lambda: textclf.train(config, run="r")):
            with pytest.raises(RunError, match=r"^runs/r: another process is training in this run\."):
                call()
    assert run.read_metadata()["status"] == "interrupted"


def test_the_list_tells_a_run_at_work_from_one_that_was_killed(interrupted, capsys):
    run, _ = interrupted
    run.update_metadata(status="running")
    for status, at_work in (("running", run_lock(run)), ("killed", contextlib.nullcontext())):
        with at_work:
            print_runs()
        assert re.search(rf"^r +{status} ", capsys.readouterr().out, re.MULTILINE)


def test_a_link_in_the_folder_is_not_followed(interrupted, workplace):
    run, _ = interrupted
    (workplace / "elsewhere").mkdir()
    shutil.rmtree(run.checkpoints)
    run.checkpoints.symlink_to(workplace / "elsewhere")
    with pytest.raises(RunError, match="expected no symbolic links in the folder, but checkpoints is one"):
        textclf.resume("r")
    assert list((workplace / "elsewhere").iterdir()) == []


def test_what_a_killed_process_left_half_written_is_removed(interrupted):
    run, _ = interrupted
    (run.checkpoints / ".last.npz.abc.partial").write_bytes(b"half")
    (run.path / ".classifier.abc.partial").mkdir()
    (run.path / ".classifier.abc.partial" / "model.onnx").write_bytes(b"half")
    assert not list(textclf.resume("r").path.rglob("*.partial"))


STATES = {
    "no position": {},
    "a position that is none": {"position": {"epoch": "1", "step": 0}, "callbacks": {}},
    "seconds that are none": {"position": {"epoch": 0, "step": 5, "seconds": "long"}, "callbacks": {}},
    "a negative step": {"position": {"epoch": 0, "step": -5}, "callbacks": {}},
    "no callbacks": {"position": {"epoch": 0, "step": 5}},
}


@pytest.mark.parametrize("about", STATES.values(), ids=STATES)
def test_a_state_that_does_not_say_where_to_go_on(tmp_path, about):
    save_checkpoint(tmp_path / "last.npz", {}, about)
    with pytest.raises(RunError, match=r"last\.npz: damaged: the position of the fit .*: .* to start over\.$"):
        read_state(tmp_path / "last.npz")


@pytest.mark.parametrize(("name", "state"), [("KeepBest", {"best_epoch": 1}), ("History", {"rows": [3]})])
def test_a_state_that_a_callback_cannot_take_up_is_said(interrupted, name, state):
    run, _ = interrupted
    about, arrays = load_checkpoint(run.last_checkpoint)
    about["callbacks"][name] = state
    save_checkpoint(run.last_checkpoint, {}, about, arrays)
    with pytest.raises(RunError, match=rf"^runs/r/checkpoints/last\.npz: damaged: the state of {name}: \w+Error"):
        textclf.resume("r")
    assert run.read_metadata()["status"] == "failed"


@pytest.mark.parametrize("position", [{"epoch": 2}, {"step": 13}])  # of two epochs of 13 steps
def test_a_state_behind_the_end(interrupted, position):
    run, _ = interrupted
    about, arrays = load_checkpoint(run.last_checkpoint)
    about["position"] |= position
    save_checkpoint(run.last_checkpoint, {}, about, arrays)
    with pytest.raises(RunError, match=r"^runs/r/checkpoints/last\.npz: damaged: it continues after the end"):
        textclf.resume("r")


def test_folds_go_on_in_the_fold_that_was_interrupted(workplace, tiny_config, monkeypatch):
    config = {**tiny_config(training={"epochs": 1}), "model": {"architecture": "ngrams"}}
    whole = cross_validate(config, folds=2, run="whole")
    at_step(monkeypatch, 10, send(signal.SIGTERM))  # a fold has 7 steps
    with pytest.raises(Interrupted):
        cross_validate(config, folds=2, run="r")
    statuses = [RunFolder(f"runs/r/fold-{number}").read_metadata()["status"] for number in (1, 2)]
    assert statuses == ["finished", "interrupted"]
    assert "To continue: textclf resume runs/r" in RunFolder("runs/r").log.read_text()
    with pytest.raises(RunError, match="another number of folds"):
        cross_validate(config, folds=3, run="r")
    run = textclf.resume("r")
    assert "fold 1: already finished" in run.log.read_text()
    assert differences(whole.path, run.path) == []


BEGUN = {"training": {}, "cross-validation": {"folds": 2}, "search": {"search": True}}
GO_ON = {"training": textclf.train, "cross-validation": partial(cross_validate, folds=2), "search": textclf.tune}


@pytest.mark.parametrize(("begun", "kind"), [(begun, kind) for begun in BEGUN for kind in GO_ON if kind != begun])
def test_a_run_of_another_kind_does_not_go_on(workplace, tiny_config, begun, kind):
    run = new_run(load_config(tiny_config()), "test", "r", "r", **BEGUN[begun])
    with pytest.raises(RunError, match=rf"expected a {kind}, but the run started as a {begun}\. To continue it: "):
        GO_ON[kind](tiny_config(), run="r")
    assert not run.log.exists()
