"""Validation: the engine predicts what Keras predicts, with the weights of the moment, and changes nothing."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from textclf.core.errors import TrainingError
from textclf.data.targets import Targets
from textclf.evaluation.metrics import measure
from textclf.inference.decisions import Decision
from textclf.inference.onnx.session import GraphError
from textclf.models import build_model
from textclf.models.lstm import Options
from textclf.models.sizes import Sizes
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import Ragged, pad
from textclf.preprocessing.tokenizers.word import Options as Words
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.optimizers import build_optimizer
from textclf.training.fitting.task import Objective, Task
from textclf.training.fitting.validation import log_loss, predict_logits, predict_probabilities, validation_metrics

LENGTHS = np.random.default_rng(1).integers(1, 30, 301)
TEXTS = Ragged.from_lengths(np.random.default_rng(2).integers(1, 50, LENGTHS.sum()).astype(np.int32), LENGTHS)
SPLIT = EncodedDataset({"token_ids": TEXTS}, np.random.default_rng(3).integers(0, 3, 301))
TARGETS = Targets("multiclass", list("abc"), [1, 1, 1], ["a"])


@pytest.fixture(params=["right", "left"])
def task(request):
    options = Words(vocabulary_size=50, sequence_length=30, padding=request.param)
    return Task(SPLIT, SPLIT, Preprocessor.fit(options, ["a text"]), Objective(TARGETS, Decision()), seed=1)


def network(**settings) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = build_model(Options(units=8, embedding_dim=4, dropout=0.5, **settings), Sizes(50, 30, 0), num_outputs=3)
    options = SimpleNamespace(optimizer="adam", ema_decay=None, weight_decay=0, clip_norm=None)
    model.compile(build_optimizer(options, learning_rate=0.1), "sparse_categorical_crossentropy")
    return model


def test_the_engine_and_keras_predict_the_same_by_the_weights_of_the_moment(task):
    model, padding = network(), task.preprocessor.options.padding
    inputs = {"token_ids": pad(TEXTS, side=padding)}
    for _ in range(2):
        expected = model.predict_on_batch(inputs)
        np.testing.assert_allclose(predict_logits(model, SPLIT.arrays, padding=padding), expected, atol=1e-6)
        probabilities = keras.ops.softmax(expected)
        np.testing.assert_allclose(predict_probabilities(model, task), probabilities, atol=1e-6)
        model.set_weights([weight + 0.1 for weight in model.get_weights()])


def test_the_metrics_are_those_of_the_probabilities(task):
    model = network()
    measured = measure(SPLIT.classes, predict_probabilities(model, task), TARGETS, Decision())
    metrics = validation_metrics(model, task)
    assert metrics["loss"] == pytest.approx(measured["log_loss"])
    assert metrics["accuracy"] == pytest.approx(measured["accuracy"])


@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.5])
def test_validation_draws_no_random_numbers_of_the_training(recurrent_dropout, task):
    model = network(recurrent_dropout=recurrent_dropout)
    before = [variable.numpy().copy() for variable in model.variables]
    validation_metrics(model, task)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_predictions_that_are_not_finite_end_the_training(task):
    model = network()
    model.set_weights([weight * np.nan for weight in model.get_weights()])
    with pytest.raises(TrainingError, match=r"the validation loss became nan at step 0 with learning rate 0\.1"):
        validation_metrics(model, task)


def test_an_engine_without_memory_is_not_taken_for_a_loss_that_is_no_number(task, monkeypatch):
    def fail(*_):
        raise GraphError("a batch needs more than 2 GiB of memory")

    monkeypatch.setattr("textclf.inference.engine.Engine.run", fail)
    with pytest.raises(TrainingError, match="cannot predict the validation texts: a batch needs more than 2 GiB"):
        predict_probabilities(network(), task)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_the_log_loss_of_logits_is_that_of_their_probabilities():
    random = np.random.default_rng(0)
    logits, classes = random.normal(size=(50, 3)) * 3, random.integers(3, size=50)
    expected = -np.log(softmax(logits)[np.arange(50), classes]).mean()
    assert log_loss(classes, logits, "softmax") == pytest.approx(expected)
    truth = random.dirichlet([1, 1, 1], 50)
    assert log_loss(truth, logits, "softmax") == pytest.approx(-(truth * np.log(softmax(logits))).sum(axis=1).mean())
    labels = random.integers(2, size=(50, 3))
    rights = 1 / (1 + np.exp(np.where(labels, -logits, logits)))
    assert log_loss(labels, logits, "sigmoid") == pytest.approx(-np.log(rights).mean())
    assert log_loss(labels[:, 0], logits[:, :1], "sigmoid") == pytest.approx(-np.log(rights[:, 0]).mean())


def test_the_log_loss_of_a_certain_mistake_is_finite():
    assert log_loss(np.array([1]), np.array([[2000.0, 0.0]]), "softmax") == pytest.approx(2000)
    assert log_loss(np.array([1]), np.array([[-2000.0]]), "sigmoid") == pytest.approx(2000)
