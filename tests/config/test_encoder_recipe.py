"""`textclf new --encoder`: what it writes is valid, and fits the number and the length of the texts."""

import json
import shutil
from itertools import cycle

import pytest

from tests.pretrained import BERT
from textclf.config import encoder_recipe, recipe
from textclf.config.config import load_config
from textclf.config.starter import starter_config
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError
from textclf.preprocessing.tokenizers import byte_pair

ENGLISH = "this is a {} film and it has the number {}"


@pytest.fixture
def written(here, monkeypatch):
    """The config for so many texts a label."""
    monkeypatch.setenv("PATH", str(here))  # without the driver of a GPU

    def write(texts_a_label, text="a {} film number {}", labels=("good", "poor"), **choices):
        rows = [
            f"{text.format(word, number)},{label}"
            for number in range(texts_a_label)
            for word, label in zip(cycle(("fine", "bad")), labels, strict=False)
        ]
        (here / "data.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
        return starter_config("data.csv", encoder=choices.pop("encoder", BERT), **choices)

    return write


def loaded(content):
    return load_config(parse_yaml(content).data)


def test_few_texts_a_label_train_a_linear_layer_on_the_frozen_encoder(written):
    content = written(16)
    config = loaded(content)
    assert (config.model.architecture, config.model.trained_layers) == ("encoder", 0)
    assert config.training.optimizer == "liblinear"
    assert config.training.inverse_regularization == [10.0]  # seven texts choose nothing
    assert config.training.refit
    assert "16 texts per label are too few to fine-tune it" in content
    assert "about a minute on this machine" in content


@pytest.mark.parametrize(
    ("texts_a_label", "choices", "steps"), [(16, {}, 20), (8, {}, 20), (7, {}, 0), (16, {"time": "quick"}, 0)]
)
def test_two_labels_with_few_texts_have_a_contrastive_step(written, monkeypatch, texts_a_label, choices, steps):
    content = written(texts_a_label, **choices)
    assert loaded(content).model.contrastive_steps == steps
    assert ("contrastive_steps" in content) == bool(steps)
    monkeypatch.setattr(encoder_recipe, "FEW_LABELS", 1)
    assert loaded(written(texts_a_label)).model.contrastive_steps == 0


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (("good", "poor"), ["This text is good.", "This text is poor."]),
        (("PlayMusic", "play_list"), ["This text is play music.", "This text is play list."]),
        (("yes", "no: never"), ["This text is yes.", "This text is no: never."]),
        (("好评", "差评"), ["好评", "差评"]),
        (("label 0", "label 1"), None),
        (("0", "1"), None),
        (("B", "M"), None),
    ],
)
def test_few_texts_are_joined_by_the_names_of_labels_if_these_are_words(written, names, texts):
    model = loaded(written(16, labels=names)).model
    assert model.label_texts == (texts and dict(zip(names, texts, strict=True)))
    if texts:
        assert model.label_text_weight == 16
    assert getattr(loaded(written(17, labels=names)).model, "label_texts", None) is None


def test_beside_an_encoder_many_labels_have_fewer_ngrams(written):
    assert loaded(written(17)).preprocessing.ngrams.most_ngrams == 2**19
    many = loaded(written(17, labels=[f"label {number}" for number in range(30)])).preprocessing.ngrams
    assert many.most_ngrams == 3 * 2**18 // 30


def test_more_texts_have_n_grams_beside_the_frozen_encoder(written):
    config = loaded(written(17))
    *ngrams, encoder = config.model.members
    assert {member.model.architecture for member in ngrams} == {"ngrams"}
    assert (encoder.model.trained_layers, encoder.training.optimizer) == (0, "liblinear")
    assert config.preprocessing.ngrams.min_frequency == 1


def test_n_grams_beside_an_encoder_have_no_vectors(written, monkeypatch):
    monkeypatch.setattr(recipe, "FEW", 0)
    *ngrams, _ = loaded(written(17)).model.members
    assert [member.training.ngram_vectors for member in ngrams] == [0, 0]


@pytest.mark.parametrize(("time", "trained"), [("usual", "all"), ("quick", 0)])
def test_many_texts_tune_it_unless_it_must_be_quick(written, monkeypatch, time, trained):
    monkeypatch.setattr(encoder_recipe, "SOME_A_LABEL", 19)
    config = loaded(written(20, time=time))
    encoder = config.model.members[-1]
    assert encoder.model.trained_layers == trained
    assert config.training.refit == (trained == 0)
    if trained:
        assert (encoder.training.epochs, encoder.training.learning_rate) == (3, 1e-4)


