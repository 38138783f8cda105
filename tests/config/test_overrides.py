"""Overrides, as after `--set`: written as in YAML, checked as the file is, and stronger than it."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.config.odd_configs import CHOICE, DATA, FORM, NAMES, YAML_TEXTS
from textclf.config.config import Config, load_config
from textclf.core.errors import ConfigError


def test_overrides_win_over_the_file_and_the_last_one_over_all(load):
    config = load(DATA + "training: {epochs: 5}", "training.epochs=6", "training.epochs=7", "seed=1")
    assert config.training.epochs == 7
    assert config.seed == 1


def test_override_reaches_into_sections_that_are_missing_or_empty(load):
    config = load(DATA + "training:\n", "training.early_stopping.patience=9", "model.units=8")
    assert config.training.early_stopping.patience == 9
    assert config.training.early_stopping.metric == "loss"
    assert config.model.units == 8


def test_override_is_written_as_in_yaml(load):
    config = load(
        DATA,
        "training.learning_rate=1e-2",
        "training.clip_norm=null",
        "model.bidirectional=true",
        "data.test=a=b.csv",
        "data.text_column=[",
        "training.early_stopping={patience: 2}",
        "preprocessing.tokenizer=keras",
        "preprocessing.oov_token=",
    )
    assert config.training.learning_rate == 0.01
    assert config.training.clip_norm is None
    assert config.model.bidirectional is True
    assert config.data.test == "a=b.csv"
    assert config.data.text_column == "["
    assert config.training.early_stopping.patience == 2
    assert config.preprocessing.tokenizer == "keras"
    assert config.preprocessing.oov_token is None


@pytest.mark.parametrize("delimiter", ["|", ">", ";", "^"])
def test_a_sign_that_begins_something_in_yaml_is_a_delimiter(load, delimiter):
    assert load(DATA, f"data.delimiter={delimiter}").data.delimiter == delimiter


def test_override_is_checked_as_the_file_is(problems):
    kera = "preprocessing.tokenizer=kera"
    assert problems(DATA, "training={epochs: 0}", kera, "model.unit=3", "data=3") == [
        (f"--set {kera}", kera.split("=")[0], f"expected one of {CHOICE}, got 'kera'; did you mean 'keras'?"),
        ("--set data=3", "data", "expected settings (name: value), got 3"),
        ("--set model.unit=3", "model.unit", "unknown setting; did you mean 'units'?"),
        ("--set training={epochs: 0}", "training.epochs", "expected an integer >= 1, got 0"),
    ]


@pytest.mark.parametrize("override", ["foo", "a.=1", "=3", ".=", "training..epochs=3", ".seed=1", ""])
def test_override_of_wrong_form_is_refused(problems, override):
    assert problems(DATA, override) == [(f"--set {override}".strip(), FORM)]


def test_overrides_in_one_string_are_refused():
    with pytest.raises(ConfigError, match=r"expected a list of strings, got one string: \['training\.epochs=3'\]"):
        load_config({"data": {"train": "a.csv"}}, "training.epochs=3")


@pytest.mark.parametrize("override", ["data.train.x=1", "seed.x=1", "training.early_stopping.metric.x=1"])
def test_override_below_a_plain_value_is_refused(problems, override):
    [(place, *_)] = problems(DATA + "seed: 1\ntraining: {early_stopping: {metric: loss}}", override)
    assert place == f"--set {override}"


def test_override_mends_what_the_file_has_wrong(load):
    assert load(DATA + "training: {epochs: 0}", "training.epochs=1").training.epochs == 1


@settings(deadline=None)
@given(override=YAML_TEXTS | st.tuples(NAMES, YAML_TEXTS).map("=".join))
def test_any_override_is_a_setting_or_a_config_error(override):
    with suppress(ConfigError):
        assert isinstance(load_config({"data": {"train": "a.csv"}}, [override]), Config)


def test_a_problem_within_an_override_has_its_place_and_not_a_line_of_the_file(problems):
    override = "training.early_stopping={patience: 0}"
    assert problems(f"{DATA}training:\n  early_stopping:\n    patience: 2\n", override) == [
        (f"--set {override}", "training.early_stopping.patience", "expected an integer >= 1, got 0")
    ]
