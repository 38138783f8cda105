"""What augmentation does to token ids and to letters, and that it does the same again."""

import itertools
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textclf
from textclf.config.training_options import AugmentationOptions, TrainingOptions
from textclf.core.text_column import text_array
from textclf.models import members_of
from textclf.models.lstm import Options as Lstm
from textclf.preprocessing.ragged import Ragged, take, take_rows
from textclf.training.augmentation import augmented_rows, changed_tokens, mistyped, mistyped_copies, names_of_copies
from textclf.training.fitting.batches import training_batches

UNKNOWN = 1
ROWS = Ragged.from_lengths(np.arange(10, 10 + 4000), np.tile([1, 9, 30], 100))  # every id once
NUMBERS = np.arange(300)


def changed(rows=ROWS, numbers=NUMBERS, seed=1, epoch=0, **shares):
    options = SimpleNamespace(**{"deletion": 0.0, "swap": 0.0, "unknown": 0.0, **shares})
    return changed_tokens(rows, numbers, options, seed=seed, epoch=epoch, unknown_id=UNKNOWN)


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


def test_hiding_makes_a_share_unknown_and_nothing_else():
    after = changed(unknown=0.3)
    hidden = after.values == UNKNOWN
    assert hidden.mean() == pytest.approx(0.3, abs=0.03)
    assert (after.values[~hidden] == ROWS.values[~hidden]).all()


def test_nothing_changes_unless_it_is_asked_for():
    assert changed() is ROWS


@given(st.permutations(range(300)), st.integers(1, 300))
@settings(max_examples=20)
def test_a_text_is_changed_the_same_in_whatever_pool_it_comes(order, count):
    numbers = np.array(order[:count])
    shares = {"deletion": 0.2, "swap": 0.4, "unknown": 0.1}
    everything = texts_of(changed(**shares))
    assert texts_of(changed(take(ROWS, numbers), numbers, **shares)) == [everything[number] for number in numbers]


def test_epochs_and_seeds_change_texts_differently():
    for name in ("deletion", "swap", "unknown"):
        first, same, epoch, seed = (
            texts_of(changed(seed=seed, epoch=epoch, **{name: 0.3})) for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))
        )
        assert first == same
        assert first != epoch
        assert first != seed


def noised(texts, share, copy=0):
    return pa.concat_arrays(list(mistyped(text_array(texts), share, (1, copy)))).to_pylist()


def test_letters_are_left_out_doubled_swapped_or_replaced():
    text = "".join(chr(0x4E00 + number) for number in range(2000))  # every character once
    [after] = noised([text], 0.2)
    left_out = set(text) - set(after)
    doubled = sum(after[number] == after[number + 1] for number in range(len(after) - 1))
    swaps = sum(ord(b) == ord(a) - 1 for a, b in itertools.pairwise(after))
    assert 150 < len(left_out) < 250  # 5 % left out, 5 % replaced
    assert 70 < doubled < 130
    assert 40 < swaps < 110  # unless a neighbour is changed already
    assert set(after) <= set(text)


def test_a_share_of_nothing_at_all_is_hardly_anything_and_texts_stay_apart():
    texts = ["a good film", "", "太难吃了，不会再来", "é"] * 40
    assert noised(texts, 1e-9) == texts
    after = noised(texts, 0.3)
    assert all(set(new) <= set(old) for old, new in zip(texts, after, strict=True))
    assert after != texts


def test_copies_have_different_mistakes_and_the_same_again():
    texts = [f"this is text number {number}" for number in range(5000)]  # more than a chunk
    assert noised(texts, 0.1) == noised(texts, 0.1)
    assert noised(texts, 0.1) != noised(texts, 0.1, copy=1)
    assert noised(texts[:10], 0.1) == noised(texts, 0.1)[:10]


@given(st.lists(st.text(max_size=20), max_size=20), st.floats(0.001, 1))
def test_any_text_stays_valid_unicode(texts, share):
    after = noised(texts, share)
    assert len(after) == len(texts)
    pa.concat_arrays(list(mistyped(text_array(texts), share, (1,)))).validate(full=True)


