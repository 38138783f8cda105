"""Frozen encoders: each text is encoded once, in every kind of training; and what cannot be trained is said before."""

import json
import shutil

import numpy as np
import pytest

import textclf
from tests.pretrained import BERT, REFERENCES
from textclf.config.config import load_config
from textclf.config.ensemble import members_of
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.run_folder import RunFolder
from textclf.data.loading import encode_labels, read_splits
from textclf.inference.engine import Engine
from textclf.inference.onnx.session import GraphError
from textclf.models.encoder import encoder_of
from textclf.training.check import check_config
from textclf.training.encoded_dataset import encode
from textclf.training.fitting.frozen import VECTORS, trained_part
from textclf.training.fitting.task import build_task
from textclf.training.fitting.validation import predict_logits
from textclf.training.learning_rate_finder import find_rates

LENGTH = 24
FROZEN = {"optimizer": "adam", "learning_rate": 0.05, "epochs": 2}


@pytest.fixture
def encoder_config(workplace):
    """A small training of a tiny encoder."""

    def config(family="bert", toy="toy_topics", training=None, **model):
        rows = (workplace / f"data/{toy}/train.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (workplace / "few.csv").write_text("".join(rows[:81]), encoding="utf-8")
        return {
            "data": {"train": "few.csv", "validation": 0.25},
            "preprocessing": {"sequence_length": LENGTH},
            "model": {"architecture": "encoder", "weights": str(REFERENCES / family), **model},
            "training": training or {},
        }

    return config


def test_a_frozen_encoder_reads_each_text_once(encoder_config, caplog):
    config = encoder_config(trained_layers=0)
    caplog.set_level("INFO")
    first = textclf.train(config, run="first")
    assert "encoding" in caplog.text
    caplog.clear()
    second = textclf.train(config, run="second")
    assert "with the frozen encoder" not in caplog.text
    assert first.metrics.read_text() == second.metrics.read_text()
    assert first.best_checkpoint.read_bytes() == second.best_checkpoint.read_bytes()  # it has no time in it


@pytest.fixture
def member_and_task(encoder_config, tmp_path):
    """The only network of a config, and its task."""

    def build(preprocessing):
        config = encoder_config(trained_layers=0)
        config["preprocessing"] |= preprocessing
        config = load_config(config)
        splits, targets = read_splits(config.data, config.targets, config.seed)
        preprocessor, encoded = encode(config, splits, encode_labels(splits, targets), tmp_path)
        [member] = members_of(config.model, config.training)
        return member, build_task(config, encoded, preprocessor, targets)

    return build


@pytest.mark.parametrize("preprocessing", [{}, {"padding": "left"}, {"sequence_length": 8, "long_texts": "windows"}])
def test_the_vectors_are_those_of_keras(member_and_task, tmp_path, preprocessing):
    member, task = member_and_task(preprocessing)
    network, _, on_vectors = trained_part(member, task, tmp_path)
    vectors = on_vectors.train.arrays[VECTORS].values.reshape(len(task.train.classes), -1)
    expected = predict_logits(encoder_of(network), task.train.arrays, padding=task.preprocessor.options.padding)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert vectors.min() < -0.01  # no probabilities


def test_too_little_memory_for_the_vectors_is_one_sentence(member_and_task, tmp_path, monkeypatch):
    def fail(self, arrays):
        raise GraphError("a batch needs more than 1 GiB of memory")

    monkeypatch.setattr(Engine, "run", fail)
    with pytest.raises(TrainingError, match="more than 1 GiB of memory"):
        trained_part(*member_and_task({}), tmp_path)


@pytest.mark.slow
def test_folds_and_rates_work_as_for_every_network(encoder_config):
    from textclf.training.cross_validation import cross_validate

    config = encoder_config(training=FROZEN, trained_layers=0)
    run = cross_validate(config, folds=2)
    assert run.read_metadata()["status"] == "finished"
    assert len(find_rates(config)) == 1


def test_it_is_a_member_of_an_ensemble(encoder_config):
    config = encoder_config(trained_layers=0)
    members = [{"model": {"architecture": "ngrams"}, "training": {"epochs": 1}}, {"model": config["model"]}]
    run = textclf.train({**config, "model": {"architecture": "ensemble", "members": members}})
    assert len(textclf.load(run).predict(["good", "bad"])) == 2
    assert set(run.read_metadata()["networks"]) == {"1-ngrams", "2-encoder"}


def test_augmentation_of_what_is_read_once_is_an_error(encoder_config):
    with pytest.raises(ConfigError, match="frozen encoder reads each text once"):
        textclf.train(encoder_config(training={**FROZEN, "augmentation": {"deletion": 0.1}}, trained_layers=0))


def test_longer_texts_than_the_encoder_can_read_are_an_error(encoder_config, workplace):
    config = encoder_config()
    config["preprocessing"]["sequence_length"] = 129
    with pytest.raises(ConfigError, match=r"expected at most 128, the longest text that .* can read, got 129"):
        textclf.train(config)
    assert not (workplace / "runs").exists()
    (workplace / "config.json").write_text(json.dumps(config))
    report = check_config("config.json")
    assert any("at most 128" in finding.found for finding in report.findings)


def test_the_tokenizer_is_read_again_when_the_encoder_changes(encoder_config, workplace, caplog):
    caplog.set_level("INFO")
    folder = workplace / "encoder"
    shutil.copytree(BERT, folder)
    config = encoder_config(trained_layers=0)
    config["model"]["weights"] = "encoder"
    textclf.train(config, run="first")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["normalizer"]["lowercase"] = False
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    caplog.clear()
    textclf.train(config, run="second")
    assert "reused vocabulary" not in caplog.text
    assert RunFolder("runs/second").read_metadata()["status"] == "finished"
