"""What is wrong with a config, in words: every problem at once, with its place and what was expected."""

import pytest

from tests.config.odd_configs import CHOICE, DATA, FORM
from textclf.config.config import load_config
from textclf.config.ensemble import MODELS
from textclf.core.errors import ConfigError

FILES = "expected text that is not empty or a list of 1 or more texts"
MANY_PROBLEMS = """\
seed: -1
data:
  train: 3
  validation: 2
  text_colum: body
targets:
  type: no
preprocessing:
  tokenizer: wrod
  vocabulary_size: 2
  lowercase: yes
model:
  architecture: lsmt
  units: 1.5
  num_layers: 9
training:
  epochs: 3
  clip_norm: off
  early_stopping:
    metric: f1
  epochs: 4
surplus: 1
"""


def test_every_problem_is_named_at_once_in_the_order_of_the_file(problems):
    assert problems(MANY_PROBLEMS, "training.batch_size=0", "foo") == [
        ("line 1", "seed", "expected an integer >= 0 and < 4294967296, got -1"),
        ("line 3", "data.train", f"{FILES}, got 3"),
        (
            "line 4",
            "data.validation",
            "expected a share above 0 and below 1, such as 0.1, or the path of a file, got 2",
        ),
        ("line 5", "data.text_colum", "unknown setting; did you mean 'text_column'?"),
        ("line 7", "targets.type", "expected one of auto, binary, multiclass, multilabel, got 'no'"),
        ("line 9", "preprocessing.tokenizer", f"expected one of {CHOICE}, got 'wrod'; did you mean 'word'?"),
        ("line 10", "preprocessing.vocabulary_size", "expected an integer >= 3 and <= 1000000, got 2"),
        ("line 11", "preprocessing.lowercase", "expected true or false, got 'yes'"),
        ("line 13", "model.architecture", f"expected one of {', '.join(MODELS)}, got 'lsmt'; did you mean 'lstm'?"),
        ("line 14", "model.units", "expected an integer >= 1, got 1.5"),
        ("line 15", "model.num_layers", "expected an integer >= 1 and <= 8, got 9"),
        ("line 18", "training.clip_norm", "expected a number > 0, or null, got 'off'"),
        ("line 20", "training.early_stopping.metric", "expected one of accuracy, f1_macro, loss, roc_auc, got 'f1'"),
        ("line 21", "training.epochs", "expected every setting once, got it in line 17 too"),
        ("line 22", "surplus", "unknown setting"),
        ("--set foo", FORM),
        ("--set training.batch_size=0", "training.batch_size", "expected an integer >= 1, got 0"),
    ]


def test_a_list_of_names_says_which_there_are(problems):
    expected = "expected a list with any of mlflow, tensorboard, such as [mlflow], got"
    assert problems(f"{DATA}training:\n  log_to: [tensorbord]\n") == [
        ("line 3", "training.log_to", f"{expected} 'tensorbord'; did you mean 'tensorboard'?")
    ]
    assert problems(DATA, "training.log_to=mlflow") == [
        ("--set training.log_to=mlflow", "training.log_to", f"{expected} 'mlflow'")
    ]


def test_unknown_setting_gets_a_suggestion_from_its_own_section(problems):
    assert problems(DATA + "training: {epoch: 3, sead: 4}") == [
        ("line 2", "training.epoch", "unknown setting; did you mean 'epochs'?"),
        ("line 2", "training.sead", "unknown setting"),
    ]


def test_message_has_one_line_for_every_problem(problems):
    assert len(problems(DATA + '"a\\nb": 1\nseed: "c\\nd"\n', "model.e\nf=1", "model.units=g\nh", "i\nj")) == 5


def test_of_very_many_and_very_long_problems_the_message_stays_short(path):
    path.write_text(DATA + "".join(f"setting_{number}: 1\n" for number in range(1000)))
    with pytest.raises(ConfigError, match="1001 problems") as caught:
        load_config(path, ["model." + "x" * 10_000])
    assert len(str(caught.value)) < 10_000
    assert str(caught.value).splitlines()[-2] == "  … and 951 more"


