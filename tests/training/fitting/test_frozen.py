"""Frozen encoders: each text is encoded once, in every kind of training; and what cannot be trained is said before."""

import json
import shutil
from dataclasses import replace

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
from textclf.models.checkpoints import load_checkpoint
from textclf.models.encoder import encoder_of
from textclf.training.check import check_config
from textclf.training.encoded_dataset import TrainingTexts, encode
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
        encoded = encode(config, TrainingTexts(splits, encode_labels(splits, targets)), tmp_path)
        [member] = members_of(config.model, config.training)
        return member, build_task(config, encoded, targets)

    return build


@pytest.mark.parametrize("preprocessing", [{}, {"padding": "left"}, {"sequence_length": 8, "long_texts": "windows"}])
def test_the_vectors_are_those_of_keras(member_and_task, tmp_path, preprocessing):
    member, task = member_and_task(preprocessing)
    network, _, on_vectors = trained_part(member, task, tmp_path)
    vectors = on_vectors.train.arrays[VECTORS].values.reshape(len(task.train.classes), -1)
    expected = predict_logits(encoder_of(network), task.train.arrays, padding=task.preprocessor.options.padding)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert vectors.min() < -0.01  # no probabilities


TEXTS = {
    "text": ["a good film", "a fine one", "a bad film", "a poor one"] * 3,
    "label": ["good", "good", "bad", "bad"] * 3,
}
LABEL_TEXT = "This text is bad."


def solution(encoder_config, rows, run, **model):
    """The linear layer that is trained on some rows."""
    config = encoder_config(
        trained_layers=0, training={"optimizer": "liblinear", "inverse_regularization": [1]}, **model
    )
    data = {"train": rows, "validation": TEXTS}
    trained = textclf.train({**config, "data": {}}, run=run, data=data)
    return load_checkpoint(trained.best_checkpoint)[1]


def test_a_label_text_is_a_training_text_with_a_weight(encoder_config):
    """It is as if the training file had the text so many times."""
    with_text = solution(encoder_config, TEXTS, "a", label_texts={"bad": LABEL_TEXT}, label_text_weight=5)
    repeated = {"text": [*TEXTS["text"], *[LABEL_TEXT] * 5], "label": [*TEXTS["label"], *["bad"] * 5]}
    as_rows, without = solution(encoder_config, repeated, "b"), solution(encoder_config, TEXTS, "c")
    for name, values in with_text.items():
        np.testing.assert_allclose(values, as_rows[name], atol=2e-3)
    assert any(np.abs(values - without[name]).max() > 0.02 for name, values in with_text.items())


def test_label_texts_keep_the_weights_of_the_training_texts(member_and_task, tmp_path):
    member, task = member_and_task({})
    labels = task.objective.targets.labels
    given = np.linspace(1, 2, len(task.train.classes), dtype=np.float32)
    task = task._replace(train=task.train._replace(weights=given))
    options = replace(member.model, label_texts={labels[1]: "one text", labels[0]: "another"}, label_text_weight=8)
    train = trained_part(member._replace(model=options), task, tmp_path)[-1].train
    assert train.classes[-2:].tolist() == [1, 0]
    np.testing.assert_array_equal(train.weights, [*given, 8, 8])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"trained_layers": 0, "label_texts": {"bussiness": "x"}}, r"got 'bussiness'; did you mean 'business'"),
        ({"trained_layers": 0, "label_texts": {"business": " "}}, r"model\.label_texts\.business: expected a text"),
        ({"label_texts": {"business": "x"}}, r"model\.label_texts  expected null unless the encoder is frozen"),
        ({"trained_layers": 0, "label_texts": {"business": "x"}, "label_text_weight": 0}, "expected a number > 0"),
    ],
)
def test_label_texts_that_cannot_be_used(encoder_config, workplace, model, message):
    with pytest.raises(ConfigError, match=message):
        textclf.train(encoder_config(**model))
    assert not (workplace / "runs").exists()


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
