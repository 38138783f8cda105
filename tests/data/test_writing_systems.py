"""Writing systems, counted by character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.data.writing_systems import SCRIPTS, count_characters, script_shares


def shares(*texts):
    return script_shares(count_characters(text_array(texts)))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("English, français, tiếng Việt 1234", "Latin"),
        ("русский язык", "Cyrillic"),
        ("汉字，漢字。", "Han"),
        ("ひらがな", "Hiragana"),
        ("カタカナ", "Katakana"),
        ("한국어", "Hangul"),
        ("العربية", "Arabic"),
        ("हिन्दी", "Devanagari"),
        ("ภาษาไทย", "Thai"),
        ("ελληνικά", "Greek"),
        ("ᏣᎳᎩ", "other"),
    ],
)
def test_one_script(text, script):
    assert shares(text) == {script: 1.0}


def test_shares_are_of_letters_and_the_largest_comes_first():
    assert list(shares("ab д!", "123", "a").items()) == [("Latin", 0.75), ("Cyrillic", 0.25)]
    assert shares("12 !?", "") == {}
    assert shares() == {}


@given(st.lists(st.text(), max_size=5))
def test_every_letter_is_counted_once(texts):
    found = shares(*texts)
    letters = any(unicodedata.category(letter).startswith("L") for letter in "".join(texts))
    assert set(found) <= {*SCRIPTS, "other"}
    assert not found or abs(sum(found.values()) - 1) < 1e-9
    assert letters or not found


def test_characters_of_many_texts_are_counted():
    counts = count_characters(text_array(["ab"] * 10_000))
    assert counts[ord("a")] == counts[ord("b")] == 10_000
    assert counts.sum() == 20_000
