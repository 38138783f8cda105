"""Optimizers sum the gradients of a repeated token before they square them, in dense and in sparse updates."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import textclf
from tests.training.fitting.optimizers.small_network import model_of
from textclf.config.ensemble import LIBLINEAR
from textclf.config.training_options import TrainingOptions
from textclf.core.options import fields_of
from textclf.models.checkpoints import load_checkpoint
from textclf.training.fitting.optimizers import OPTIMIZERS, Adagrad, Adam, build_optimizer, lazy_rows, updates

TOKEN_IDS = np.array([[1, 1, 1, 2], [1, 3, 3, 2]])
ANSWERS = np.array([[1.0], [3.0]])
LATER = np.array([[4, 4, 1, 1], [2, 2, 2, 1]])  # rows 3 and 5 are not in this one, row 4 comes for the first time


def trained_embedding(optimizer, batches=(TOKEN_IDS, LATER, TOKEN_IDS), *, sparse: bool = False):
    model = model_of(optimizer, sparse=sparse)
    for token_ids in batches:
        model.train_on_batch(token_ids, ANSWERS)
    if sparse:
        optimizer.catch_up_rows()
    return model.get_weights()[0]


def by_hand(step, batches=(TOKEN_IDS, LATER, TOKEN_IDS), largest_norm=np.inf):
    """The embedding after the same steps, in float64 and with dense gradients.

    Args:
        step: (number from 1, weight, gradient, state of this weight) -> the new weight.
    """
    weights = [weight.astype(np.float64) for weight in model_of("sgd").get_weights()]
    states = [{} for _ in weights]
    for number, token_ids in enumerate(batches, start=1):
        embedding, kernel, bias = weights
        counts = np.stack([np.bincount(row, minlength=6) for row in token_ids]) / token_ids.shape[1]  # (texts, ids)
        error = (counts @ embedding @ kernel + bias) - ANSWERS
        gradients = [counts.T @ (error @ kernel.T), (counts @ embedding).T @ error, error.sum(axis=0)]
        norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
        scale = min(1.0, largest_norm / norm)
        weights = [
            step(number, weight, scale * gradient, state)
            for weight, gradient, state in zip(weights, gradients, states, strict=True)
        ]
    return weights[0]


def adam_step(number, weight, gradient, state):
    first, second = (state.setdefault(name, np.zeros_like(weight)) for name in ("first", "second"))
    first += 0.1 * (gradient - first)
    second += 0.001 * (gradient**2 - second)
    rate = 0.01 * np.sqrt(1 - 0.999**number) / (1 - 0.9**number)
    return weight - rate * first / (np.sqrt(second) + 1e-7)


def adagrad_step(number, weight, gradient, state):
    total = state.setdefault("total", np.full_like(weight, 0.1))
    total += gradient**2
    return weight - 0.01 * gradient / (np.sqrt(total) + 1e-7)


@pytest.fixture
def all_sparse(monkeypatch):
    """Update also the small tables of the tests sparsely."""
    monkeypatch.setattr(updates, "sparse_updates_pay", lambda *_: True)


def test_a_token_that_occurs_often_gets_the_step_of_its_summed_gradient():
    np.testing.assert_allclose(trained_embedding(Adam(0.01)), by_hand(adam_step), atol=1e-6)


LONG = [np.array([[1, 1, row, 2], [1, 3, 3, 4]]) for row in (5, 2, 2, 2, 2, 2, 5, 3, 3, 0, 5, 5, 1, 0)]


@pytest.mark.parametrize("most", [1, 2, 5, 1_000])
def test_sparse_adam_equals_dense_adam(all_sparse, monkeypatch, most):
    """Some rows are behind by some steps, also at the end, or catch up in between because a step is `MOST_STEPS`."""
    monkeypatch.setattr(lazy_rows, "MOST_STEPS", most)
    trained = trained_embedding(Adam(0.01), LONG, sparse=True)
    np.testing.assert_allclose(trained, by_hand(adam_step, LONG), atol=1e-5)


def test_a_row_catches_up_when_it_is_read_and_not_before(all_sparse):
    model = model_of(Adam(0.01), sparse=True)
    weights = []
    for token_ids in (TOKEN_IDS, LATER, LATER, TOKEN_IDS):
        model.train_on_batch(token_ids, ANSWERS)
        weights.append(model.get_weights()[0])
    rest = by_hand(adam_step, (TOKEN_IDS, LATER, LATER))[3] - by_hand(adam_step, (TOKEN_IDS,))[3]
    assert np.abs(rest).max() > 1e-3
    np.testing.assert_array_equal(weights[2][3], weights[0][3])  # row 3 is not in LATER
    whole = by_hand(adam_step, (TOKEN_IDS, LATER, LATER, TOKEN_IDS))
    np.testing.assert_allclose(weights[3][:4], whole[:4], atol=1e-5)  # row 4 is in LATER only


def test_all_rows_of_a_large_table_catch_up(all_sparse, monkeypatch):
    monkeypatch.setattr(lazy_rows, "ROWS_AT_ONCE", 4)
    np.testing.assert_allclose(trained_embedding(Adam(0.01), LONG, sparse=True), by_hand(adam_step, LONG), atol=1e-5)


def test_rows_catch_up_with_the_rates_of_the_steps_they_skipped(all_sparse):
    """With a schedule these differ from the rate of the step in which a row catches up."""
    trained = {}
    for sparse in (False, True):
        schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3, 7], [0.01, 0.1, 0.001])
        trained[sparse] = trained_embedding(Adam(schedule), LONG, sparse=sparse)
    np.testing.assert_allclose(trained[True], trained[False], atol=1e-5)


@pytest.mark.parametrize("sparse", [False, True])
def test_sparse_adagrad_equals_dense_adagrad(all_sparse, sparse):
    np.testing.assert_allclose(trained_embedding(Adagrad(0.01), sparse=sparse), by_hand(adagrad_step), atol=1e-6)


@pytest.mark.parametrize("make", [Adam, Adagrad])
def test_the_norm_is_that_of_all_gradients_together(make):
    step = {Adam: adam_step, Adagrad: adagrad_step}[make]
    clipped = by_hand(step, largest_norm=0.5)
    assert np.abs(clipped - by_hand(step)).max() > 1e-5
    np.testing.assert_allclose(trained_embedding(make(0.01, global_clipnorm=0.5)), clipped, atol=1e-6)


def test_the_norm_counts_a_repeated_row_once(all_sparse):
    trained = trained_embedding(Adam(0.01, global_clipnorm=0.5), sparse=True)
    np.testing.assert_allclose(trained, by_hand(adam_step, largest_norm=0.5), atol=1e-6)


def decayed(step, rows_only: bool):
    """Decoupled weight decay of 0.5 before a step; of a table only the rows with a gradient, of a bias nothing."""

    def decaying(number, weight, gradient, state):
        if weight.ndim == 1:
            return step(number, weight, gradient, state)
        table = rows_only and len(weight) == 6
        shrinks = gradient.any(axis=1, keepdims=True) if table else np.ones((len(weight), 1), bool)
        return step(number, weight * (1 - 0.01 * 0.5 * shrinks), gradient, state)

    return decaying


@pytest.mark.parametrize(("make", "step"), [(Adam, adam_step), (Adagrad, adagrad_step)])
@pytest.mark.parametrize("sparse", [False, True])
def test_weight_decay_leaves_alone_what_has_no_gradient(all_sparse, make, step, sparse):
    trained = trained_embedding(make(0.01, weight_decay=0.5), sparse=sparse)
    np.testing.assert_allclose(trained, by_hand(decayed(step, rows_only=True)), atol=1e-6)
    untouched = [0, 5]
    begun = model_of("sgd").get_weights()[0]
    np.testing.assert_array_equal(trained[untouched], begun[untouched])
    assert np.abs(by_hand(decayed(step, rows_only=False)) - trained)[untouched].max() > 1e-5


def test_rows_are_updated_only_where_it_is_quicker():
    # Each was measured both ways: docs/experiments.md
    quicker = {((30_000, 64), 960): True, ((500_000, 77), 32_000): True, ((500_000, 20), 32_000): True}
    slower = {((10_000, 64), 3_200): False, ((500_000, 8), 128_000): False, ((500_000, 1), 64_000): False}
    for (shape, ids), pays in (quicker | slower).items():
        assert updates.sparse_updates_pay(shape, ids) == pays, (shape, ids)


def test_it_goes_on_from_saved_variables(all_sparse):
    whole = trained_embedding(Adam(0.01), sparse=True)
    first = model_of(Adam(0.01), sparse=True)
    first.train_on_batch(TOKEN_IDS, ANSWERS)
    second = model_of(Adam(0.01), sparse=True)
    second.optimizer.build(second.trainable_variables)
    for variable, saved in zip(second.optimizer.variables, first.optimizer.variables, strict=True):
        variable.assign(saved)
    second.set_weights(first.get_weights())
    for token_ids in (LATER, TOKEN_IDS):
        second.train_on_batch(token_ids, ANSWERS)
    second.optimizer.catch_up_rows()
    np.testing.assert_array_equal(second.get_weights()[0], whole)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_follows_a_schedule_and_learns_with_fit(name):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([149], [0.1, 0.0])
    model = model_of(build_optimizer(TrainingOptions(optimizer=name), learning_rate=schedule))
    batches = tf.data.Dataset.from_tensors((TOKEN_IDS, ANSWERS)).repeat()
    losses = model.fit(batches, steps_per_epoch=50, epochs=5, verbose=0).history["loss"]
    assert losses[2] < 0.1 * losses[0]
    assert losses[4] == losses[3]  # the rate is 0 by now


def test_the_options_name_what_there_is():
    assert list(fields_of(TrainingOptions)["optimizer"].type.__args__) == [*OPTIMIZERS, LIBLINEAR]


def test_keras_itself_still_needs_this():
    difference = trained_embedding(keras.optimizers.Adam(0.01)) - by_hand(adam_step)
    assert np.abs(difference).max() > 1e-4, "Keras sums duplicates itself now: delete that part of `updates`"


def test_a_training_with_sparse_updates_equals_one_without(workplace, tiny_config, monkeypatch):
    """All rows have caught up before weights are validated and kept."""
    weights = {}
    for sparse in (False, True):
        monkeypatch.setattr(updates, "sparse_updates_pay", lambda *_, sparse=sparse: sparse)
        run = textclf.train(tiny_config(training={"epochs": 2, "batch_size": 4}), run=f"{sparse}")
        weights[sparse] = load_checkpoint(run.best_checkpoint)[1]
    for name, whole in weights[False].items():
        np.testing.assert_allclose(weights[True][name], whole, atol=5e-4, err_msg=name)


@pytest.mark.parametrize("name", ["adam", "adagrad"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_a_layer_may_have_a_factor_of_the_learning_rate(all_sparse, name, weight_decay):
    options = TrainingOptions(optimizer=name, weight_decay=weight_decay)

    def changes(factor, batches):
        optimizer = build_optimizer(options, learning_rate=0.01)
        model = model_of(optimizer, sparse=True, factor=factor)
        before = model.get_weights()
        for token_ids in batches:
            model.train_on_batch(token_ids, ANSWERS)
        optimizer.catch_up_rows()
        return [after - weight for after, weight in zip(model.get_weights(), before, strict=True)]

    [table, *others], [smaller, *same] = changes(None, [TOKEN_IDS]), changes(0.25, [TOKEN_IDS])
    np.testing.assert_allclose(smaller, 0.25 * table, atol=1e-7)
    for one, other in zip(others, same, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_that_catch_up_have_the_factor_too(all_sparse, monkeypatch):
    found = []
    for sparse in (True, False):
        monkeypatch.setattr(updates, "sparse_updates_pay", lambda *_, sparse=sparse: sparse)
        optimizer = build_optimizer(TrainingOptions(), learning_rate=0.01)
        model = model_of(optimizer, sparse=True, factor=0.25)
        for token_ids in (TOKEN_IDS, LATER, TOKEN_IDS):
            model.train_on_batch(token_ids, ANSWERS)
        optimizer.catch_up_rows()
        found.append(model.get_weights()[0])
    np.testing.assert_allclose(*found, atol=1e-6)
