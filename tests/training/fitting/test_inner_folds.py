"""Inner folds: what predictions of texts by networks that have not learned them decide."""

import json

import numpy as np
import pytest
from scipy.special import expit

import textclf
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, DataError
from textclf.core.run_folder import RunFolder
from textclf.data.in_memory import read_tables
from textclf.data.loading import encode_labels, read_splits
from textclf.evaluation.thresholds import choose_thresholds
from textclf.export.export import export
from textclf.training.encoded_dataset import TrainingTexts, encode
from textclf.training.fitting import ensemble
from textclf.training.fitting.inner_folds import fit_folds
from textclf.training.fitting.task import build_task, inner_folds

LIBLINEAR = {"optimizer": "liblinear", "loss": "squared_hinge", "inverse_regularization": [0.01, 1.0]}
MEMBERS = [
    {"model": {"architecture": "ngrams"}, "training": LIBLINEAR},
    {"model": {"architecture": "cnn", "embedding_dim": 8, "widths": [2]}},
]
TRAINING = {"epochs": 2, "learning_rate": 0.05, "inner_folds": 2, "refit": True}


def test_predictions_of_all_texts_decide(workplace, tiny_config, monkeypatch):
    seen = []

    def watched(member, folds, folder, log_history):
        network = fit_folds(member, folds, folder, log_history)
        seen.append((network, folds))
        return network

    monkeypatch.setattr(ensemble, "fit_folds", watched)
    run = textclf.train(tiny_config(training=TRAINING, targets={"threshold": "f1"}), run="r")
    [(network, folds)] = seen
    classifier, about = textclf.load(run), run.read_metadata()
    assert [len(task.train.classes) + len(task.validation.classes) for task in folds.tasks] == [440, 440]
    positive = expit(network.logits[:, 0] / about["temperature"])
    probabilities = np.stack([1 - positive, positive], axis=1)
    assert 0.7 < ((positive > 0.5) == folds.classes).mean() < 0.99  # of texts that were learned it would be 1
    [threshold] = classifier.decision.thresholds
    decision = folds.tasks[0].objective.decision
    best = choose_thresholds(decision, "f1", folds.classes, probabilities, classifier.targets)
    assert threshold == pytest.approx(best.thresholds[0], abs=1e-4)
    found = json.loads(run.metrics.read_text())["validation"]
    assert found["rows"] == 44
    assert found["accuracy"] == pytest.approx(((positive >= threshold) == folds.classes)[-44:].mean())


def test_an_ensemble_is_refitted_and_its_curves_are_in_the_report(workplace, tiny_config):
    config = tiny_config(preprocessing={"ngrams": {"min_frequency": 1}}, training=TRAINING)
    run = textclf.train({**config, "model": {"architecture": "ensemble", "members": MEMBERS}}, run="r")
    about, names = run.read_metadata(), ("1-ngrams", "2-cnn")
    assert (about["inner_folds"], about["refit"]) == (2, True)
    assert about["networks"]["1-ngrams"]["inverse_regularization"] == 1.0
    expected = {f"{part}-{name}" for name in names for part in ("fold-1", "fold-2", "refit")}
    assert {path.name for path in (run.path / "networks").iterdir()} == expected
    assert {path.parent.parent.name for path in run.path.rglob("*.npz")} == {f"refit-{name}" for name in names}
    assert json.loads(run.metrics.read_text())["test"]["accuracy"] > 0.7
    assert "Learning curves of the first inner fold" in textclf.write_report(run).read_text()
    assert export("r", format="keras").path.exists()  # which compares the refitted networks with the classifier


def folds_of(data, tiny_config, cache, **training):
    config = load_config(tiny_config(training={**TRAINING, **training}) | {"data": {"train": "-"}})
    splits, targets = read_splits(config.data, config.targets, 1, read_tables(data, config.data))
    texts = TrainingTexts(splits, encode_labels(splits, targets))
    return inner_folds(config, texts, cache, build_task(config, encode(config, texts, cache), targets))


def test_folds_are_stratified_and_keep_identical_texts_together(workplace, tiny_config):
    data = {"train": {"text": [f"text{row % 50}" for row in range(100)], "label": ["a", "b"] * 50}}
    folds = folds_of(data, tiny_config, workplace / "cache", inner_folds=5)
    assert sorted(np.bincount(folds.of_texts)) == [20] * 5
    for number, task in enumerate(folds.tasks):
        classes = folds.classes[folds.of_texts == number]
        np.testing.assert_array_equal(task.validation.classes, classes)
        assert abs(classes.mean() - 0.5) <= 0.1
        # A preprocessor that knew the held-out texts would have one more id for each of them.
        assert task.preprocessor.num_ids == 2 + 40
        assert set(task.validation.arrays["token_ids"].values) == {1}


def test_too_few_texts_for_the_folds(workplace, tiny_config):
    data = {"train": {"text": ["a b", "b c", "c d", "d e"], "label": ["x", "y"] * 2}}
    with pytest.raises(DataError, match=r"training\.inner_folds: expected fewer than 5 folds, because train"):
        textclf.train(tiny_config(training={**TRAINING, "inner_folds": 5}) | {"data": {}}, data=data)
    assert not RunFolder("runs").path.exists()


def test_the_networks_of_folds_only_choose(tiny_config):
    with pytest.raises(ConfigError, match=r"training\.refit  expected true with inner_folds"):
        load_config(tiny_config(training={**TRAINING, "refit": False}))


def test_a_cluster_has_no_inner_folds(workplace, tiny_config, monkeypatch):
    processes = {"cluster": {"worker": ["localhost:1", "localhost:2"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(processes))
    with pytest.raises(ConfigError, match="a training with inner folds is the work of one"):
        textclf.train(tiny_config(training=TRAINING))
    assert not RunFolder("runs").path.exists()
