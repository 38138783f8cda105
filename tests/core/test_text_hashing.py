"""Equal texts are found by their hashes."""

from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.core.text_hashing import GOLDEN_GAMMA, group_equal, mix64, text_hashes

TEXTS = st.lists(st.sampled_from(["", "a", "b", "cc", "ddd", "eeee"]), max_size=40)


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_equal_texts_have_equal_numbers_that_follow_the_hashes(columns):
    hashes = [text_hashes(text_array(texts)) for texts in columns]
    _, expected = np.unique(np.concatenate(hashes), return_inverse=True)
    groups = group_equal(hashes)
    assert [len(column) for column in groups] == [len(texts) for texts in columns]
    np.testing.assert_array_equal(np.concatenate(groups), expected)
    texts = list(chain.from_iterable(columns))
    number_of = dict(zip(texts, np.concatenate(groups).tolist(), strict=True))
    assert [number_of[text] for text in texts] == np.concatenate(groups).tolist()
    assert len(set(number_of.values())) == len(number_of)


def test_mix64_gives_the_published_numbers_of_splitmix64():
    steps = np.arange(1, 4, dtype=np.uint64) * GOLDEN_GAMMA  # the first three states of the generator with seed 0
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    np.testing.assert_array_equal(mix64(steps), np.array(published, np.uint64))
