"""Inner folds: what predictions of texts by networks that have not learned them decide, with a refit and without."""

import csv
import json

import numpy as np
import pytest
from scipy.special import expit

import textclf
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, DataError
from textclf.core.files import read_untrusted
from textclf.core.run_folder import RunFolder
from textclf.data.loading import encode_labels, read_splits
from textclf.evaluation.thresholds import choose_thresholds
from textclf.export.export import export
from textclf.training.fitting import ensemble
from textclf.training.fitting.inner_folds import all_folds, fit_folds
from textclf.training.fitting.task import fold_task, inner_folds

LIBLINEAR = {"optimizer": "liblinear", "loss": "squared_hinge", "inverse_regularization": [0.01, 1.0]}
MEMBERS = [
    {"model": {"architecture": "ngrams"}, "training": LIBLINEAR},
    {"model": {"architecture": "cnn", "embedding_dim": 8, "widths": [2]}},
]
TRAINING = {"epochs": 2, "learning_rate": 0.05, "inner_folds": 2}


@pytest.fixture
def config(tiny_config):
    def changed(**training):
        whole = tiny_config(preprocessing={"ngrams": {"min_frequency": 1}}, training={**TRAINING, **training})
        return {**whole, "model": {"architecture": "ensemble", "members": MEMBERS}}

    return changed


def test_no_network_has_learned_the_texts_that_it_predicts(workplace, tiny_config, monkeypatch):
    fitted = []

    def watched(member, whole, folds, folder, log_history):
        network = fit_folds(member, whole, folds, folder, log_history)
        for number, part in enumerate(network.of_folds):
            task = fold_task(whole, folds, number)
            np.testing.assert_array_equal(network.logits[folds == number], part.logits)
            assert len(task.train.classes) + len(part.logits) == len(whole.train.classes) == 440
            np.testing.assert_array_equal(task.validation.classes, whole.train.classes[folds == number])
        fitted.append((network, whole))
        return network

    monkeypatch.setattr(ensemble, "fit_folds", watched)
    run = textclf.train(tiny_config(training={**TRAINING, "refit": True}, targets={"threshold": "f1"}), run="r")
    [(network, whole)] = fitted
    classifier, classes = textclf.load(run), whole.train.classes
    positive = expit(network.logits[:, 0] / run.read_metadata()["temperature"])
    probabilities = np.stack([1 - positive, positive], axis=1)
    [threshold] = classifier.decision.thresholds
    best = choose_thresholds(whole.objective.decision, "f1", classes, probabilities, classifier.targets)
    assert threshold == pytest.approx(best.thresholds[0], abs=1e-4)
    right = (positive >= threshold) == classes
    found = json.loads(run.metrics.read_text())["validation"]
    assert found["rows"] == 44
    assert found["accuracy"] == pytest.approx(right[-44:].mean())


@pytest.mark.parametrize("refit", [True, False])
def test_an_ensemble_is_one_graph_and_its_curves_are_in_the_report(workplace, config, refit):
    run = textclf.train(config(refit=refit), run="r")
    about = run.read_metadata()
    assert (about["inner_folds"], about["refit"]) == (2, refit)
    assert about["networks"]["1-ngrams"]["inverse_regularization"] == 1.0
    folds = {f"fold-{number}-{name}" for number in (1, 2) for name in ("1-ngrams", "2-cnn")}
    refitted = {f"refit-{name}" for name in ("1-ngrams", "2-cnn")}
    assert {path.name for path in (run.path / "networks").iterdir()} == folds | (refitted if refit else set())
    assert json.loads(run.metrics.read_text())["test"]["accuracy"] > 0.7
    textclf.write_report(run)
    assert b"Learning curves" in read_untrusted(run.path, "report.html", 10**8)
    assert export("r", format="keras").path.exists()  # which compares all final networks with the classifier


def test_without_a_refit_the_networks_of_all_folds_are_averaged(workplace, config, monkeypatch):
    given = []

    def watched(networks, scales, whole):
        given.extend(all_folds(networks, scales, whole))
        return given

    monkeypatch.setattr(ensemble, "all_folds", watched)
    run = textclf.train(config(refit=False), run="r")
    (parts, scales), about = given, run.read_metadata()
    weights = [about["networks"][name]["weight"] / about["temperature"] for name in ("1-ngrams", "2-cnn")]
    assert scales == pytest.approx([weight / 2 for weight in weights for _ in range(2)])
    logits = sum(scale * part.logits for scale, part in zip(scales, parts, strict=True))
    with run.path.joinpath("splits.csv").open(newline="") as stream:
        rows = [int(line["row"]) for line in csv.DictReader(stream) if line["split"] == "validation"]
    with (workplace / "data/toy_en/train.csv").open(newline="", encoding="utf-8") as stream:
        texts = [line["text"] for line in csv.DictReader(stream)]
    predicted = textclf.load(run).predict_proba([texts[row - 1] for row in rows])[:, 1]
    np.testing.assert_allclose(predicted, 1 / (1 + np.exp(-logits[:, 0])), atol=1e-5)


def test_folds_are_stratified_and_keep_identical_texts_together(workplace, tiny_config):
    data = {"train": {"text": [f"text {row % 50}" for row in range(100)], "label": ["a", "b"] * 50}}
    config = load_config(tiny_config() | {"data": {"train": "-"}})
    splits, targets = read_splits(config.data, config.targets, 1, textclf.data.in_memory.read_tables(data, config.data))
    folds = inner_folds(splits, 5, seed=1)
    classes = np.concatenate([encode_labels(splits, targets)[name] for name in ("train", "validation")])
    texts = [text.as_py() for name in ("train", "validation") for text in splits[name].texts]
    assert sorted(np.bincount(folds)) == [20] * 5
    assert all(abs(classes[folds == number].mean() - 0.5) <= 0.1 for number in range(5))
    assert len({(text, fold) for text, fold in zip(texts, folds, strict=True)}) == 50


def test_too_few_texts_for_the_folds(workplace, tiny_config):
    data = {"train": {"text": ["a b", "b c", "c d", "d e"], "label": ["x", "y"] * 2}}
    config = tiny_config(training={"inner_folds": 5}) | {"data": {}}
    with pytest.raises(DataError, match=r"training\.inner_folds: expected fewer than 5 folds, because train"):
        textclf.train(config, data=data)


def test_a_cluster_has_no_inner_folds(workplace, tiny_config, monkeypatch):
    processes = {"cluster": {"worker": ["localhost:1", "localhost:2"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(processes))
    with pytest.raises(ConfigError, match="a training with inner folds is the work of one"):
        textclf.train(tiny_config(training=TRAINING))
    assert not RunFolder("runs").path.exists()
