"""Configs as they are written, and the JSON Schema: both say everything there is to set."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.config.odd_configs import YAML_TEXTS
from textclf.config.config import Config, load_config
from textclf.config.serialization import json_schema, write_config
from textclf.core.options import fields_of, plain
from textclf.preprocessing.tokenizers import TOKENIZERS


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_written_config_gives_the_same_config(path, tokenizer):
    config = load_config(
        {
            "data": {"train": "训练.csv", "validation": 0.25, "test": " no "},
            "preprocessing": {"tokenizer": tokenizer, "padding": "left"},
            "training": {"learning_rate": 1e-7, "clip_norm": None, "early_stopping": None},
        }
    )
    write_config(config, path, "textclf train x")
    assert path.read_text(encoding="utf-8").startswith("# As resolved by `textclf train x`, every default filled in.\n")
    assert plain(load_config(path)) == plain(config)


@settings(deadline=None)
@given(
    text=st.text(min_size=1) | YAML_TEXTS.filter(bool),
    number=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
)
@example("no", 1e-5)
@example("=", 1.0)
@example("1e-3", 1e22)
@example("a" * 100 + " " * 30 + "b", 0.1)
@example("a\x85\xb6", 0.1)
@example("\u2028 \ufeff \x00 \x7f", 0.1)
def test_any_text_and_number_survives_writing(path, text, number):
    data = {"train": text, "validation": text, "test": text, "text_column": f"{text}1", "label_column": text}
    preprocessing = {"tokenizer": "keras", "filters": text, "oov_token": text}
    targets = {"class_weights": {text: 1.0, f"{text}1": 2.0}}
    config = load_config(
        {"data": data, "targets": targets, "preprocessing": preprocessing, "training": {"learning_rate": number}}
    )
    write_config(config, path, "test")
    assert plain(load_config(path)) == plain(config)


def test_schema_describes_every_setting():
    schema = json_schema()
    for part in [schema, *schema["$defs"].values()]:
        assert part["additionalProperties"] is False
        assert part["description"]
        for name, field in part["properties"].items():
            assert "description" in {**_referenced(field, schema), **field}, name
    assert schema["required"] == ["data"]
    assert set(schema["properties"]) == set(fields_of(Config))


def test_schema_offers_every_tokenizer():
    schema = json_schema()
    parts = [_referenced(part, schema) for part in schema["properties"]["preprocessing"]["anyOf"]]
    assert [part["properties"]["tokenizer"]["const"] for part in parts] == list(TOKENIZERS)
    assert [part["properties"]["tokenizer"]["default"] for part in parts] == list(TOKENIZERS)


def _referenced(field, schema):
    return schema["$defs"][field["$ref"].rsplit("/", 1)[-1]] if "$ref" in field else {}
