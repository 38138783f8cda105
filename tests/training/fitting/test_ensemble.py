"""Fitting: which epoch is kept, when it stops, several networks and their weights, refitting."""

import json

import numpy as np
import pytest

import textclf
from tests.csv_files import read_rows
from textclf.core.errors import TrainingError
from textclf.core.find_run import latest_run
from textclf.models.checkpoints import load_checkpoint
from textclf.training.fitting.callbacks import StopAtNonFiniteLoss
from textclf.training.fitting.ensemble import combine_logits, fit_ensemble_weights

RANDOM = np.random.default_rng(0)
CLASSES = RANDOM.integers(0, 3, 2000)
TRUE = 3.0 * np.eye(3)[CLASSES] + RANDOM.gumbel(size=(2000, 3))  # classes are drawn by these logits


def train(config, *overrides, run="r"):
    return textclf.train(config, overrides, run=run)


def test_the_best_epoch_is_kept_and_patience_ends_the_training(workplace, tiny_config):
    stopping = {"metric": "accuracy", "patience": 2}
    run = train(tiny_config(training={"epochs": 40, "learning_rate": 0.1, "early_stopping": stopping}))
    values = [float(row["validation_accuracy"]) for row in read_rows(run.history)]
    about = run.read_metadata()["networks"]["cnn"]
    best = int(np.argmax(values))
    assert about["best_epoch"] == best + 1
    assert about["epochs"] == len(values) == best + 1 + 2 < 40
    kept = json.loads(run.metrics.read_text())["validation"]["accuracy"]
    assert kept == pytest.approx(values[best], abs=1e-6)
    assert "stopped early" in run.log.read_text()


def test_loss_is_better_when_lower(workplace, tiny_config):
    run = train(tiny_config(training={"epochs": 6, "learning_rate": 0.1, "early_stopping": None}))
    losses = [float(row["validation_loss"]) for row in read_rows(run.history)]
    assert len(losses) == 6
    assert run.read_metadata()["networks"]["cnn"]["best_epoch"] == int(np.argmin(losses)) + 1


def test_a_loss_that_is_no_number_ends_the_run_and_says_what_to_try(workplace, tiny_config):
    config = tiny_config(training={"learning_rate": 1e38, "clip_norm": None, "epochs": 30})
    with pytest.raises(TrainingError, match=r"at step \d+ with learning rate 1e\+38. Try a tenth of it"):
        train(config)
    about = json.loads((workplace / "runs/r/run.json").read_text())
    assert about["status"] == "failed"
    assert not (workplace / "runs/r/classifier").exists()
    assert latest_run() is None


def test_the_best_weights_stay_when_the_loss_is_no_number_any_more(workplace, tiny_config, monkeypatch):
    end = StopAtNonFiniteLoss.on_train_batch_end

    def leap(self, batch, logs):
        if int(self.model.optimizer.iterations) == 20:  # of 13 in an epoch
            self.model.trainable_variables[0].assign(self.model.trainable_variables[0] * np.nan)
        end(self, batch, logs)

    monkeypatch.setattr(StopAtNonFiniteLoss, "on_train_batch_end", leap)
    monkeypatch.setattr("textclf.training.fitting.loop.LONGEST_CALL", 0)
    with pytest.raises(TrainingError, match=r"the loss became nan at step 21 with learning rate 0\.01\. Try a tenth"):
        train(tiny_config())
    kept = load_checkpoint(workplace / "runs/r/checkpoints/best.npz")[1].values()
    assert all(np.isfinite(array).all() for array in kept)


def test_an_ensemble_is_fitted_network_by_network_and_answers_as_one(workplace, tiny_config):
    members = [{"model": {"architecture": "ngrams"}, "training": {"epochs": 3, "learning_rate": 0.1}}]
    members += [{"model": {"architecture": "cnn", "embedding_dim": 8, "widths": [2]}}]
    config = tiny_config(preprocessing={"ngrams": {"min_frequency": 1}})
    run = train({**config, "model": {"architecture": "ensemble", "members": members}})
    about = run.read_metadata()
    names = ["1-ngrams", "2-cnn"]
    assert list(about["networks"]) == names
    assert [network["epochs"] for network in about["networks"].values()] == [3, 2]
    for name in names:
        assert run.network(name).best_checkpoint.exists()
        assert len(read_rows(run.network(name).history)) == about["networks"][name]["epochs"]
    classifier = textclf.load(run)
    assert classifier.preprocessor.names == ("ngram_ids", "ngram_weights", "token_ids")
    together = classifier.predict_proba(["a wonderful film", "the worst of all", ""])
    alone = [classifier.predict_proba([text])[0] for text in ("a wonderful film", "the worst of all", "")]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert json.loads(run.metrics.read_text())["test"]["accuracy"] > 0.6