@pytest.mark.parametrize(
    ("seconds", "time", "epochs", "length"),
    [
        (3_600, "usual", 3, 128),  # of a text as long as the tiny encoder can read
        (3_599, "usual", 1, 128),
        (1_199, "usual", 1, 40),
        (1, "usual", 1, 40),
        (1, "thorough", 3, 128),
    ],
)
def test_a_long_fine_tuning_is_shortened(written, monkeypatch, seconds, time, epochs, length):
    def needed(facts, encoder, length, epochs):
        return 1_200 * epochs * length / 128

    monkeypatch.setattr(encoder_recipe, "SOME_A_LABEL", 19)
    monkeypatch.setattr(encoder_recipe, "FINE_TUNED", ((3, 256), (1, 256), (1, 40)))
    monkeypatch.setattr(encoder_recipe, "MOST_SECONDS", seconds)
    monkeypatch.setattr(encoder_recipe, "_seconds", needed)
    content = written(20, text="good " * 150 + "{} {}", time=time)
    config = loaded(content)
    assert (config.model.members[-1].training.epochs, config.preprocessing.sequence_length) == (epochs, length)
    assert ("3 of up to 256 tokens would take 60 minutes" in content) == (epochs == 1)


def test_a_gpu_may_take_long(written, monkeypatch, tmp_path):
    monkeypatch.setattr(encoder_recipe, "SOME_A_LABEL", 19)
    monkeypatch.setattr(encoder_recipe, "MOST_SECONDS", 0)
    assert loaded(written(20)).model.members[-1].training.epochs == 1
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    content = written(20)
    assert loaded(content).model.members[-1].training.epochs == 3
    assert "without the GPU" in content


def test_the_length_is_that_of_the_texts_in_tokens_of_the_encoder(written):
    config = loaded(written(16))
    assert config.preprocessing.sequence_length == 24
    assert config.preprocessing.long_texts == "head"
    long = loaded(written(16, text="good " * 150 + "{} {}"))
    assert long.preprocessing.sequence_length == 128  # the tiny encoder reads no longer texts
    assert long.preprocessing.long_texts == "head_tail"


def test_every_setting_has_its_reason(written):
    for line in written(20).splitlines()[3:]:
        assert line.startswith(("  ", "data:", "targets:", "preprocessing:", "model:", "training:"))
        assert not line.startswith("  ") or "  # " in line


def test_pooling_is_that_of_the_encoder(written, tmp_path):
    shutil.copytree(BERT, tmp_path / "encoder")
    assert loaded(written(16, encoder="encoder")).model.pooling == "mean"
    (tmp_path / "encoder/1_Pooling").mkdir()
    (tmp_path / "encoder/1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    assert loaded(written(16, encoder="encoder")).model.pooling == "cls"


def test_an_encoder_that_is_not_there_is_an_error(written):
    with pytest.raises(ConfigError, match="there is no such folder"):
        written(16, encoder="no/such/folder")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (ENGLISH, None),
        ("这个电影真的很好看 {} {}", "of the tokens of the texts"),
        ("el gato de la casa {} {}", "was trained on English"),
    ],
)
def test_an_encoder_of_another_language_is_a_warning(written, monkeypatch, caplog, text, warning):
    monkeypatch.setattr(encoder_recipe, "SHORT_NAMES", [BERT])
    written(20, text=text)
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (warning is not None)
    assert all(warning in message for message in warnings)


def test_with_an_encoder_no_pieces_of_words_are_learned(written, monkeypatch):
    monkeypatch.setattr(byte_pair, "learn", None)  # would raise
    assert loaded(written(20, text="คำไทยไม่มีช่องว่าง {} {}")).preprocessing.tokenizer == "pretrained"


def test_without_one_it_is_said_what_suits_the_language(written, caplog):
    caplog.set_level("INFO")
    written(20, encoder=None, text=ENGLISH)
    assert "--encoder minilm" in caplog.text
    caplog.clear()
    written(20, encoder=None, text="这个电影真的 {} 很好看第{}个的电影我们都很喜欢看了又看还想再看一次")
    assert "--encoder BAAI/bge-small-zh-v1.5" in caplog.text
    caplog.clear()
    written(20, encoder=None, text="Отличный {} фильм и всем советую {}")
    assert "--encoder intfloat/multilingual-e5-small" in caplog.text
    caplog.clear()
    written(20, encoder=None, text="Der Film {} war wirklich gut und ich will ihn noch einmal sehen {}")
    assert "--encoder intfloat/multilingual-e5-small" in caplog.text
    caplog.clear()
    written(20, encoder=None, text="ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ {} {}")
    assert "--encoder" not in caplog.text
