"""The config of a run: read as it was written, and refused once it is not."""

import json
import shutil
from hashlib import sha256

import pytest

import textclf
from tests.conftest import TOY_EN, rewrite_config
from textclf.config.config import load_config
from textclf.config.run_config import read_run_config, write_run_config
from textclf.core.errors import ConfigError, RunError
from textclf.core.files import write_json
from textclf.core.options import plain
from textclf.core.run_folder import RunFolder, create_run
from textclf.evaluation.compare import compare
from textclf.evaluation.report.report import write_report
from textclf.training.provenance import provenance


@pytest.fixture
def config(workplace, tiny_config):
    return load_config(tiny_config(model={"filters": 9}))


@pytest.fixture
def run(config):
    """A run that has only begun."""
    return create_run("mine", "toy", provenance(config), lambda made: write_run_config(made, config, "textclf train x"))


def test_it_is_read_as_it_was_written(run, config):
    assert plain(read_run_config(run)) == plain(config)
    assert run.config.read_text().startswith("# As resolved by `textclf train x`")
    assert run.read_metadata()["config_sha256"] == sha256(run.config.read_bytes()).hexdigest()


def test_a_config_that_was_cut_anywhere_is_refused_also_where_the_rest_is_one(run):
    whole = run.config.read_bytes()
    run.config.write_bytes(whole[: whole.index(b"\nmodel:")])
    assert load_config(run.config).model.units == 64
    for length in range(len(whole)):
        run.config.write_bytes(whole[:length])
        with pytest.raises(RunError) as caught:
            read_run_config(run)
        assert str(caught.value).startswith("runs/mine/config.yaml: damaged or changed: its SHA-256 is")


def test_the_message_says_what_came_and_what_to_do(run):
    expected, received = (sha256(text).hexdigest()[:12] for text in (run.config.read_bytes(), b"data: {train: x}"))
    run.config.write_text("data: {train: x}")
    with pytest.raises(RunError) as caught:
        read_run_config(run)
    assert str(caught.value) == (
        f"runs/mine/config.yaml: damaged or changed: its SHA-256 is {received}…, in run.json it is {expected}…. "
        "Restore the file from a backup. To train with other settings, give textclf train a copy of it."
    )


def test_a_run_from_before_there_were_checksums_is_read(run):
    about = run.read_metadata()
    del about["config_sha256"]
    write_json(run.metadata, about)
    assert read_run_config(run).model.filters == 9
    run.config.unlink()
    with pytest.raises(RunError, match=r"^runs/mine/config\.yaml: damaged: No such file or directory\. Train again\.$"):
        read_run_config(run)


def test_a_config_that_grows_when_it_is_written_is_read(path, workplace):
    labels = ", ".join(f"x{number:06}" for number in range(9_990))
    path.write_text(f"data: {{train: data/toy_en/train.csv, label_names: [{labels}]}}")
    config = load_config(path)
    run = create_run(None, "large", provenance(config), lambda made: write_run_config(made, config, "textclf train x"))
    assert run.config.stat().st_size > 100_000
    assert plain(read_run_config(run)) == plain(config)


def test_a_search_of_an_older_version_may_choose_what_the_config_rules_out(run):
    choices = {"training.optimizer": {"choices": ["adam", "liblinear"]}}
    rewrite_config(run, json.dumps({"data": TOY_EN, "model": {"architecture": "cnn"}, "tuning": {"settings": choices}}))
    assert read_run_config(run).tuning.settings == choices
    with pytest.raises(ConfigError, match="liblinear solves"):
        load_config(run.config)


def test_a_config_that_could_not_be_read_again_is_refused_at_once(path, workplace):
    names = ", ".join(["*a"] * 50)
    path.write_text(f"data: {{train: data/toy_en/train.csv, text_column: [&a '{'x' * 9_000}', {names}]}}")
    config = load_config(path)
    with pytest.raises(ConfigError, match="expected at most 300,000 bytes with every default filled in, got 4"):
        create_run("mine", "x", provenance(config), lambda made: write_run_config(made, config, "textclf train x"))
    assert not RunFolder("runs/mine").path.exists()


@pytest.mark.parametrize("checksum", [3, "", [], {}, False, "0" * 64])
def test_a_checksum_that_is_none_fits_nothing(run, checksum):
    run.update_metadata(config_sha256=checksum)
    with pytest.raises(RunError, match=r"^runs/mine/config\.yaml: damaged or changed: its SHA-256 is"):
        read_run_config(run)


def test_nobody_goes_on_with_another_config(run, config):
    run.config.write_text(run.config.read_text().replace("filters: 9", "filters: 7"))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    for call in (lambda: textclf.resume("mine"), lambda: textclf.train(config, run="mine")):
        with pytest.raises(RunError, match="damaged or changed: its SHA-256 is"):
            call()
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_nobody_looks_at_a_finished_run_with_another_config(with_runs):
    shutil.copytree("runs/toy_en", "runs/other")
    run = RunFolder("runs/other")
    text = run.config.read_text().replace("seed: 42", "seed: 43")
    calls = [lambda: textclf.evaluate("other"), lambda: write_report(run), lambda: compare(["toy_en", "other"])]
    run.config.write_text(text)
    for call in calls:
        with pytest.raises(RunError, match=r"^runs/other/config\.yaml: damaged or changed: its SHA-256 is"):
            call()
    assert not run.evaluations.exists()
    assert not run.report.exists()
    rewrite_config(run, text)
    for call in calls:
        call()


def test_a_run_of_a_version_without_a_setting_stays_as_it_was(run):
    assert read_run_config(run).preprocessing.remove_invisible
    lines = [line for line in run.config.read_text().splitlines(keepends=True) if "remove_invisible" not in line]
    run.config.write_text("".join(lines))
    run.update_metadata(config_sha256=sha256(run.config.read_bytes()).hexdigest())
    assert not read_run_config(run).preprocessing.remove_invisible
