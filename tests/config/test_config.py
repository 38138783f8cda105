"""Configs: defaults, the forms in which one may come, and what is no config."""

import shlex
from contextlib import suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.config.odd_configs import DATA, NAMES, VALUES
from textclf.config.config import Config, load_config
from textclf.core.errors import ConfigError, RunError
from textclf.core.options import plain
from textclf.core.run_folder import create_run

DEFAULTS = {
    "seed": 42,
    "data": {
        "train": "train.csv",
        "validation": 0.1,
        "test": None,
        "unlabelled": None,
        "split_column": None,
        "text_column": "text",
        "label_column": "label",
        "format": None,
        "encoding": "utf-8",
        "delimiter": None,
        "quoting": "minimal",
        "text_separator": " ",
        "sheet": None,
        "label_names": None,
    },
    "targets": {
        "type": "auto",
        "separator": "|",
        "positive_label": None,
        "class_weights": None,
        "label_smoothing": 0.0,
        "threshold": 0.5,
        "abstain_below": None,
    },
    "preprocessing": {
        "tokenizer": "word",
        "vocabulary_size": 20_000,
        "sequence_length": 256,
        "padding": "right",
        "truncating": "right",
        "ngrams": {
            "longest_words": 2,
            "shortest_characters": 2,
            "longest_characters": 5,
            "min_frequency": 2,
            "most_ngrams": 524_288,
            "most_per_text": 4096,
        },
        "min_frequency": 1,
        "normalization": "nfc",
        "remove_invisible": True,
        "lowercase": True,
        "turkish_i": False,
        "replace_urls": False,
        "replace_users": False,
        "replace_numbers": False,
    },
    "model": {
        "architecture": "lstm",
        "embedding_dim": 64,
        "units": 64,
        "pooling": "last",
        "num_layers": 1,
        "bidirectional": False,
        "dropout": 0.2,
        "recurrent_dropout": 0.0,
        "word_dropout": 0.0,
        "spatial_dropout": 0.0,
        "vectors": None,
        "l2": 0.0,
    },
    "training": {
        "epochs": 10,
        "batch_size": 32,
        "loss": "log_loss",
        "optimizer": "adam",
        "inverse_regularization": [1.0],
        "ngram_scaling": "none",
        "ngram_vectors": 0,
        "initial_accumulator": 0.1,
        "learning_rate": 0.001,
        "schedule": "constant",
        "warmup": 0.0,
        "clip_norm": 5.0,
        "weight_decay": 0.0,
        "ema_decay": None,
        "checkpoint_steps": 1000,
        "devices": "auto",
        "augmentation": None,
        "validations_per_epoch": 1,
        "early_stopping": {"metric": "loss", "patience": 3},
        "refit": False,
        "inner_folds": None,
        "log_to": [],
    },
    "tuning": None,
}


def test_whole_number_is_accepted_where_a_number_is_expected(load):
    assert load(DATA + "training: {learning_rate: 1}").training.learning_rate == 1.0


def test_null_switches_off_what_may_be_off(load):
    config = load(DATA + "training: {clip_norm: null, early_stopping: null}")
    assert config.training.clip_norm is None
    assert config.training.early_stopping is None


def test_defaults(load):
    assert plain(load(DATA)) == DEFAULTS


def test_a_loaded_config_cannot_be_changed(load):
    with pytest.raises(FrozenInstanceError):
        load(DATA).seed = 3


@pytest.mark.parametrize("section", ["targets", "preprocessing", "model", "training"])
def test_section_without_settings_has_its_defaults(load, section):
    assert plain(load(f"{DATA}{section}:\n")) == plain(load(DATA))


def test_mapping_and_config_are_sources_too_and_are_left_as_they_were():
    source = {"data": {"train": "a.csv"}, "training": None}
    config = load_config(source, ["training.epochs=3"])
    assert source == {"data": {"train": "a.csv"}, "training": None}
    again = load_config(config, ["training.epochs=4"])
    assert (config.training.epochs, again.training.epochs) == (3, 4)
    assert again.data == config.data
    with pytest.raises(ConfigError, match=r"^config: 1 problem\n +seed +expected an integer"):
        load_config({"data": {"train": "a.csv"}, "seed": "x"})


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: expected a config file, but there is none"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["my texts.csv", "a.CSV.gz", "a.parquet"])
def test_a_file_of_texts_is_no_config(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"text,label\na: b,c\n\xff")
    with pytest.raises(ConfigError, match="expected a config, got a file of texts") as caught:
        load_config(path)
    assert shlex.split(str(caught.value))[-1] == str(path)


@pytest.mark.parametrize("name", ["", "file/below.yaml", "a\0b.yaml", "x" * 300])
def test_path_that_is_no_file_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError):
        load_config(f"{tmp_path}/{name}")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "gbk"])
def test_other_encodings_are_refused(path, encoding):
    path.write_bytes("data: {train: é.csv}".encode(encoding))
    with pytest.raises(ConfigError, match="expected a YAML file in UTF-8"):
        load_config(path)


def test_byte_order_mark_and_windows_line_ends_are_no_part_of_the_config(path):
    path.write_bytes(b"\xef\xbb\xbfdata:\r\n  train: a.csv\r\n")
    assert load_config(path).data.train == "a.csv"


@settings(deadline=None)
@given(source=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=5))
def test_any_data_is_a_config_or_a_config_error(source):
    with suppress(ConfigError):
        assert isinstance(load_config(source), Config)


@pytest.mark.parametrize("key", [3, None, ("a",), 2.5, True])
def test_keys_of_a_mapping_may_be_anything_and_are_refused(key):
    for source in ({key: 1}, {"seed": {key: 1}}, {"model": {key: {key: 1}}}):
        with pytest.raises(ConfigError):
            load_config({"data": {"train": "a.csv"}, **source})


def test_mapping_within_itself_is_refused():
    endless: dict = {}
    endless["seed"] = endless
    with pytest.raises(ConfigError):
        load_config({"data": {"train": "a.csv"}, **endless})


def test_the_config_of_the_latest_run_may_be_named(here):
    for name, seed in (("first", 1), ("second", 2)):
        run = create_run(name, "toy", {})
        run.config.write_text(f"seed: {seed}\n{DATA}")
        run.finish()
    assert load_config("runs/latest/config.yaml").seed == 2
    Path("latest").write_text(f"seed: 3\n{DATA}")
    assert load_config("latest").seed == 3


def test_there_may_be_no_latest_run(here):
    with pytest.raises(RunError, match="expected a finished run in runs/"):
        load_config("runs/latest/config.yaml")
