"""Equal texts are found by their hashes, all at once or a part at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core import text_hashing as hashing
from textclf.core.text_column import text_array
from textclf.core.text_hashing import GOLDEN_GAMMA, group_equal, mix64, text_hashes

TEXTS = st.lists(st.sampled_from(["", "a", "b", "cc", "ddd", "eeee"]), max_size=40)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(1, 50))
def test_parts_hold_every_row_once_with_the_rank_of_its_hash(columns, largest):
    hashes = [text_hashes(text_array(texts)) for texts in columns]
    ranks = [np.full(len(texts), -1) for texts in columns]
    before = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "LARGEST_PART", largest)
        for part in group_equal(hashes):
            for found, (rows, numbers) in zip(ranks, part, strict=True):
                assert (found[rows] == -1).all()
                assert (np.diff(rows) > 0).all()
                found[rows] = before + numbers
            before += 1 + max((int(numbers.max(initial=-1)) for _, numbers in part), default=-1)
    _, expected = np.unique(np.concatenate(hashes), return_inverse=True)
    np.testing.assert_array_equal(np.concatenate(ranks), expected)


def test_mix64_gives_the_published_numbers_of_splitmix64():
    steps = np.arange(1, 4, dtype=np.uint64) * GOLDEN_GAMMA  # the first three states of the generator with seed 0
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    np.testing.assert_array_equal(mix64(steps), np.array(published, np.uint64))
