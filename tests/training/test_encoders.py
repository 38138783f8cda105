"""Pretrained encoders from start to finish: load, train, export, answer. The encoders are tiny, with random weights."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import tokenizers

import textclf
from tests.pretrained import REFERENCES
from tests.tolerances import assert_close
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, RunError
from textclf.core.files import checksum
from textclf.export.web_files import web_files
from textclf.models.encoder.families import FAMILIES
from textclf.training.check import check_config
from textclf.training.locking import resumable_run
from textclf.training.training_run import new_run

LABELS = {"bad": "no", "good": "yes"}
TEXTS = ["a good film", "", "not [SEP] good \u0130 好", "a waste of time and of money " * 9]


@pytest.fixture(scope="module")
def few_texts(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "texts.csv"
    rows = [f"a {word} film {number},{label}" for word, label in LABELS.items() for number in range(20)]
    path.write_text("text,label\n" + "\n".join(rows))
    return str(path)


def config_of(train, **settings):
    """A frozen encoder: TensorFlow traces the training of a whole one for seconds (`test_architectures.py`)."""
    return {
        "data": {"train": train},
        "model": {"architecture": "encoder", "weights": "encoder", "trained_layers": 0, **settings},
        "preprocessing": {"sequence_length": 20},
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_trains_and_answers(workplace, few_texts, family):
    folder = shutil.copytree(REFERENCES / family, workplace / "encoder")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "LICENSE").write_text("Permission is granted.")
    run = textclf.train(config_of(few_texts, pooling="cls" if family == "roberta" else "mean"), run=family)
    metadata = run.read_metadata()
    assert metadata["onnx_difference"] < 1e-5
    assert metadata["encoders"]["encoder"]["license"] == "mit"
    assert metadata["data_sha256"]["encoder/model.safetensors"] == checksum(folder / "model.safetensors")
    notice = (run.classifier / "NOTICE").read_text()
    assert "License: mit\n" in notice
    assert "Permission is granted." in notice
    shutil.rmtree(folder)  # answering needs only the classifier folder
    classifier = textclf.load(run)
    probabilities = classifier.predict_proba(TEXTS)
    for text, expected in zip(TEXTS, probabilities, strict=True):
        assert_close(classifier.predict_proba([text])[0], expected)
    assert "encoder: " in run.log.read_text()


def test_a_chinese_encoder(workplace):
    """WordPiece of Chinese encoders has one token a character."""
    folder = chinese_encoder(workplace / "chinese", Path("data/toy_zh/train.csv").read_text(encoding="utf-8"))
    config = config_of("data/toy_zh/train.csv", weights=str(folder), trained_layers="all", tune_embedding=True)
    training = {"epochs": 4, "learning_rate": 0.01, "batch_size": 16}
    config = {**config, "training": training, "preprocessing": {"sequence_length": 40}}
    run = textclf.train(config, ["data.test=data/toy_zh/test.csv"])
    metrics = run.read_metrics()
    assert metrics["test"]["accuracy"] > metrics["test"]["majority_accuracy"] + 0.1
    classifier = textclf.load(run)
    assert classifier.preprocessor.encode(["好电影"]).lengths.tolist() == [5]  # with [CLS] and [SEP]


def chinese_encoder(folder, content):
    """Write a BERT of two layers whose words are the characters of a file."""
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted({letter for letter in content if letter.strip()})]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]")
    )
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True, handle_chinese_chars=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.save(str(folder / "tokenizer.json"))
    settings = json.loads((REFERENCES / "bert/config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "vocab_size": len(words)}))
    tensors = safetensors.numpy.load_file(REFERENCES / "bert/model.safetensors")
    [table] = [name for name in tensors if name.endswith("word_embeddings.weight")]
    random = np.random.default_rng(0).normal(scale=0.3, size=(len(words), tensors[table].shape[1]))
    safetensors.numpy.save_file({**tensors, table: random.astype(np.float32)}, folder / "model.safetensors")
    return folder


def test_windows_answer_alone_as_in_a_batch_and_check_says_how_many_texts_have_them(workplace, tmp_path):
    path = tmp_path / "long.csv"
    rows = [f"{'a film of the past ' * number} {word},{label}" for word, label in LABELS.items() for number in range(9)]
    path.write_text("text,label\n" + "\n".join([*rows, *rows]))
    config = config_of(str(path), weights=str(REFERENCES / "bert"))
    config["preprocessing"]["long_texts"] = "windows"
    run = textclf.train(config)
    assert run.read_metadata()["onnx_difference"] < 1e-5
    classifier = textclf.load(run)
    texts = [*TEXTS, "good " * 20, "good " * 21, "bad " * 2000]
    for text, expected in zip(texts, classifier.predict_proba(texts), strict=True):
        assert_close(classifier.predict_proba([text])[0], expected)
    [after] = np.diff(classifier.predict_proba(["a " * 30 + "bad", "a " * 30 + "good"])[:, 0])
    assert abs(after) > 1e-4  # the end of a long text is read
    with pytest.raises(RunError, match="long_texts, got windows"):
        web_files(classifier, "windows")
    Path("windows.json").write_text(json.dumps(config))
    found = {finding.subject: finding.found for finding in check_config("windows.json").findings}
    assert "Read in several windows of 20 tokens:" in found["windows"]
    assert "cut texts" not in found
    with pytest.raises(ConfigError, match=r"expected 'right' with long_texts: windows"):
        textclf.train(config, ["preprocessing.padding=left"])
    cnn = {**config["preprocessing"], "tokenizer": "pretrained", "weights": str(REFERENCES / "bert")}
    with pytest.raises(ConfigError, match="as the network cnn reads no windows"):
        textclf.train({**config, "model": {"architecture": "cnn"}, "preprocessing": cnn})


def test_a_run_resumes_only_with_the_same_encoder(workplace, few_texts):
    folder = shutil.copytree(REFERENCES / "bert", workplace / "encoder")
    config = load_config(config_of(few_texts))
    run = new_run(config, "textclf train", "config", "again")
    run.update_metadata(status="interrupted")
    assert resumable_run("again", config).path == run.path
    tensors = safetensors.numpy.load_file(folder / "model.safetensors")
    first = sorted(tensors)[0]
    safetensors.numpy.save_file({**tensors, first: tensors[first] + 1}, folder / "model.safetensors")
    with pytest.raises(RunError, match=r"data_sha256.encoder/model\.safetensors: was"):
        resumable_run("again", config)