def test_refit_learns_from_validation_too_and_measures_it_before(workplace, tiny_config):
    plain = tiny_config(training={"epochs": 3, "learning_rate": 0.05})
    before = train(plain, run="before")
    after = train({**plain, "training": {**plain["training"], "refit": True}}, run="after")
    [best] = [network["best_epoch"] for network in after.read_metadata()["networks"].values()]
    assert read_rows(after.history) == read_rows(before.history)
    refitted = read_rows(after.network("refit-cnn").history)
    assert len(refitted) == best
    assert not any(name.startswith("validation") for name in refitted[0])
    first, second = (json.loads(run.metrics.read_text()) for run in (before, after))
    assert second["validation"] == first["validation"]
    assert second["test"]["log_loss"] != first["test"]["log_loss"]
    rows = [json.loads(run.metrics.read_text())["train"]["rows"] for run in (before, after)]
    assert rows == [396, 396]


def test_refit_knows_the_words_and_ngrams_of_validation(workplace, tiny_config):
    data = {
        "train": {"text": ["a good film", "a bad film"] * 8, "label": ["good", "bad"] * 8},
        "validation": {"text": ["a wonderful film", "a bad one"], "label": ["good", "bad"]},
        "test": {"text": ["never seen", "a bad film"], "label": ["good", "bad"]},
    }
    config = tiny_config() | {"data": {}, "model": {"architecture": "ngrams"}}
    run = textclf.train(config, ["training.refit=true", "training.epochs=1"], run="r", data=data)
    preprocessor = textclf.load(run).preprocessor
    assert set(preprocessor.state["vocabulary"]) == {"a", "good", "bad", "film", "wonderful", "one"}
    assert preprocessor.ngrams.texts == 18


def test_validation_several_times_an_epoch(workplace, tiny_config):
    """396 texts in batches of 32 are 13 steps, a quarter 3; patience and the best are counted in quarters."""
    stopping = {"metric": "loss", "patience": 2}
    parts = {"validations_per_epoch": 4, "epochs": 9, "early_stopping": stopping, "learning_rate": 0.1, "refit": True}
    run = train(tiny_config(training=parts))
    rows, about = read_rows(run.history), run.read_metadata()["networks"]["cnn"]
    assert [float(row["epoch"]) for row in rows] == [(number + 1) / 4 for number in range(len(rows))]
    losses = [float(row["validation_loss"]) for row in rows]
    best = int(np.argmin(losses)) + 1
    assert len(losses) == best + 2 < 36
    assert (about["best_epoch"], about["epochs"]) == (best / 4, len(losses) / 4)
    _, last = load_checkpoint(run.last_checkpoint)
    assert next(int(value) for name, value in last.items() if name.endswith("iteration")) == 3 * len(losses)
    refitted = load_checkpoint(run.network("refit-cnn").last_checkpoint)[0]
    assert refitted["position"]["epoch"] == best


def test_a_network_that_is_too_sure_of_itself_is_scaled_down():
    logits = np.log(np.eye(3)[CLASSES] * 0.7 + 0.1)  # right probabilities would be these
    flipped = np.where(RANDOM.uniform(size=2000) < 0.8, CLASSES, RANDOM.integers(0, 3, 2000))
    [weight] = fit_ensemble_weights([4 * logits], flipped, "softmax")
    [unscaled] = fit_ensemble_weights([logits], flipped, "softmax")
    assert weight == pytest.approx(unscaled / 4, abs=0.01)
    assert weight < 0.5


def test_noise_gets_no_weight():
    weights = fit_ensemble_weights([TRUE, RANDOM.normal(size=TRUE.shape)], CLASSES, "softmax")
    assert weights[0] > 0.3
    assert weights[1] < 0.1


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_few_texts_without_a_mistake_make_no_ensemble_certain(activation):
    classes = np.arange(60) % 2
    logits = np.array([[1.0, -1.0], [-1.0, 1.0]])[classes] if activation == "softmax" else 2.0 * classes[:, None] - 1
    weights = fit_ensemble_weights([logits, logits], classes, activation)
    margin = sum(weights) * (2 if activation == "softmax" else 1)
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(1 - 1 / 62 / 2, abs=1e-3)


def test_two_that_err_differently_both_count():
    first, second = (TRUE + RANDOM.normal(0, 3, TRUE.shape) for _ in range(2))
    weights = fit_ensemble_weights([first, second], CLASSES, "softmax")
    assert weights[0] == pytest.approx(weights[1], rel=0.3)
    right = [
        (logits.argmax(1) == CLASSES).mean() for logits in (first, second, combine_logits([first, second], weights))
    ]
    assert right[2] > max(right[:2])


@pytest.mark.parametrize("units", [1, 4])
def test_weights_of_a_sigmoid_are_those_of_least_loss(units):
    truth = RANDOM.integers(0, 2, (500, units)).astype(np.float32)
    logits = [2 * truth - 1 + RANDOM.normal(0, 1.5, truth.shape) for _ in range(2)]

    def loss(weights):
        joined = combine_logits(logits, weights)
        probabilities = 1 / (1 + np.exp(-joined))
        return -np.log(np.where(truth == 1, probabilities, 1 - probabilities)).mean()

    found = fit_ensemble_weights(logits, truth[:, 0] if units == 1 else truth, "sigmoid")
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        assert loss(found) <= loss([weight + more for weight, more in zip(found, step, strict=True)])