def test_missing_data_section_is_said(problems):
    [(*place, message)] = problems("seed: 1\n")
    assert place[-1] == "data"
    assert message == "expected settings (name: value), but the setting is missing"


def test_missing_setting_is_said_with_the_line_of_its_section(problems):
    assert problems("seed: 1\ndata:\n  test: a.csv\n") == [
        ("line 2", "data.train", f"{FILES}, but the setting is missing")
    ]


@pytest.mark.parametrize("value", ["true", "'3'", "3.0", "null", "[3]"])
def test_nothing_is_converted_to_a_whole_number(problems, value):
    [(place, setting, message)] = problems(f"{DATA}training: {{epochs: {value}}}")
    assert (place, setting) == ("line 2", "training.epochs")
    assert message.startswith("expected an integer >= 1, got")


@pytest.mark.parametrize("value", ["0.0", "1.0", "1", "-0.1", ".nan", "''", "null", "true", "[0.1]"])
def test_validation_is_a_share_or_a_file(problems, value):
    [(place, setting, message)] = problems(f"data:\n  train: a\n  validation: {value}\n")
    assert (place, setting) == ("line 3", "data.validation")
    assert message.startswith("expected a share above 0 and below 1, such as 0.1, or the path of a file")


def test_settings_of_another_tokenizer_are_unknown(problems, load):
    text = DATA + "preprocessing: {tokenizer: %s, oov_token: null}"
    assert load(text % "keras").preprocessing.oov_token is None
    assert problems(text % "word") == [("line 2", "preprocessing.oov_token", "unknown setting")]


@pytest.mark.parametrize("name", ["null", "[word]", "3", "{}", "Word"])
def test_tokenizer_that_is_no_name_of_one_is_refused(problems, name):
    [(place, setting, message)] = problems(f"{DATA}preprocessing: {{tokenizer: {name}}}")
    assert (place, setting) == ("line 2", "preprocessing.tokenizer")
    assert message.startswith(f"expected one of {CHOICE}, got ")


def test_text_and_label_are_different_columns(problems, load):
    message = "expected another column than text_column"
    assert problems(DATA, "data.label_column=text") == [("--set data.label_column=text", "data.label_column", message)]
    assert problems("data:\n  train: a\n  text_column: x\n  label_column: x\n") == [
        ("line 4", "data.label_column", message)
    ]
    assert load("data: {train: a, text_column: label, label_column: text}").data.text_column == "label"


def test_the_widths_of_a_cnn_are_checked_one_by_one():
    config = {"data": {"train": "a.csv"}, "model": {"architecture": "cnn", "widths": [3, 0]}}
    with pytest.raises(ConfigError, match=r"model.widths.2 +expected an integer >= 1 and <= 32, got 0"):
        load_config(config)
    with pytest.raises(ConfigError, match=r"model.widths +expected a list of 1 to 8 integers >= 1 and <= 32, got \[\]"):
        load_config({**config, "model": {"architecture": "cnn", "widths": []}})


@pytest.mark.parametrize(
    ("override", "setting", "message"),
    [
        (
            f"training.inverse_regularization={list(range(1, 12))}",
            "training.inverse_regularization",
            f"expected a list of 1 to 10 numbers > 0, got {list(range(1, 12))}",
        ),
        ("model.members=[]", "model.members", "expected a list of 1 to 8 settings (name: value), got []"),
        ("model.members=[cnn]", "model.members.1", "expected settings (name: value), got 'cnn'"),
        ("data.train=''", "data.train", f"{FILES}, got ''"),
        ("data.train=2020-01-01", "data.train", f'{FILES}, got "date 2020-01-01"'),
    ],
)
def test_a_wrong_length_or_kind_is_said(problems, override, setting, message):
    overrides = ["model.architecture=ensemble"] if "members" in override else []
    assert [found[-2:] for found in problems(DATA, *overrides, override)] == [(setting, message)]


def test_a_name_that_is_no_text_is_an_unknown_setting():
    with pytest.raises(ConfigError, match=r"problem\n +data\.3 +unknown setting\n"):
        load_config({"data": {"train": "a.csv", 3: 4}})
