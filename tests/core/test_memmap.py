"""Arrays in files are what was written, also when the file is gone and its pages were given back."""

import os
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core import memmap as mapped
from textclf.core.errors import TrainingError
from textclf.core.memmap import (
    check_not_truncated,
    gather,
    map_file,
    pieces,
    release_pages,
    stored,
    stored_zeros,
    stretches,
)


@pytest.fixture
def small_limits(monkeypatch):
    """A few bytes are many."""
    monkeypatch.setattr(mapped, "LARGEST_IN_MEMORY", 64)
    monkeypatch.setattr(mapped, "STRETCH", 64)


def test_pages_that_were_given_back_are_read_again():
    with tempfile.TemporaryFile() as stream:
        stream.write(np.arange(100_000, dtype=np.int32).tobytes())
        array = map_file(stream, np.int32)
    assert array.sum() == sum(range(100_000))
    release_pages()
    assert array[99_999] == 99_999
    assert not array.flags.writeable


def test_nothing_is_an_empty_array():
    with tempfile.TemporaryFile() as stream:
        assert map_file(stream, np.int64).shape == (0,)


@pytest.mark.parametrize("row", [(), (3,)])
def test_arrays_are_the_same_in_memory_and_in_a_file(small_limits, row):
    parts = [np.arange(size * 3).reshape(-1, 3)[:, : row[0] if row else 1].reshape(-1, *row) for size in (1, 5, 0, 200)]
    for some in (parts[:1], parts, []):
        array = stored(iter(some), np.int32, row)
        assert array.dtype == np.int32
        np.testing.assert_array_equal(array, np.concatenate([np.empty((0, *row), np.int32), *some]))
        assert array.flags.writeable == (some is not parts)  # what is large lies in a file


def test_zeros_in_a_file_keep_what_is_written_into_them(small_limits):
    for rows in (0, 3, 1000):
        zeros = stored_zeros(rows, np.int64)
        assert not zeros.any()
        zeros[:] = np.arange(rows)
        release_pages()
        assert zeros.tolist() == list(range(rows))


@given(st.lists(st.integers(0, 999), max_size=60))
def test_entries_of_a_file_come_in_the_order_they_are_asked_for(places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "STRETCH", 64)
        for array in (np.arange(1000), np.arange(3000).reshape(1000, 3)):
            np.testing.assert_array_equal(gather(array, np.array(places, int)), array[np.array(places, int)])


@given(st.lists(st.integers(0, 999)).map(sorted), st.integers(1, 300))
def test_stretches_hold_every_place_once_and_are_short(places, most):
    found = [places[some] for some in stretches(np.array(places, np.int32), most)]
    assert [place for stretch in found for place in stretch] == places
    assert all(stretch[-1] - stretch[0] < most for stretch in found)


def test_pieces_are_all_rows():
    assert [(some.start, some.stop) for some in pieces(7, 3)] == [(0, 3), (3, 6), (6, 7)]
    assert not list(pieces(0))


def test_a_file_that_was_shortened_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "ids"
    path.write_bytes(bytes(8))
    with path.open("rb") as stream:
        array = map_file(stream, np.int32)
    check_not_truncated()
    os.truncate(path, 4)
    with pytest.raises(TrainingError, match=r"ids: expected 8 bytes as when it was opened, received 4: somebody has"):
        check_not_truncated()
    os.truncate(path, 8)
    check_not_truncated()
    assert len(array) == 2
