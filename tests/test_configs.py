"""Every shipped config: checked, its header names its own command, and the toy ones beat the majority by far."""

import json
import re
from pathlib import Path

import pytest

import textclf
from textclf.config.config import load_config

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))
TOYS = {"toy_en": 0.8, "toy_zh": 0.8, "toy_topics": 0.65}  # below what any of many seeds gave


def test_there_are_configs():
    assert {path.stem for path in CONFIGS} >= {"toy_en", "toy_zh", "toy_topics", "imdb_lstm", "article_zh"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_is_valid_and_says_how_it_is_run(path):
    assert load_config(path).data.train.startswith("data/")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert f"#   textclf train configs/{path.name}\n" in text


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_has_a_row_in_the_table(path, root):
    table = (root / "configs/README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[?{path.stem}\b", table, re.MULTILINE)


# toy_en and article_zh are trained by test_docs.py, as the README says it.
@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_toy_configs_train_in_seconds_and_learn(workplace, name):
    run = textclf.train(f"configs/{name}.yaml", run=name)
    assert json.loads(run.metrics.read_text())["test"]["accuracy"] >= TOYS[name]
