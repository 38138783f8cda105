"""Augmentation changes token ids, and repeats its changes."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textclf
from textclf.preprocessing.ragged import Ragged, take, take_rows
from textclf.training.augmentation import augmented_rows, change_tokens, stateless_uniform
from textclf.training.fitting.batches import TrainingRows, training_batches

ROWS = Ragged.from_lengths(np.arange(10, 10 + 4000), np.tile([1, 9, 30], 100))  # every id once
NUMBERS = np.arange(300)


def changed(rows=ROWS, numbers=NUMBERS, seed=1, epoch=0, **shares):
    options = SimpleNamespace(**{"deletion": 0.0, "swap": 0.0, **shares})
    return change_tokens(rows, numbers, options, seed=seed, epoch=epoch)


def texts_of(rows):
    return [rows.values[start:end].tolist() for start, end in zip(rows.offsets, rows.offsets[1:], strict=False)]


def test_deletion_leaves_out_a_share_in_order_and_never_all():
    for before, after in zip(texts_of(ROWS), texts_of(changed(deletion=0.3)), strict=True):
        assert after
        assert after == [token for token in before if token in after]
    assert len(changed(deletion=0.3).values) / len(ROWS.values) == pytest.approx(0.7, abs=0.03)
    assert (changed(deletion=1.0).lengths == 1).all()


def test_swapping_moves_a_share_within_its_text():
    after = changed(swap=0.3)
    for old, new in zip(texts_of(ROWS), texts_of(after), strict=True):
        assert sorted(old) == sorted(new)
    assert (after.values != ROWS.values).mean() == pytest.approx(
        0.27, abs=0.04
    )  # some of the chosen stay where they are
    assert (ROWS.values == np.arange(10, 4010)).all()  # the cached rows are as they were


def test_nothing_changes_unless_it_is_asked_for():
    assert changed() is ROWS


@given(st.permutations(range(300)), st.integers(1, 300))
@settings(max_examples=20)
def test_a_text_is_changed_the_same_in_whatever_pool_it_comes(order, count):
    numbers = np.array(order[:count])
    shares = {"deletion": 0.2, "swap": 0.4}
    everything = texts_of(changed(**shares))
    assert texts_of(changed(take(ROWS, numbers), numbers, **shares)) == [everything[number] for number in numbers]


def test_epochs_and_seeds_change_texts_differently():
    for name in ("deletion", "swap"):
        first, same, epoch, seed = (
            texts_of(changed(seed=seed, epoch=epoch, **{name: 0.3})) for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))
        )
        assert first == same
        assert first != epoch
        assert first != seed


def reader(**shares):
    options = SimpleNamespace(**{"deletion": 0.0, "swap": 0.0, **shares})
    return augmented_rows({"token_ids": ROWS, "ngram_ids": ROWS}, options, seed=5)


def test_a_part_of_the_texts_reads_as_it_does_among_all():
    read = reader(deletion=0.3, swap=0.2)
    some = np.array([200, 3, 77, 4])
    expected = take_rows(read(NUMBERS, 1), some)
    for name, rows in read(some, 1).items():
        np.testing.assert_array_equal(rows.values, expected[name].values)
        np.testing.assert_array_equal(rows.offsets, expected[name].offsets)


def test_batches_are_augmented_and_the_same_when_a_training_goes_on():
    options = {"batch_size": 10, "seed": 3, "padding": "right"}
    read_rows = reader(deletion=0.3)
    rows = TrainingRows({"token_ids": ROWS, "ngram_ids": ROWS}, np.arange(300), read_rows=read_rows)
    whole = list(itertools.islice(training_batches(rows, **options), 60))  # two epochs
    again = list(itertools.islice(training_batches(rows, **options, first_step=42), 18))
    for (inputs, numbers), (same, same_numbers) in zip(whole[42:], again, strict=True):
        np.testing.assert_array_equal(numbers, same_numbers)
        np.testing.assert_array_equal(inputs["token_ids"], same["token_ids"])
    by_text = [{}, {}]
    for step, (inputs, numbers) in enumerate(whole):
        for ids, number in zip(inputs["token_ids"].numpy(), numbers.numpy(), strict=True):
            by_text[step // 30][number] = ids[ids > 0].tolist()
    assert by_text[0].keys() == by_text[1].keys() == set(range(300))
    assert sum(by_text[0][number] != by_text[1][number] for number in range(300)) > 150


def test_a_training_with_everything_on_repeats_itself(workplace, tiny_config):
    everything = {"deletion": 0.1, "swap": 0.1, "mixup": 0.4}
    config = tiny_config(training={"augmentation": everything, "epochs": 1})
    histories = [textclf.train(config, run=name).history.read_bytes() for name in ("one", "two")]
    assert histories[0] == histories[1]
    config["training"] |= {"augmentation": {**everything, "mixup": 0.0}}
    assert textclf.train(config, run="three").history.read_bytes() != histories[0]


TEXTS, POSITIONS = np.repeat(np.arange(300), 300), np.tile(np.arange(300), 300)


def test_numbers_are_even_and_independent_of_row_and_position():
    numbers = stateless_uniform((42, 0, "swap"), TEXTS, POSITIONS)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert abs(counts - 4500).max() < 300  # 4.6 deviations
    table = numbers.reshape(300, 300)
    for neighbours in (table[:, 1:] - table[:, :-1], table[1:] - table[:-1]):
        assert neighbours.std() == pytest.approx(np.sqrt(1 / 6), rel=0.02)
    assert np.abs(np.corrcoef(table[:100])[~np.eye(100, dtype=bool)]).max() < 0.35
    assert 0 <= numbers.min() < numbers.max() < 1


def test_the_same_is_drawn_for_the_same_whatever_stands_beside_it():
    all_at_once = stateless_uniform((1, 2), TEXTS, POSITIONS)
    some = np.array([7, 80_000, 3])
    np.testing.assert_array_equal(stateless_uniform((1, 2), TEXTS[some], POSITIONS[some]), all_at_once[some])


def test_another_purpose_gives_other_numbers():
    first = stateless_uniform((1, 2, "swap"), TEXTS)
    for other in ((2, 2, "swap"), (1, 3, "swap"), (1, 2, "deletion")):
        assert abs(np.corrcoef(first[::300], stateless_uniform(other, TEXTS)[::300])[0, 1]) < 0.2
