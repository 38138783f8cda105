"""The contrastive step: its loss and batches, and what a training makes of the encoder after it."""

import json
from dataclasses import replace

import numpy as np
import pytest

import textclf
from tests.pretrained import BERT
from tests.reliability.killing import differences
from tests.tolerances import assert_close
from textclf.core.errors import ConfigError
from textclf.core.run_folder import RunFolder
from textclf.core.signals import Interrupted
from textclf.training.check import check_config
from textclf.training.cross_validation import cross_validate
from textclf.training.fitting import contrastive, frozen
from textclf.training.fitting.contrastive import (
    MOST_LABELS,
    MOST_TEXTS,
    TEMPERATURE,
    BatchSampler,
    contrastive_loss,
    tune_encoder,
)
from textclf.training.fitting.validation import predict_logits
from textclf.training.learning_rate_finder import find_rates

STEPS = 3


@pytest.fixture
def config(workplace):
    """A small training of a tiny encoder."""
    rows = (workplace / "data/toy_topics/train.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (workplace / "few.csv").write_text("".join(rows[:81]), encoding="utf-8")
    model = {"architecture": "encoder", "weights": BERT, "trained_layers": 0, "contrastive_steps": STEPS}
    return {"data": {"train": "few.csv", "validation": 0.25}, "preprocessing": {"sequence_length": 24}, "model": model}


@pytest.fixture
def many_labels(config, workplace):
    rows = [f"a {word} film {number},good|{word}" for word in ("fine", "long") for number in range(8)]
    (workplace / "few.csv").write_text("\n".join(["text,label", *rows]))
    return config


def test_the_loss_is_that_of_the_paper():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(5, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = np.array([0, 1, 0, 1, 0], np.int32)
    expected = []
    for anchor in range(5):
        others = [other for other in range(5) if other != anchor]
        total = sum(np.exp(vectors[anchor] @ vectors[other] / TEMPERATURE) for other in others)
        same = [other for other in others if classes[other] == classes[anchor]]
        shares = [np.exp(vectors[anchor] @ vectors[other] / TEMPERATURE) / total for other in same]
        expected.append(-np.log(shares).mean())
    assert_close(float(contrastive_loss(vectors, classes)), np.mean(expected))


@pytest.mark.parametrize(("labels", "of_a_label"), [(2, 30), (5, 3), (500, 4)])
def test_a_batch_has_several_texts_of_a_few_labels(labels, of_a_label):
    classes = np.random.default_rng(0).permutation(np.repeat(np.arange(labels), of_a_label)).astype(np.int32)
    sampler = BatchSampler(classes, seed=1)
    for step in range(5):
        rows = sampler.rows(step)
        found, counts = np.unique(classes[rows], return_counts=True)
        assert len(rows) == len(set(rows.tolist())) <= MOST_TEXTS
        assert len(found) == min(labels, MOST_LABELS)
        assert (counts >= 2).all()
        assert rows.tolist() == BatchSampler(classes, seed=1).rows(step).tolist()
    assert rows.tolist() != sampler.rows(step + 1).tolist()
    assert rows.tolist() != BatchSampler(classes, seed=2).rows(step).tolist()


def test_a_label_with_one_text_has_no_pair():
    classes = np.array([0, 1, 1, 2, 2, 3], np.int32)
    assert {row for step in range(9) for row in BatchSampler(classes, seed=1).rows(step).tolist()} == {1, 2, 3, 4}


def test_texts_of_a_label_move_together(config, monkeypatch):
    """An encoder with random weights needs larger steps."""
    distances = []

    def note(encoder, member, task, path):
        same = task.train.classes[:, None] == task.train.classes

        def measure():
            vectors = predict_logits(encoder, task.train.arrays, padding="right")
            similarities = vectors @ vectors.T
            distances.append(similarities[same].mean() - similarities[~same].mean())

        measure()
        tuned = tune_encoder(encoder, member, task, path)
        measure()
        return tuned

    monkeypatch.setattr(contrastive, "TUNING", replace(contrastive.TUNING, learning_rate=0.01))
    monkeypatch.setattr(frozen, "tune_encoder", note)
    textclf.train(config, ["model.contrastive_steps=20"])
    before, after = distances
    assert after > before + 0.05


def test_the_classifier_has_the_tuned_encoder_and_a_refit_tunes_its_own(config, caplog):
    caplog.set_level("INFO")
    config["training"] = {"refit": True}
    plain = textclf.train(config, ["model.contrastive_steps=0"], run="plain")
    caplog.clear()
    run = textclf.train(config, run="tuned")
    assert "contrastive step: 3 steps on 60 training texts" in caplog.text
    assert "encoding 60 texts" in caplog.text  # not the vectors of the other encoder
    assert "contrastive step: 3 steps on 80 training texts" in caplog.text
    assert "encoding 80 texts" in caplog.text
    assert run.read_metadata()["onnx_difference"] < 1e-5
    texts = ["a good film", "stocks fell"]
    before, after = (textclf.load(one).predict_proba(texts) for one in (plain, run))
    assert np.abs(before - after).max() > 1e-3


def test_a_run_that_is_interrupted_within_the_step_and_after_it_ends_as_an_unbroken_one(config, monkeypatch):
    def stop(*_):
        raise Interrupted(15)

    unbroken, broken = textclf.train(config, run="unbroken"), RunFolder("runs/broken")
    for module, name in ((contrastive, "pad_arrays"), (frozen.VectorCache, "vectors")):
        assert not broken.encoder_checkpoint.exists()
        with monkeypatch.context() as patched:
            patched.setattr(module, name, stop)
            with pytest.raises(Interrupted):
                textclf.train(config, run="broken")
    assert broken.encoder_checkpoint.exists()
    textclf.resume("broken")
    assert "reused the encoder of the contrastive step" in broken.log.read_text()
    assert differences(unbroken.path, broken.path) == []


def test_without_pairs_the_step_is_skipped(config, workplace, caplog):
    rows = [f"a {word} film,{label}" for word, label in (("bad", "no"), ("good", "yes"))]
    (workplace / "few.csv").write_text("\n".join(["text,label", *rows, rows[0].replace("film", "day")]))
    run = textclf.train({**config, "data": {"train": "few.csv", "validation": "few.csv"}})
    assert "skipped the contrastive step: it needs two labels with two training texts each" in caplog.text
    assert not run.encoder_checkpoint.exists()


@pytest.mark.slow
def test_members_folds_and_rates_work_as_for_every_encoder(config):
    config["training"] = {"optimizer": "adam", "learning_rate": 0.05, "epochs": 1}
    assert len(find_rates(config)) == 1
    members = [{"model": {"architecture": "ngrams"}, "training": {"epochs": 1}}, {"model": config["model"]}]
    run = cross_validate({**config, "model": {"architecture": "ensemble", "members": members}}, folds=2)
    assert len(list(run.path.rglob("encoder.npz"))) == 2


def test_several_labels_a_text_are_an_error_before_the_training(many_labels, workplace):
    for train in (textclf.train, lambda config: cross_validate(config, folds=2)):
        with pytest.raises(ConfigError, match=r"model\.contrastive_steps: expected 0 with several labels a text"):
            train(many_labels)
    assert not (workplace / "runs").exists()
    (workplace / "config.json").write_text(json.dumps(many_labels))
    [error] = [one for one in check_config("config.json").findings if one.severity == "error"]
    assert error.subject == "model"


def test_what_rules_the_step_out_is_listed_with_all_other_faults(config):
    config["model"]["trained_layers"] = 1
    config["targets"] = {"type": "multilabel", "label_smoothing": 0.1}
    config["training"] = {"optimizer": "liblinear", "devices": 2}
    with pytest.raises(ConfigError) as caught:
        textclf.train(config)
    for message in (
        "model.contrastive_steps  expected 0 unless the encoder is frozen",
        "targets.type ",
        "expected one label a text with contrastive_steps, got 'multilabel'",
        "expected auto or 1 with contrastive_steps, got 2",
        "expected 0 with liblinear",
    ):
        assert message in str(caught.value)


def test_label_texts_are_in_its_batches(config, caplog):
    caplog.set_level("INFO")
    config["model"]["label_texts"] = {"sports": "This text is sports.", "travel": "This text is travel."}
    run = textclf.train(config, ["training.refit=false"])
    assert "contrastive step: 3 steps on 62 training texts" in caplog.text
    assert json.loads(run.metrics.read_text())["train"]["rows"] == 60
