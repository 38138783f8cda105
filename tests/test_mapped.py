"""Arrays in files are what was written, also when the file is gone and its pages were given back."""

import tempfile

import numpy as np

from textclf.mapped import map_file, release_pages


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
