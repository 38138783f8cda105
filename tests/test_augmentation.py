"""What augmentation does to token ids and to letters, and that it does the same again."""

import itertools
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.augmentation import changed_tokens, mistyped
from textclf.preprocessing.token_ids import from_lengths, take
from textclf.text_array import text_array

UNKNOWN = 1
ROWS = from_lengths(np.arange(10, 10 + 4000), np.tile([1, 9, 30], 100))  # every id once
NUMBERS = np.arange(300)


def changed(rows=ROWS, numbers=NUMBERS, seed=1, epoch=0, **shares):
    options = SimpleNamespace(**{"deletion": 0.0, "swap": 0.0, "unknown": 0.0, **shares})
    return changed_tokens(rows, numbers, options, seed=seed, epoch=epoch, unknown_id=UNKNOWN)


def texts_of(rows):
    return [rows.ids[start:end].tolist() for start, end in zip(rows.offsets, rows.offsets[1:], strict=False)]


def test_deletion_leaves_out_a_share_in_order_and_never_all():
    for before, after in zip(texts_of(ROWS), texts_of(changed(deletion=0.3)), strict=True):
        assert after
        assert after == [token for token in before if token in after]
    assert len(changed(deletion=0.3).ids) / len(ROWS.ids) == pytest.approx(0.7, abs=0.03)
    assert (changed(deletion=1.0).lengths == 1).all()


def test_swapping_moves_a_share_within_its_text():
    after = changed(swap=0.3)
    for old, new in zip(texts_of(ROWS), texts_of(after), strict=True):
        assert sorted(old) == sorted(new)
    assert (after.ids != ROWS.ids).mean() == pytest.approx(0.27, abs=0.04)  # some of the chosen stay where they are
    assert (ROWS.ids == np.arange(10, 4010)).all()  # the cached rows are as they were


def test_hiding_makes_a_share_unknown_and_nothing_else():
    after = changed(unknown=0.3)
    hidden = after.ids == UNKNOWN
    assert hidden.mean() == pytest.approx(0.3, abs=0.03)
    assert (after.ids[~hidden] == ROWS.ids[~hidden]).all()


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
