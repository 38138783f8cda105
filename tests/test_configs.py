"""Every shipped config: valid, with a header that says what it shows, its command and its result; toys learn."""

import json
import re
from pathlib import Path

import pytest

import textclf
from textclf.config import recipe
from textclf.config.config import load_config
from textclf.config.starter import Sources, starter_config
from textclf.config.yaml import parse_yaml

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))
# Accuracy on test (macro F1 of several labels) of every seed has been above these.
TOYS = {
    "article_zh": 0.7,
    "toy_aspects": 0.75,
    "toy_en": 0.8,
    "toy_topics": 0.65,
    "toy_topics_ngrams_cnn": 0.9,
    "toy_topics_transformer": 0.65,
    "toy_topics_vectors": 0.7,
    "toy_zh": 0.8,
    "unlabelled": 0.75,
}


def test_every_config_of_toy_data_is_trained():
    assert {path.stem for path in CONFIGS} == {
        *TOYS,
        "imdb_lstm",
        "few_shot",
    }  # of which the last needs a pretrained encoder


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_its_header_says_what_it_shows_how_it_is_run_and_what_it_gave(path):
    assert load_config(path).data.train.startswith("data/")
    schema, summary, *others = path.read_text(encoding="utf-8").split("\nseed:")[0].splitlines()
    assert schema == "# yaml-language-server: $schema=schema.json"
    assert summary.startswith("# ")
    assert len(summary) <= 100
    assert f"#   textclf train configs/{path.name}" in others
    assert re.search(r"^# Measured 20\d\d-\d\d-\d\d, .* 2 cores.*: .*0\.\d+", "\n".join(others), re.MULTILINE)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_has_a_row_in_the_table(path, root):
    table = (root / "configs/README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[?{path.stem}\b", table, re.MULTILINE)


def test_one_has_the_settings_that_new_writes_for_larger_data(workplace, monkeypatch):
    monkeypatch.setattr(recipe, "FEW", 0)
    written = starter_config(Sources("data/toy_topics/train.csv", "data/toy_topics/test.csv"))
    shipped = Path("configs/toy_topics_ngrams_cnn.yaml").read_text(encoding="utf-8")
    assert parse_yaml(shipped).data == parse_yaml(written).data


@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_toy_configs_train_in_seconds_and_learn(workplace, name):
    test = json.loads(textclf.train(f"configs/{name}.yaml", run=name).metrics.read_text())["test"]
    assert test["f1_macro" if name == "toy_aspects" else "accuracy"] >= TOYS[name]


@pytest.mark.slow
def test_without_spaces_a_tokenizer_that_splits_at_spaces_learns_nothing(workplace):
    run = textclf.train("configs/article_zh.yaml", ["preprocessing.tokenizer=keras"], run="spaces")
    assert json.loads(run.metrics.read_text())["test"]["accuracy"] <= 0.65
