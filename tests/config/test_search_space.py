"""The search space of a config: what its parts offer, and what the section `tuning` makes of it."""

import pytest

from textclf.config.config import load_config
from textclf.config.ensemble import MODELS
from textclf.config.search_space import Choices, Range, search_space, value_of, with_values
from textclf.core.errors import ConfigError

DATA = {"train": "train.csv"}


def config_of(**sections):
    return load_config({"data": DATA, **sections})


@pytest.mark.parametrize("architecture", MODELS)
def test_every_architecture_offers_a_space_whose_ends_are_allowed(architecture):
    config = config_of(model={"architecture": architecture})
    space = search_space(config)
    assert any(path.startswith("model.") for path in space)
    for end in (0, -1):
        values = {
            path: (dimension.values if isinstance(dimension, Choices) else (dimension.low, dimension.high))[end]
            for path, dimension in space.items()
        }
        changed = with_values(config, values)
        assert {path: value_of(changed, path) for path in space} == values


@pytest.mark.parametrize("architecture", MODELS)
def test_the_space_holds_the_values_of_the_config(architecture):
    config = config_of(model={"architecture": architecture})
    for path, dimension in search_space(config).items():
        value = value_of(config, path)
        if isinstance(dimension, Choices):
            assert value in dimension.values
        else:
            assert dimension.low <= value <= dimension.high


def test_only_what_the_networks_read_is_searched():
    ngrams = search_space(config_of(model={"architecture": "ngrams"}))
    lstm = search_space(config_of(model={"architecture": "lstm"}))
    assert "preprocessing.ngrams.longest_words" in ngrams
    assert "preprocessing.vocabulary_size" not in ngrams
    assert "preprocessing.ngrams.longest_words" not in lstm
    assert "preprocessing.vocabulary_size" in lstm


@pytest.mark.parametrize("model", [{"architecture": "ngrams"}, {"architecture": "encoder", "trained_layers": 0}])
def test_a_linear_model_with_one_regularization_offers_others(model):
    path = "training.inverse_regularization"
    one, several = (
        config_of(model=model, training={"optimizer": "liblinear", "inverse_regularization": values})
        for values in ([3.0], [3.0, 10.0])
    )
    assert search_space(one)[path].values == ([3.0], [0.3], [0.9], [9.0], [30.0])
    assert with_values(one, {path: [30.0]}).training.inverse_regularization == [30.0]
    assert path not in search_space(several)  # the training chooses among them itself


def test_a_limit_of_size_lets_tables_become_small():
    path = "model.embedding_dim"
    usual, small = (
        search_space(config_of(model={"architecture": "lstm"}, tuning={"size": size}))[path] for size in (None, 1.0)
    )
    assert small.low < usual.low
    assert small.high == usual.high


def test_a_small_table_never_becomes_smaller_than_allowed():
    network = {"architecture": "lstm", "embedding_dim": 8}
    assert search_space(config_of(model=network, tuning={"size": 1.0}))["model.embedding_dim"].low == 1


def test_whole_numbers_are_shown_with_all_digits():
    assert str(Range(262144, 1048576, log=True, whole=True)) == "262144 to 1048576, log"
    assert str(Range(0.0001, 0.5, log=False, whole=False)) == "0.0001 to 0.5"


def test_members_of_an_ensemble_are_counted_from_one():
    config = config_of(model={"architecture": "ensemble"})
    changed = with_values(config, {"model.members.2.model.filters": 7})
    assert changed.model.members[1].model.filters == 7
    assert value_of(changed, "model.members.2.model.filters") == 7


def test_the_section_tuning_narrows_and_widens():
    settings = {
        "model.units": {"from": 8, "to": 16},
        "training.epochs": {"choices": [3, 5]},
        "training.learning_rate": None,
    }
    space = search_space(config_of(tuning={"settings": settings}))
    assert space["model.units"] == Range(8, 16, log=False, whole=True)
    assert space["training.epochs"] == Choices((3, 5))
    assert "training.learning_rate" not in space
    alone = search_space(config_of(tuning={"settings": settings, "default_space": False}))
    assert list(alone) == ["model.units", "training.epochs"]


def test_every_fault_of_a_space_is_named_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        """\
data: {train: train.csv}
tuning:
  trials: 0
  settings:
    training.learning_rte: {from: 1, to: 2}
    training.epochs: {from: 5, to: 2}
    model.units: {from: 0, to: 2.5}
    training.batch_size: {choices: [1]}
    training.optimizer: {choices: [adam, sgd]}
    model.architecture: {choices: [cnn, lstm]}
    training.inner_folds: {from: 2, to: 5}
    training.schedule: {from: 1, to: 2}
    training.learning_rate: {from: 0.1, to: 0.5, scale: lg}
    model.dropout: 5
    preprocessing.ngrams: {from: 1, to: 2}
    model.embedding_dim: {from: 0, to: 8, scale: log}
    training.early_stopping: null
    training.clip_norm: {from: null, to: 5}
    training.inverse_regularization: {choices: [[1.0], []]}
    preprocessing.padding: {choices: [left, right]}
    training.weight_decay: {from: 0, to: .inf}
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "tuning.trials" in str(caught.value)
    path.write_text(path.read_text(encoding="utf-8").replace("trials: 0", "trials: 1"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    for line in [*range(5, 20), 21]:
        assert f"line {line} " in message, message
    assert "did you mean 'training.learning_rate'?" in message
    assert "'sgd'" in message
    assert "2.5" in message
    assert "line 20 " not in message


@pytest.mark.parametrize(
    ("sections", "path", "given", "message"),
    [
        (
            {"model": {"architecture": "cnn"}},
            "training.optimizer",
            {"choices": ["adam", "liblinear"]},
            "choices: liblinear solves `ngrams` without hidden units and frozen encoders, got cnn",
        ),
        (
            {"model": {"architecture": "encoder", "trained_layers": 0, "contrastive_steps": 10}},
            "model.trained_layers",
            {"choices": [0, 1]},
            "choices: with 1: model.contrastive_steps: expected 0 unless the encoder is frozen",
        ),
        (
            {"model": {"architecture": "ensemble"}},
            "model.members.2.model.dropout",
            {"choices": [0.1, 2]},
            "choices: expected a number >= 0 and < 1, got 2",
        ),
    ],
)
def test_each_value_is_tried_with_the_other_settings(sections, path, given, message):
    with pytest.raises(ConfigError) as caught:
        config_of(**sections, tuning={"settings": {path: given}})
    assert message in str(caught.value)


def test_the_choices_were_tried_with_the_values_of_the_config():
    settings = {"model.hidden_units": {"choices": [0, 8]}, "training.optimizer": {"choices": ["adam", "liblinear"]}}
    config = config_of(model={"architecture": "ngrams"}, tuning={"settings": settings})
    assert with_values(config, {"training.optimizer": "liblinear"}).training.optimizer == "liblinear"


def test_what_is_wrong_with_the_config_itself_is_said_once():
    sections = {"model": {"architecture": "cnn"}, "training": {"optimizer": "liblinear"}}
    with pytest.raises(ConfigError, match=r"^config: 1 problem\n"):
        config_of(**sections, tuning={"settings": {"model.dropout": {"choices": [0.1, 0.2]}}})
