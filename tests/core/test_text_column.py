"""Many texts in a file are the same column as few in memory."""

import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core import text_column as module
from textclf.core.errors import WriteError
from textclf.core.text_column import stored_texts, text_array
from textclf.core.text_hashing import text_hashes, texts_digest

CHUNKS = st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=6)


@given(CHUNKS, st.sampled_from([0, 40, 10_000]))
def test_chunks_in_a_file_are_one_column(chunks, most):
    whole = [text for chunk in chunks for text in chunk]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LARGEST_IN_MEMORY", most)
        # Slices, as readers give them: what stands before and behind is not taken along.
        column = stored_texts(text_array(["before", *chunk, "behind"]).slice(1, len(chunk)) for chunk in chunks)
    assert column.to_pylist() == text_array(whole).to_pylist()
    column.validate(full=True)
    assert texts_digest(column) == texts_digest(text_array(whole))
    assert text_hashes(column).tolist() == text_hashes(text_array(whole)).tolist()


def test_a_file_without_room_is_said(monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "LARGEST_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(WriteError, match=r"No space left on device.*TMPDIR"):
        stored_texts([text_array(["a"])])


def test_hashes_tell_texts_apart_and_are_the_same_everywhere():
    hashes = text_hashes(text_array(["a", "b", "a", ""]))
    assert hashes[0] == hashes[2]
    assert len(np.unique(hashes)) == 3
    assert int(hashes[0]) == 3_405_396_810_240_292_928


def test_a_digest_knows_where_texts_end():
    assert texts_digest(text_array(["ab", "c"])) != texts_digest(text_array(["a", "bc"]))
