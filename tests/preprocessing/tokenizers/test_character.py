"""The tokenizer `character`: every character, and one space where there are any."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import character


def tokens(*texts, **settings):
    split = character.split(text_array(texts), character.Options(**settings))
    ends = split.lengths.cumsum()
    return [split.values.to_pylist()[end - length : end] for length, end in zip(split.lengths, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't", ["i", " ", "c", "a", "n", "'", "t"]),
        (" \t a \n\r\n b\u3000\u00a0c  ", ["a", " ", "b", " ", "c"]),
        ("今天，good", ["今", "天", "，", "g", "o", "o", "d"]),
        ("नमस्ते", ["न", "म", "स", "्", "त", "े"]),
        ("👩‍🚀👍🏽❤️", ["👩", "\u200d", "🚀", "👍", "🏽", "❤", "\ufe0f"]),
        ("cafe\u0301 x\u0301", ["c", "a", "f", "é", " ", "x", "\u0301"]),
        ("a\0b", ["a", "\0", "b"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_splits(text, expected):
    assert tokens(text) == [expected]
    assert tokens("x", text, "好") == [["x"], expected, ["好"]]


@settings(deadline=None)
@given(st.lists(st.text()))
def test_characters_are_those_of_the_text(texts):
    column = text_array(["before", *texts, "behind"])
    split = character.characters(column.slice(1, len(texts)))
    split.values.validate(full=True)
    assert split.values.to_pylist() == list("".join(column.to_pylist()[1:-1]))
    assert split.lengths.tolist() == [len(text) for text in column.to_pylist()[1:-1]]


def test_ids_go_by_frequency_then_unicode():
    preprocessor = Preprocessor.fit(character.Options(min_frequency=2), ["ab b", "b a 好", "x"])
    assert preprocessor.state == {"vocabulary": [" ", "b", "a"]}
    assert preprocessor.encode(["ab x"]).values.tolist() == [4, 3, 2, 1]
