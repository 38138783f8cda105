"""The example configs: listed with a summary, and copied out with what they need to be trained."""

from pathlib import Path

import pytest

from textclf.config.config import load_config
from textclf.config.examples import copy_example, example_configs, examples_folder
from textclf.core.errors import ConfigError, WriteError

TOYS = [name for name in example_configs() if name.startswith("toy_")]


@pytest.fixture
def empty(here):
    return here


def test_every_config_of_the_repository_has_a_summary_in_one_line(root):
    examples = example_configs()
    assert set(examples) == {path.stem for path in (root / "configs").glob("*.yaml")}
    assert len(TOYS) >= 3
    for name, summary in examples.items():
        assert 20 < len(summary) <= 100, name
        assert summary.endswith("."), name


@pytest.mark.parametrize("name", TOYS)
def test_a_copy_can_be_trained_in_an_empty_folder(empty, name):
    *data, config = copy_example(name)
    assert config == Path(f"{name}.yaml")
    settings = load_config(config).data
    assert {Path(settings.train), Path(settings.test)} <= set(data)
    assert Path(settings.train).read_bytes() == (examples_folder() / settings.train).read_bytes()
    text = config.read_text(encoding="utf-8")
    assert f"textclf train {name}.yaml" in text
    assert "schema.json" not in text


def test_nothing_is_overwritten_without_force(empty):
    copy_example("toy_en", Path("mine.yaml"))
    Path("mine.yaml").write_text("mine", encoding="utf-8")
    Path("data/toy_en/train.csv").write_text("text,label\n", encoding="utf-8")
    with pytest.raises(WriteError, match=r"mine\.yaml exists.*--force"):
        copy_example("toy_en", Path("mine.yaml"))
    assert Path("mine.yaml").read_text(encoding="utf-8") == "mine"
    assert copy_example("toy_en", Path("mine.yaml"), force=True) == [Path("mine.yaml")]
    assert "textclf train mine.yaml" in Path("mine.yaml").read_text(encoding="utf-8")
    assert Path("data/toy_en/train.csv").read_text(encoding="utf-8") == "text,label\n"


@pytest.mark.parametrize("name", ["toy_em", "../configs/toy_en", ""])
def test_an_unknown_name_is_an_error_that_names_the_known_ones(empty, name):
    with pytest.raises(ConfigError, match="toy_en"):
        copy_example(name)
    assert not list(empty.iterdir())
