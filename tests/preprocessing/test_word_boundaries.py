"""Words found in bytes by a table of characters are those of the regular expression."""

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.preprocessing import word_boundaries as words
from textclf.preprocessing.pretokenizer import HAN, KANA, separate, words_of
from textclf.preprocessing.unicode_classes import ALONE, SELECTOR, SPACE, WORD, classes_of
from textclf.preprocessing.word_boundaries import words_in

ALPHABET = (
    "天気ラーメﾝﾞをｰ々〇𠀀aZéÉİςΣn❤👍1_'.,。 \t\n\r\0\x1c\x1e\x85\u00a0\u2028\u3000"
    "\u0301\u093f\u0e34\u200b\u200c\u200d\ufe0e\ufe0f"
)
TEXTS = st.lists(
    st.text() | st.text(alphabet=ALPHABET) | st.text(alphabet=ALPHABET).map(lambda text: text * 20) | st.just("")
)
POINTS = np.concatenate([np.arange(0xD800), np.arange(0xE000, 0x110000)])


def by_rule(texts):
    """A list of the words of each text."""
    tokens = words_of(separate(text_array(texts), HAN + KANA))
    return rows_of(tokens)


def rows_of(tokens):
    values, ends = tokens.values.to_pylist(), np.cumsum(tokens.lengths)
    return [values[end - length : end] for end, length in zip(ends, tokens.lengths, strict=True)]


@settings(deadline=None)
@given(TEXTS)
def test_words_are_those_of_the_rule(texts):
    expected = by_rule(texts)
    for much in (0, 2):  # by characters, by bytes
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(words, "MUCH", much)
            tokens = words_in(text_array(["before", *texts, "behind"]).slice(1, len(texts)))
        assert rows_of(tokens) == expected
        assert (tokens.sizes > 0).all()


def test_words_of_no_text_and_of_empty_ones():
    assert rows_of(words_in(text_array([]))) == []
    assert rows_of(words_in(text_array(["", "", "a", ""]))) == [[], [], ["a"], []]
    assert rows_of(words_in(text_array(["ab", "cd", "好", "好ab"]))) == [["ab"], ["cd"], ["好"], ["好", "ab"]]


@pytest.fixture(scope="module")
def rule():
    """What the regular expression and pyarrow's idea of spaces make of every character."""
    characters = text_array(map(chr, POINTS))
    separated = separate(characters, HAN + KANA)
    space = pc.equal(pc.utf8_trim_whitespace(characters), "").to_numpy(zero_copy_only=False)
    vanished = pc.equal(pc.utf8_trim_whitespace(separated), "").to_numpy(zero_copy_only=False)
    whole = pc.equal(separated, characters).to_numpy(zero_copy_only=False)
    return np.select([space, vanished, whole], [SPACE, SELECTOR, WORD], ALONE)


def test_every_character_is_what_the_rule_says(rule):
    different = POINTS[classes_of(POINTS) != rule]
    assert [hex(point) for point in different[:20]] == []
