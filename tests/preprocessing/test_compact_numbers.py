"""Numbers come back as they were, small ones take little space, and a stranger's text is refused without a flood."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.preprocessing.compact_numbers import LARGEST, numbers_from_text, numbers_to_text


@given(st.lists(st.one_of(st.integers(0, 300), st.integers(0, LARGEST))))
def test_numbers_come_back(numbers):
    text = numbers_to_text(np.array(numbers, np.int64))
    assert numbers_from_text(text, len(numbers)).tolist() == numbers


def test_small_numbers_take_about_a_byte():
    gaps = np.random.default_rng(0).geometric(1 / 50, 10_000)
    assert len(numbers_to_text(gaps)) < 1.35 * 10_000


def test_frequencies_take_about_their_entropy():
    frequencies = np.minimum(np.random.default_rng(0).zipf(2, 100_000), 1000)
    counts = np.unique(frequencies, return_counts=True)[1]
    bits = -(counts * np.log2(counts / 100_000)).sum()
    assert len(numbers_to_text(frequencies)) * 6 < 1.08 * bits  # a character of base 64 has six bits


def test_the_same_number_again_and_again_takes_nearly_nothing():
    assert len(numbers_to_text(np.ones(100_000, np.int64))) < 1000


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


@pytest.mark.parametrize(
    "text",
    [
        None,
        3,
        "no base 64",
        "AAAA",
        packed(b""),
        packed(b"\x01"),
        packed(b"\x01\x02\x03"),
        packed(b"\x01\x82"),
        packed(b"\x01\xff\xff\xff\xff\xff\x01"),
        packed(b"\x01\x02")[:-4],
        base64.b64encode(zlib.compress(b"\x01\x02") + b"more").decode(),
        packed(bytes(10_000_000)),
    ],
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        numbers_from_text(text, 2)
