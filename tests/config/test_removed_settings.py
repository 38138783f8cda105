"""Settings of earlier versions in a config."""

import pytest

from textclf.config.config import load_config
from textclf.core.errors import ConfigError
from textclf.core.options import plain

DATA = {"train": "a.csv"}
OFF = {"deletion": 0.1, "unknown": 0.0, "character_noise": 0.0, "noise_copies": 3}
CNN = {"architecture": "cnn"}


def test_settings_that_were_off_are_ignored():
    config = load_config({"data": DATA, "training": {"augmentation": OFF}})
    assert plain(config.training.augmentation) == {"deletion": 0.1, "swap": 0.0, "mixup": 0.0}
    members = [{"model": CNN, "training": {"augmentation": OFF}}, {"model": {"architecture": "ngrams"}}]
    config = load_config({"data": DATA, "model": {"architecture": "ensemble", "members": members}})
    assert config.model.members[0].training.augmentation.deletion == 0.1


@pytest.mark.parametrize(
    ("setting", "instead"), [("character_noise", r"docs/experiments\.md"), ("unknown", r"model\.word_dropout")]
)
def test_a_setting_that_was_on_names_its_line_and_what_to_do(tmp_path, setting, instead):
    path = tmp_path / "config.yaml"
    path.write_text(f"data: {{train: a.csv}}\ntraining:\n  augmentation:\n    noise_copies: 2\n    {setting}: 0.05\n")
    with pytest.raises(ConfigError, match=rf"1 problem\n  line 5  training\.augmentation\.{setting} .*{instead}"):
        load_config(path)


def test_overrides_are_named_as_well():
    with pytest.raises(ConfigError, match=r"--set training\.augmentation\.unknown=0\.1 .*removed"):
        load_config({"data": DATA}, ["training.augmentation.unknown=0.1"])


@pytest.mark.parametrize("model", [None, [], "members", {"members": 3}, {"members": [None, 1, {"training": []}]}])
def test_any_other_content_is_left_to_the_checks_of_the_config(model):
    with pytest.raises(ConfigError):
        load_config({"data": DATA, "model": model, "training": {"augmentation": [1]}})
