"""Arrays in files are what was written, also when the file is gone and its pages were given back."""

import os
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core import memmap
from textclf.core.errors import TrainingError
from textclf.core.memmap import blocks, check_not_truncated, concatenate_on_disk, gather, map_file, release_pages


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


def test_parts_are_put_together_in_a_file():
    parts = [np.arange(size) for size in (1, 5, 0, 200)]
    for some in (parts, parts[2:3], []):
        array = concatenate_on_disk(iter(some), np.int32)
        assert array.dtype == np.int32
        np.testing.assert_array_equal(array, np.concatenate([np.empty(0, int), *some]))


@given(st.lists(st.integers(0, 999), max_size=60))
def test_entries_of_a_file_come_in_the_order_they_are_asked_for(places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memmap, "BLOCK_BYTES", 64)
        for array in (np.arange(1000), np.arange(3000).reshape(1000, 3)):
            np.testing.assert_array_equal(gather(array, np.array(places, int)), array[np.array(places, int)])


@given(st.lists(st.integers(0, 999)).map(sorted), st.integers(1, 300))
def test_blocks_hold_every_position_once_and_are_short(positions, size):
    found = [positions[block] for block in blocks(np.array(positions, np.int32), size)]
    assert [position for block in found for position in block] == positions
    assert all(block[-1] - block[0] < size for block in found)


def test_a_file_that_was_shortened_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "ids"
    path.write_bytes(bytes(8))
    with path.open("rb") as stream:
        array = map_file(stream, np.int32)
    check_not_truncated()
    os.truncate(path, 4)
    with pytest.raises(TrainingError, match=r"ids: expected 8 bytes, got 4"):
        check_not_truncated()
    os.truncate(path, 8)
    check_not_truncated()
    assert len(array) == 2
