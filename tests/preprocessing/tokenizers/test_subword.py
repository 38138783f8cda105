"""The tokenizers `byte_pair` and `unigram`: what pieces they learn, the same every time, and what they refuse."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.errors import RunError
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS, subword, unigram

WORDS = ["low", "lower", "lowest", "new", "newer", "newest", "wide", "widest"]
TEXTS = [" ".join(random.Random(number).choices(WORDS, k=8)) for number in range(50)]
SURPRISES = st.text() | st.text(alphabet="aab好天气ก\u0e34किक👍\ufe0f\ud83d\0 ,Σß")


@pytest.fixture(params=["byte_pair", "unigram"])
def module(request):
    return TOKENIZERS[request.param]


def fit(module, texts=TEXTS, **settings):
    return Preprocessor.fit(module.Options(**settings), texts)


def pieces(preprocessor, text):
    vocabulary = ["padding", "unknown", *preprocessor.state["vocabulary"]]
    return [vocabulary[token_id] for token_id in preprocessor.encode([text]).values]


def test_frequent_words_are_whole_and_unseen_ones_in_pieces(module):
    preprocessor = fit(module)
    assert pieces(preprocessor, "newest low, wide") == ["newest", "low", "unknown", "wide"]
    assert "".join(pieces(preprocessor, "newlow")) == "newlow"
    assert 1 < len(pieces(preprocessor, "newlow")) < 6


def test_a_small_vocabulary_has_shorter_pieces(module):
    lengths = [fit(module, vocabulary_size=size).encode(TEXTS).lengths.sum() for size in (12, 15, 30)]
    assert lengths[0] > lengths[1] > lengths[2]


def test_byte_pair_joins_the_most_frequent_pairs():
    preprocessor = fit(TOKENIZERS["byte_pair"], ["ab ab ab abc abc abc bc", "bc"], min_frequency=1)
    assert preprocessor.state == {
        "vocabulary": ["a", "b", "c", "ab", "abc", "bc"],
        "merges": [["a", "b"], ["ab", "c"], ["b", "c"]],
    }


def test_what_occurs_once_or_twice_is_unknown_by_default(module):
    texts = ["今天天气很好", "天气很好", "天气好"]
    assert fit(module, texts).state["vocabulary"] == fit(module, texts, min_frequency=3).state["vocabulary"]
    assert {"天", "气", "好"} <= set(fit(module, texts).state["vocabulary"]) <= {"天", "气", "好", "天气"}


def test_no_pair_is_learned_across_an_unknown_character():
    for texts in (["a天b a地b a人b"], ["a天b", "a地b", "a人b"]):
        assert fit(TOKENIZERS["byte_pair"], texts).state == {"vocabulary": ["a", "b"], "merges": []}


def test_unigram_cuts_in_the_most_probable_way():
    state = {"vocabulary": ["a", "b", "c", "ab", "bc"], "scores": [-2.0, -3.0, -4.0, -4.0, -3.5]}
    preprocessor = Preprocessor(unigram.Options(), state)
    assert pieces(preprocessor, "abc") == ["a", "bc"]
    state["scores"][3] = -1.0
    assert pieces(Preprocessor(unigram.Options(), state), "abc") == ["ab", "c"]


def test_unigram_scores_are_logarithms_of_shares():
    preprocessor = fit(unigram, ["aa aa aa b"], min_frequency=1)
    assert preprocessor.state == {"vocabulary": ["b", "a", "aa"], "scores": [-1.609438, -1.609438, -0.510826]}


def test_score_without_a_piece():
    scores = {"a": -1.0, "b": -2.0, "ab": -2.5, "abb": -0.5}
    assert unigram._score_without("abb", scores) == -4.5


def test_pieces_that_are_used_too_rarely_are_dropped():
    assert list(unigram._estimate({"a": 0, "b": 1, "ab": 2, "ba": 3}, min_frequency=3)) == ["a", "b", "ba"]


def test_chinese_words_are_found(module):
    preprocessor = fit(module, ["今天天气很好", "明天天气不好", "天气很好", "天气，今天。"], min_frequency=2)
    assert "天气" in preprocessor.state["vocabulary"]
    assert "，" not in preprocessor.state["vocabulary"]


def test_rare_characters_are_unknown(module):
    texts = ["aab aab b", "c aab"]
    assert "c" in fit(module, texts, min_frequency=1).state["vocabulary"]
    assert "c" not in fit(module, texts, min_frequency=2).state["vocabulary"]
    assert "aab" not in fit(module, texts, min_frequency=4).state["vocabulary"]
    assert pieces(fit(module, texts, min_frequency=2), "c") == ["unknown"]


def test_punctuation_is_never_part_of_a_piece(module):
    vocabulary = fit(module, ["so (good)! so (good)! 好，好，好，"] * 9).state["vocabulary"]
    assert [piece for piece in vocabulary if set(piece) & set("()!，") and len(piece) > 1] == []


def test_a_word_has_no_room_for_special_pieces(module):
    text = f"{subword.PADDING} {subword.UNKNOWN} <unk> [PAD]"
    preprocessor = fit(module, [text] * 9)
    assert {subword.PADDING, subword.UNKNOWN}.isdisjoint(preprocessor.state["vocabulary"])
    assert preprocessor.encode([text]).values.min() > 1


def test_endless_words_are_learned_in_parts(module):
    pick = random.Random(2)
    texts = ["".join(pick.choices("天地人好", k=20_000)), "x" * 100_000]
    assert max(map(len, fit(module, texts).state["vocabulary"])) == 50


def test_evenly_spaced_texts_of_large_data_are_learned(module, monkeypatch):
    texts = [text for pair in zip(TEXTS, ["other"] * len(TEXTS), strict=True) for text in pair]
    monkeypatch.setattr(subword, "MOST_LEARNED", sum(map(len, texts)) - 1)
    learned = fit(module, texts).state
    assert learned == fit(module, TEXTS).state
    monkeypatch.setattr(subword, "MOST_LEARNED", sum(map(len, texts)))
    assert learned != fit(module, texts).state


@pytest.mark.parametrize("alphabet", ["a", "ab", "abcdefgh", "天地人好 ab"])
def test_learning_is_the_same_every_time_also_in_threads(module, alphabet):
    """Many ties: what chance decides in a hash table would show here."""
    pick = random.Random(len(alphabet))
    texts = [" ".join("".join(pick.choices(alphabet, k=pick.randint(1, 30))) for _ in range(9)) for _ in range(60)]

    def state(_):
        return json.dumps(fit(module, texts, vocabulary_size=300).state)

    with ThreadPoolExecutor(4) as pool:
        assert len({state(0), *pool.map(state, range(4))}) == 1


def test_answering_is_the_same_in_threads(module):
    preprocessor = fit(module)
    expected = preprocessor.encode(TEXTS).values.tolist()
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: preprocessor.encode(TEXTS), range(40)):
            assert rows.values.tolist() == expected


@settings(deadline=None, max_examples=30)
@given(st.lists(SURPRISES), st.integers(3, 40), st.integers(1, 3))
def test_learns_from_any_texts(texts, size, min_frequency):
    for module in (TOKENIZERS["byte_pair"], unigram):
        preprocessor = fit(module, texts, vocabulary_size=size, min_frequency=min_frequency)
        assert preprocessor.num_ids <= size
        rows = preprocessor.encode([*texts, "x"])
        assert 1 <= rows.values.min() <= rows.values.max() < preprocessor.num_ids
        assert fit(module, texts, vocabulary_size=size, min_frequency=min_frequency).state == preprocessor.state


PAIRS = {"vocabulary": ["a", "b", "ab"], "merges": [["a", "b"]]}
SCORES = {"vocabulary": ["a", "b"], "scores": [-1.0, -2.0]}


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("byte_pair", {"vocabulary": ["a"]}),
        *[
            ("byte_pair", PAIRS | change)
            for change in (
                {"merges": None},
                {"merges": 1},
                {"merges": ["a"]},
                {"merges": [["a"]]},
                {"merges": [["a", "b", "ab"]]},
                {"merges": [[1, 2]]},
                {"merges": [["a", None]]},
                {"merges": [[["a"], ["b"]]]},
                {"merges": [["a", "c"]]},
                {"merges": [["b", "a"]]},
                {"merges": [["", "a"]]},
                {"vocabulary": ["good", "better"], "merges": [["good", "better"]]},  # the library panics
                {"vocabulary": ["a", "b", "ab", " unknown"]},
                {"vocabulary": ["a", "b", "ab", " padding"]},
                {"vocabulary": ["a", "b", "ab", "\ud83d", "\ufffd"]},
            )
        ],
        *[
            ("unigram", SCORES | change)
            for change in (
                {"scores": None},
                {"scores": []},
                {"scores": [-1.0]},
                {"scores": [-1.0, -2.0, -3.0]},
                {"scores": [-1.0, 1.0]},
                {"scores": [-1.0, None]},
                {"scores": [-1.0, "-1"]},
                {"scores": [-1.0, True]},
                {"scores": [-1.0, float("nan")]},
                {"scores": [-1.0, float("-inf")]},
                {"scores": {"a": -1.0, "b": -1.0}},
                {"vocabulary": ["a", " unknown"]},
                {"vocabulary": ["\ud83d", "\ufffd"]},
            )
        ],
    ],
    ids=str,
)
def test_refuses_what_none_can_have_learned(name, state):
    def load(state):
        return Preprocessor.from_json(json.dumps({"options": {"tokenizer": name}, "state": state}).encode())

    load({"byte_pair": PAIRS, "unigram": SCORES}[name])
    with pytest.raises(RunError, match="expected a tokenizer file"):
        load(state)


def test_a_fault_of_the_library_is_a_value_error():
    def fail():
        raise Exception("Error while initializing BPE")

    with pytest.raises(ValueError, match="initializing BPE"):
        subword.model(fail)