def reader(copies=3, **shares):
    options = SimpleNamespace(**{"deletion": 0.0, "swap": 0.0, "unknown": 0.0, **shares})
    all_copies = [
        {"token_ids": Ragged.from_lengths(ROWS.values + 10_000 * copy, ROWS.lengths), "ngram_ids": ROWS}
        for copy in range(copies)
    ]
    return augmented_rows(all_copies, options, seed=5, unknown_id=UNKNOWN)


def test_every_epoch_takes_each_text_from_one_of_the_copies():
    read = reader()
    epochs = [read(NUMBERS, epoch)["token_ids"].values for epoch in range(3)]
    for ids in epochs:
        copy_of = (ids - ROWS.values) // 10_000
        assert (ids - 10_000 * copy_of == ROWS.values).all()  # texts stay where they were asked for
        texts = copy_of[ROWS.offsets[:-1]]
        assert (copy_of == np.repeat(texts, ROWS.lengths)).all()
        assert (np.bincount(texts) > 70).all()  # of 300, a third is from each
    assert (epochs[0] != epochs[1]).any()


def test_a_part_of_the_texts_reads_as_it_does_among_all():
    read = reader(deletion=0.3, swap=0.2)
    some = np.array([200, 3, 77, 4])
    expected = take_rows(read(NUMBERS, 1), some)
    for name, rows in read(some, 1).items():
        np.testing.assert_array_equal(rows.values, expected[name].values)
        np.testing.assert_array_equal(rows.offsets, expected[name].offsets)


def test_batches_are_augmented_and_the_same_when_a_training_goes_on():
    options = {"batch_size": 10, "seed": 3, "padding": "right", "read_rows": reader(copies=2, deletion=0.3)}
    arrays, classes = {"token_ids": ROWS, "ngram_ids": ROWS}, np.arange(300)
    whole = list(itertools.islice(training_batches(arrays, classes, **options), 60))  # two epochs
    again = list(itertools.islice(training_batches(arrays, classes, **options, start=(1, 12)), 18))
    for (inputs, numbers), (same, same_numbers) in zip(whole[42:], again, strict=True):
        np.testing.assert_array_equal(numbers, same_numbers)
        np.testing.assert_array_equal(inputs["token_ids"], same["token_ids"])
    by_text = [{}, {}]
    for step, (inputs, numbers) in enumerate(whole):
        for ids, number in zip(inputs["token_ids"].numpy(), numbers.numpy(), strict=True):
            by_text[step // 30][number] = ids[ids > 0].tolist()
    assert by_text[0].keys() == by_text[1].keys() == set(range(300))
    assert sum(by_text[0][number] != by_text[1][number] for number in range(300)) > 150


def test_copies_are_named_by_what_they_are():
    options = AugmentationOptions(character_noise=0.05, noise_copies=2)
    members = members_of(Lstm(), TrainingOptions(augmentation=options))
    copies = mistyped_copies(members, text_array(["a good film"] * 50), seed=1)
    assert list(copies) == names_of_copies(options) == ["train_mistyped_0.05_1", "train_mistyped_0.05_2"]
    first, second = (copy.to_pylist() for copy in copies.values())
    assert first != second
    assert names_of_copies(None) == names_of_copies(AugmentationOptions(deletion=0.1)) == []


def test_a_training_with_everything_on_repeats_itself(workplace, tiny_config):
    everything = {
        "deletion": 0.1,
        "swap": 0.1,
        "unknown": 0.1,
        "character_noise": 0.05,
        "noise_copies": 2,
        "mixup": 0.4,
    }
    config = tiny_config(training={"augmentation": everything, "epochs": 1})
    histories = [textclf.train(config, run=name).history.read_bytes() for name in ("one", "two")]
    assert histories[0] == histories[1]
    config["training"] |= {"augmentation": {**everything, "mixup": 0.0}}
    assert textclf.train(config, run="three").history.read_bytes() != histories[0]
