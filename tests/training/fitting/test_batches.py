"""Batches of training: every text once an epoch, shuffled, of similar length, padded as asked."""

import itertools
import os

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from textclf.core.memmap import map_file
from textclf.preprocessing.ragged import Ragged, pad
from textclf.training.fitting.batches import (
    TrainingRows,
    evaluation_batches,
    num_steps,
    pool_of,
    shuffled,
    training_batches,
)


def batches_of(lengths, batch_size, random):
    """All batches of an epoch."""
    order = shuffled(len(lengths), batch_size, random)
    pools = [pool_of(order, number, batch_size, lengths.__getitem__) for number in range(len(order.batches))]
    return np.concatenate(pools)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=400), st.integers(1, 7), st.integers(0, 9))
def test_every_row_comes_once_an_epoch(lengths, batch_size, seed):
    batches = batches_of(np.array(lengths), batch_size, np.random.default_rng(seed))
    assert batches.shape == (num_steps(len(lengths), batch_size), batch_size)
    assert sorted(batches[batches >= 0]) == list(range(len(lengths)))
    assert (batches >= 0).any(axis=1).all()


def test_batches_hold_texts_of_similar_length():
    lengths = np.random.default_rng(0).integers(1, 200, 3200)
    batches = batches_of(lengths, 32, np.random.default_rng(1))
    spread = np.ptp(lengths[batches], axis=1)
    assert np.median(spread) < 10


def test_epochs_differ_and_seeds_repeat():
    lengths = np.arange(1, 101)
    orders = [batches_of(lengths, 10, np.random.default_rng([seed, epoch])) for seed, epoch in ((1, 0), (1, 1), (1, 0))]
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[0], orders[2])


def test_the_order_is_that_of_earlier_versions():
    """A training that was interrupted would otherwise go on with other batches."""
    order = batches_of(np.arange(1000) * 7919 % 23, 3, np.random.default_rng([1, 0]))
    assert order[:2].tolist() == [[790, 823, 777], [838, 10, 286]]
    assert order.sum(axis=0).tolist() == [168064, 161353, 170081]


@pytest.fixture
def rows():
    lengths = np.random.default_rng(0).integers(1, 9, 50)
    return Ragged.from_lengths(np.arange(1, lengths.sum() + 1), lengths)  # every id occurs once, in one row


@pytest.mark.parametrize("padding", ["right", "left"])
def test_the_tensors_are_what_padding_with_numpy_gives(rows, padding):
    classes = np.arange(50, dtype=np.int32)
    steps = num_steps(50, 8)
    batches = training_batches(TrainingRows({"token_ids": rows}, classes), batch_size=8, seed=3, padding=padding)
    seen = []
    for inputs, labels in itertools.islice(batches, 2 * steps):
        numbers = labels.numpy()
        seen.extend(numbers)
        texts = [rows.values[rows.offsets[number] : rows.offsets[number + 1]] for number in numbers]
        expected = pad(
            Ragged.from_lengths(np.concatenate(texts), np.array([len(text) for text in texts])), side=padding
        )
        np.testing.assert_array_equal(inputs["token_ids"].numpy(), expected)
    assert sorted(seen[:50]) == sorted(seen[50:]) == list(range(50))
    assert seen[:50] != seen[50:]


def test_batches_from_any_step_are_those_of_the_whole_training():
    lengths = np.random.default_rng(0).integers(1, 9, 200)
    rows = Ragged.from_lengths(np.arange(1, lengths.sum() + 1), lengths)
    options = {"batch_size": 2, "seed": 3, "padding": "right"}  # 100 steps: two pools an epoch
    texts = TrainingRows({"token_ids": rows}, np.arange(200))
    whole = [labels.numpy() for _, labels in itertools.islice(training_batches(texts, **options), 210)]
    for first_step in (1, 50, 53, 100, 199, 200):
        rest = training_batches(texts, **options, first_step=first_step)
        expected = whole[first_step:]
        for (_, labels), wanted in zip(itertools.islice(rest, len(expected)), expected, strict=True):
            np.testing.assert_array_equal(labels.numpy(), wanted)


def test_evaluation_takes_every_row_by_length(rows):
    batches = list(evaluation_batches({"token_ids": rows}, batch_size=8, padding="right"))
    numbers = np.concatenate([numbers for numbers, _ in batches])
    assert sorted(numbers) == list(range(50))
    assert (np.diff(rows.lengths[numbers]) >= 0).all()
    for some, inputs in batches:
        expected = [rows.values[rows.offsets[number] : rows.offsets[number + 1]] for number in some]
        assert [row[row > 0].tolist() for row in inputs["token_ids"]] == [row.tolist() for row in expected]


def test_nothing_is_tuned_that_the_end_of_a_training_would_wait_for(rows):
    classes = np.zeros(50, np.int32)
    training = training_batches(TrainingRows({"token_ids": rows}, classes), batch_size=2, seed=0, padding="right")
    assert training.options().autotune.enabled is False


def test_a_cache_that_somebody_shortens_ends_a_training_with_a_sentence(tmp_path):
    path = tmp_path / "ids"
    path.write_bytes(np.ones(1000, np.int32).tobytes())
    with path.open("rb") as stream:
        rows = Ragged(map_file(stream, np.int32), np.arange(1001))
    texts = TrainingRows({"token_ids": rows}, np.zeros(1000))
    batches = iter(training_batches(texts, batch_size=1, seed=0, padding="right"))
    next(batches)
    os.truncate(path, 0)
    with pytest.raises(tf.errors.OpError, match="file was truncated"):
        list(itertools.islice(batches, 1000))
    os.truncate(path, 4000)  # TensorFlow may keep the array: the next training in this process reads its own
