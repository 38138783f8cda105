"""What a network says to the validation texts while it is trained: what Keras says, from prepared graphs too."""

import threading

import keras
import numpy as np
import pytest

from textclf.models import build_model
from textclf.models.lstm import Options
from textclf.models.sizes import Sizes
from textclf.preprocessing.ragged import Ragged, pad
from textclf.training.fitting import validation
from textclf.training.fitting.callbacks import Validation
from textclf.training.fitting.validation import ValidationPredictor

LENGTHS = np.random.default_rng(1).integers(1, 30, 301)
TEXTS = Ragged.from_lengths(np.random.default_rng(2).integers(1, 50, LENGTHS.sum()), LENGTHS)


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return build_model(Options(units=8, embedding_dim=4, dropout=0.5), Sizes(50, 30, 0), num_units=3)


@pytest.fixture
def answers(model, monkeypatch):
    monkeypatch.setattr(validation, "MOST_ROWS", 128)
    return ValidationPredictor(model, {"token_ids": TEXTS}, padding="right", times=1)


def test_the_logits_are_keras_own_in_the_order_of_the_texts_and_of_the_weights_of_the_moment(model, answers):
    inputs = {"token_ids": pad(TEXTS, side="right")}
    for _ in range(2):
        np.testing.assert_allclose(answers.predict_logits(), model.predict_on_batch(inputs), atol=1e-6)
        model.set_weights([weight + 0.1 for weight in model.get_weights()])


def test_batches_are_about_as_large_so_that_programs_of_one_shape_suffice(answers):
    assert [len(rows) for rows, _ in answers.batches()] == [101, 101, 99]


def test_preparing_in_a_thread_makes_the_one_graph_there_is(answers):
    thread = threading.Thread(target=answers.warm_up)
    thread.start()
    thread.join()
    answers.predict_logits()
    assert answers.graph.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(("recurrent_dropout", "runs"), [(0.0, 1), (0.5, 0)])
def test_preparing_draws_no_random_numbers_of_the_training(recurrent_dropout, runs, monkeypatch):
    options = Options(units=8, embedding_dim=4, dropout=0.5, recurrent_dropout=recurrent_dropout)
    model = build_model(options, Sizes(50, 30, 0), num_units=3)
    answers, read = ValidationPredictor(model, {"token_ids": TEXTS}, padding="right", times=1), []
    batches = answers.batches
    monkeypatch.setattr(answers, "batches", lambda: read.append(1) or batches())
    before = [variable.numpy().copy() for variable in model.variables]
    answers.warm_up()
    assert len(read) == runs
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_a_fault_of_preparing_comes_where_the_figures_would():
    def fail():
        raise OSError("no room")

    validation = Validation(dict, fail)
    validation.on_train_batch_end(0)
    with pytest.raises(OSError, match="no room"):
        validation.on_epoch_end(0, {})


def test_it_is_prepared_once_beside_the_steps():
    go_on, calls = threading.Event(), []

    def prepare():
        go_on.wait(10)
        calls.append(threading.current_thread())

    validation = Validation(lambda: {"loss": 0.5}, prepare)
    validation.on_train_batch_end(0)
    validation.on_train_batch_end(1)
    assert not calls  # neither waits
    go_on.set()
    logs = {}
    validation.on_epoch_end(0, logs)
    assert logs == {"validation_loss": 0.5}
    assert len(calls) == 1
    assert calls[0] is not threading.main_thread()
