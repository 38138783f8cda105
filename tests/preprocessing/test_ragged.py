"""Rows of token ids against the same in plain Python loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core import memmap
from textclf.preprocessing import ragged
from textclf.preprocessing.ragged import (
    Ragged,
    concatenate,
    concatenate_arrays_on_disk,
    fill_empty_rows,
    pad,
    take,
    truncate,
)

ROWS = st.lists(st.lists(st.integers(1, 2**31 - 1), max_size=6), max_size=8)
SIDES = st.sampled_from(["left", "right"])


def rows_of(lists):
    return Ragged.from_lengths(
        np.array([token for row in lists for token in row], np.int32), np.array([*map(len, lists)], int)
    )


def lists_of(rows):
    assert isinstance(rows, Ragged)
    assert rows.values.dtype == np.int32
    assert rows.offsets.dtype == np.int64
    assert rows.offsets[0] == 0
    assert rows.offsets[-1] == len(rows.values)
    return [rows.values[start:end].tolist() for start, end in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]


def padded(row, length, side):
    zeros = [0] * (length - len(row))
    return row + zeros if side == "right" else zeros + row


@given(ROWS)
def test_rows_come_back(lists):
    assert lists_of(rows_of(lists)) == lists
    assert rows_of(lists).lengths.tolist() == [len(row) for row in lists]


@given(ROWS, st.integers(1, 7), SIDES)
def test_truncate(lists, length, side):
    rows = rows_of(lists)
    expected = [row[:length] if side == "right" else row[max(0, len(row) - length) :] for row in lists]
    assert lists_of(truncate(rows, length, side)) == expected
    assert lists_of(rows) == lists


@given(ROWS, st.integers(0, 3), SIDES)
def test_pad(lists, more, side):
    longest = max(map(len, lists), default=0)
    array = pad(rows_of(lists), longest + more, side)
    assert array.dtype == np.int32
    assert array.shape == (len(lists), longest + more)
    assert array.tolist() == [padded(row, longest + more, side) for row in lists]


@given(ROWS, SIDES)
def test_pad_to_the_longest_row(lists, side):
    longest = max([1, *map(len, lists)])
    array = pad(rows_of(lists), side=side)
    assert array.shape == (len(lists), longest)
    assert array.tolist() == [padded(row, longest, side) for row in lists]


def test_pad_refuses_rows_that_are_too_long():
    with pytest.raises(ValueError, match="cannot assign"):
        pad(rows_of([[1, 2, 3]]), 2)


@given(ROWS.filter(bool), st.data())
def test_take(lists, data):
    rows = rows_of(lists)
    indices = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=10))
    assert lists_of(take(rows, np.array(indices, np.int64))) == [lists[index] for index in indices]
    assert lists_of(rows) == lists


@given(ROWS)
def test_take_by_mask(lists):
    mask = np.arange(len(lists)) % 2 == 0
    assert lists_of(take(rows_of(lists), np.flatnonzero(mask))) == lists[::2]


@given(ROWS, st.integers(1, 9))
def test_fill_empty(lists, token):
    rows = rows_of(lists)
    assert lists_of(fill_empty_rows(rows, token)) == [row or [token] for row in lists]
    assert lists_of(rows) == lists


@given(st.lists(ROWS, max_size=5))
def test_concatenate(parts):
    assert lists_of(concatenate([rows_of(lists) for lists in parts])) == [row for lists in parts for row in lists]


@given(ROWS, st.data(), st.integers(4, 40))
def test_rows_of_a_large_file_come_in_the_order_they_are_asked_for(lists, data, size):
    indices = data.draw(st.lists(st.integers(0, len(lists) - 1)) if lists else st.just([]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memmap, "BLOCK_BYTES", size)
        patch.setattr(ragged, "BLOCK_BYTES", size)
        assert lists_of(take(rows_of(lists), np.array(indices, int))) == [lists[index] for index in indices]


def test_weights_stay_fractions():
    weights = Ragged.from_lengths(np.array([0.25, 0.5, 0.75], np.float32), np.array([1, 2]))
    assert take(weights, np.array([1, 0])).values.tolist() == [0.5, 0.75, 0.25]


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_on_disk_the_rows_of_all_parts_are_the_same(parts):
    together = concatenate_arrays_on_disk([{"token_ids": rows_of(part)} for part in parts])
    assert lists_of(together["token_ids"]) == [row for part in parts for row in part]
