"""Pretrained encoders from the config to the answer: each family is loaded, trained, exported and answers."""

import json
import shutil

import numpy as np
import pytest

import textclf
from tests.pretrained import BERT, REFERENCES
from textclf.core.errors import ConfigError, DataError
from textclf.core.run_folder import RunFolder
from textclf.training.check import check_config
from textclf.training.learning_rate_finder import find_rates

LENGTH = 24
FINE_TUNED = {"learning_rate": 0.003, "epochs": 2}
FROZEN = {"optimizer": "adam", "learning_rate": 0.05, "epochs": 2}
WAYS = {  # family -> the network, its training
    "bert": ({}, FINE_TUNED),
    "roberta": ({"trained_layers": 0}, FROZEN),
    "distilbert": ({"trained_layers": 0, "pooling": "cls"}, {}),
    "xlm-roberta": ({"trained_layers": 0, "dropout": 0.0}, {"inverse_regularization": [1.0]}),
}


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


@pytest.mark.parametrize("family", WAYS)
def test_every_family_is_loaded_trained_exported_and_answers(encoder_config, family):
    model, training = WAYS[family]
    run = textclf.train(encoder_config(family, training=training, **model))
    assert run.read_metadata()["onnx_difference"] < 1e-4
    classifier = textclf.load(run)
    texts = ["good", "", "[SEP] <s> </s> <pad> [PAD]", "很好看 " * 50, "unheard-of"]
    together = classifier.predict_proba(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_a_frozen_encoder_reads_each_text_once(encoder_config, caplog):
    config = encoder_config(trained_layers=0)
    caplog.set_level("INFO")
    first = textclf.train(config, run="first")
    assert "encoding" in caplog.text
    caplog.clear()
    second = textclf.train(config, run="second")
    assert "with the frozen encoder" not in caplog.text
    assert first.metrics.read_text() == second.metrics.read_text()


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


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.json", {"model_type": "gpt2"}, "expected one of bert, roberta, xlm-roberta, distilbert, got 'gpt2'"),
        ("config.json", {"hidden_size": 10**9}, "hidden_size: got 1000000000"),
        ("config.json", {"num_attention_heads": 3}, "expected a hidden_size that num_attention_heads divides"),
        ("config.json", {"hidden_act": "swish"}, "hidden_act: expected one of gelu, relu, got 'swish'"),
        ("config.json", {"pad_token_id": 182}, "pad_token_id: expected less than vocab_size"),
        ("config.json", {"position_embedding_type": "relative_key"}, "expected absolute, got 'relative_key'"),
        ("config.json", {"vocab_size": 100}, "expected"),
    ],
)
def test_an_encoder_that_cannot_be_used_is_an_error(encoder_config, workplace, file, content, message):
    folder = workplace / "encoder"
    shutil.copytree(BERT, folder)
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **content}))
    config = encoder_config()
    config["model"]["weights"] = "encoder"
    with pytest.raises(DataError) as caught:
        textclf.train(config)
    assert message in str(caught.value)


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
