"""Settings of a config as parameters: every setting has a name, and an unknown name is refused with advice."""

import numpy as np
import pytest

from textclf.config.config import CHOICES, Config, flatten
from textclf.core.errors import ConfigError
from textclf.core.options import plain
from textclf.sklearn.settings import SECTIONS, base_settings, check_setting, config_of, with_parameters


@pytest.mark.parametrize(
    ("section", "name"), [(section, name) for section, choice in CHOICES.items() for name in choice.names]
)
def test_every_setting_has_a_name(section, name):
    settings = plain(CHOICES[section].options(name)())
    for path in flatten(settings):
        check_setting(f"{section}__{path.replace('.', '__')}", "X")


@pytest.mark.parametrize(
    "name",
    ["targets__threshold", "targets__threshold__precision", "training__early_stopping__patience",
     "model__members__2__training__epochs", "preprocessing__ngrams__longest_words", "targets__class_weights",
     "model__members", "model__members__2", "model__members__2__model"],
)  # fmt: skip
def test_settings_within_settings(name):
    check_setting(name, "X")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("training__epoch", "training has no setting 'epoch'; did you mean 'epochs'"),
        ("training__early_stopping__patients", "training__early_stopping has no setting 'patients'; did you mean"),
        ("epochs", "written section__setting"),
        ("training", "written section__setting"),
        ("seed", "written section__setting"),
        ("modle__units", "modle has no setting 'units'"),
        ("data__train", "its data are those of fit"),
        ("model__1__units", "model has no setting '1'"),
        ("model__filters__1", "model__filters has no setting '1'"),
        ("model__widths__1", "model__widths has no setting '1'"),
        ("training__early_stopping__1__patience", "training__early_stopping has no setting '1'"),
        ("model__members__1__2__model", "model__members__1 has no setting '2'"),
        ("model__members__model", "model__members counts from 1, as in model__members__1"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError, match=message):
        check_setting(name, "X")


def test_the_sections_are_those_of_a_config_without_its_data():
    assert set(plain(Config(data=None, preprocessing=None, model=None))) == {"seed", "data", *SECTIONS, *later()}


def later():
    """Sections that an estimator has no use for."""
    return {"tuning"} & set(plain(Config(data=None, preprocessing=None, model=None)))


def test_another_architecture_keeps_only_what_it_has():
    before = base_settings({"model": {"architecture": "cnn", "embedding_dim": 5, "filters": 7}})
    after = with_parameters(before, {"model__architecture": "lstm", "model__units": np.int64(3)})
    assert (after["model"]["embedding_dim"], after["model"]["units"]) == (5, 3)
    assert "filters" not in after["model"]
    assert config_of(after).model.units == 3
    assert before["model"]["filters"] == 7


def test_numpy_and_tuples_become_plain_values():
    after = with_parameters(base_settings({"model": {"architecture": "cnn"}}), {"model__widths": (np.int64(2), 3)})
    assert config_of(after).model.widths == [2, 3]


@pytest.mark.parametrize("before", [0.5, "f1", {"precision": 0.8}])
def test_settings_replace_a_plain_value(before):
    after = with_parameters(base_settings({"targets": {"threshold": before}}), {"targets__threshold__precision": 0.9})
    assert config_of(after).targets.threshold.precision == 0.9


def test_members_are_counted_from_1():
    before = base_settings({"model": {"architecture": "ensemble"}})
    after = with_parameters(before, {"model__members__2__model__filters": 9})
    assert after["model"]["members"][1]["model"]["filters"] == 9
    other = {"model": {"architecture": "lstm"}}
    after = with_parameters(before, {"model__members__2__model__units": 5, "model__members__2": other})
    assert after["model"]["members"] == [before["model"]["members"][0], {"model": {"architecture": "lstm", "units": 5}}]
    for name in ("model__members__3__model__filters", "model__members__0", "model__members__3"):
        with pytest.raises(ValueError, match="has 2 members"):
            with_parameters(before, {name: other})


def test_a_value_that_a_config_cannot_have_is_named():
    with pytest.raises(ConfigError, match=r"training\.epochs"):
        config_of(with_parameters(base_settings({}), {"training__epochs": "many"}))
