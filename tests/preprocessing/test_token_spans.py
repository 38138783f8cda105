"""Tokens are grouped and found by numbers, and never taken for others that happen to have the same number."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.preprocessing import token_spans as module
from textclf.preprocessing import vocabulary
from textclf.preprocessing.token_spans import equal_tokens, factorize, strings_at, token_keys, tokens_in
from textclf.preprocessing.vocabulary import Vocabulary, count_tokens

LONG = "a token of more than eight bytes, and of more than sixteen, 好"
WORDS = st.lists(
    st.text() | st.sampled_from(["a", "a\0", "\0", "12345678", "123456789", LONG, LONG + "a", LONG + "b", "好" * 9])
)


@pytest.fixture(params=["keys", "the same key for all"])
def _keys(request, monkeypatch):
    if request.param != "keys":
        for where in (module, vocabulary):
            monkeypatch.setattr(where, "token_keys", lambda tokens: np.zeros(len(tokens.starts), np.uint64))


def test_keys_of_short_tokens_are_their_bytes():
    tokens = tokens_in(text_array(["a", "12345678", "好"]))
    assert [int(key).to_bytes(8, "little").rstrip(b"\0").decode() for key in token_keys(tokens)] == [
        "a",
        "12345678",
        "好",
    ]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1)))
def test_keys_depend_on_the_token_alone(words):
    together = token_keys(tokens_in(text_array([*words, LONG])))
    assert together.tolist() == [token_keys(tokens_in(text_array([word])))[0] for word in [*words, LONG]]


def test_different_long_tokens_have_different_keys():
    words = [LONG[:start] + letter + LONG[start + 1 :] for start in range(50) for letter in "XYZ"]
    words += ["x" * length for length in range(9, 400)] + [f"number {number:09d}" for number in range(20_000)]
    assert len(set(token_keys(tokens_in(text_array(words))).tolist())) == len(words)


@settings(deadline=None)
@given(WORDS)
def test_equal_tokens_are_found(words):
    words = [word for word in words if word]
    tokens = tokens_in(text_array(words))
    numbers, firsts = factorize(tokens, token_keys(tokens))
    assert strings_at(tokens, firsts).to_pylist() == list(dict.fromkeys(words))
    assert [words[firsts[number]] for number in numbers] == words


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "a\0", "b", LONG, LONG + "\0", LONG[:-1]]), st.booleans()), min_size=1))
def test_the_same_tokens_are_the_same_bytes(pairs):
    words = [word for word, _ in pairs]
    others = [word if equal else word + "x" for word, equal in pairs]
    at = np.arange(len(pairs))
    assert equal_tokens(tokens_in(text_array(words)), tokens_in(text_array(others)), at).tolist() == [
        same for _, same in pairs
    ]


@pytest.mark.usefixtures("_keys")
def test_tokens_are_counted_by_what_they_are(monkeypatch):
    monkeypatch.setattr(vocabulary, "FEW_COUNTS", 5)
    texts = [f"{LONG} b" for _ in range(3)] + ["a", "a\0", "a c", LONG, LONG + "x", "", "b b b"] * 700
    counted = count_tokens(text_array(texts), tokens_in)
    assert dict(zip(counted.tokens.to_pylist(), counted.counts.tolist(), strict=True)) == Counter(filter(None, texts))
    assert counted.tokens.to_pylist() == list(dict.fromkeys(filter(None, texts)))


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("few", [0, 10**9], ids=["table", "search"])
@pytest.mark.parametrize("unknown_id", [1, None])
@pytest.mark.parametrize("known", [["a", LONG, "123456789", "b\0", "12345678"], [], [LONG]])
def test_ids_are_those_of_the_tokens(monkeypatch, few, unknown_id, known):
    monkeypatch.setattr(vocabulary, "FEW_TOKENS", few)
    words = ["a", "", "b", "b\0", "\0", LONG, LONG + "x", "12345678", "123456789", "1234567", "a"]
    rows = Vocabulary(known, first_id=2, unknown_id=unknown_id).ids_of(tokens_in(text_array(words), np.array([4, 7])))
    ids = [
        [known.index(word) + 2 if word in known else unknown_id for word in part if word]
        for part in (words[:4], words[4:])
    ]
    first, second = ([number for number in row if number is not None] for row in ids)
    assert rows.values.tolist() == first + second
    assert rows.lengths.tolist() == [len(first), len(second)]
