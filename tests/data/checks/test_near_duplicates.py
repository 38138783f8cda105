"""Texts that are almost the same: an estimate, compared with the exact shares of small sets."""

import random
import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hand_made import distinct, found, material, only
from textclf.core.text_column import text_array
from textclf.data.checks.near_duplicates import FACTORS, NEIGHBOURS, near_duplicates, near_pairs
from textclf.preprocessing.token_spans import token_keys, tokens_in

WORDS = [f"word{number}" for number in range(2000)]
SENTENCE = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
OTHERS = distinct({"x": 10, "y": 10}, "{label}{number} and {label}{number} with {number}{label} for {number}")


def pairs_of(texts):
    first, second = near_pairs(text_array(texts))
    return set(zip(first.tolist(), second.tolist(), strict=True))


def sentences(seed, count, length):
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(WORDS, k=length)) for _ in range(count)]


@pytest.mark.parametrize(
    "copy",
    [
        SENTENCE.upper(),
        SENTENCE.replace(" ", "  ") + "\n",
        SENTENCE.replace(" ", ", ") + "!!!",
        SENTENCE + " seventeen",
        SENTENCE.replace("one two", "two"),
    ],
    ids=["case", "spaces", "punctuation", "a word more", "a word less"],
)
def test_what_is_near(copy):
    assert pairs_of([SENTENCE, "something else that is as long as all of the others are", copy]) == {(0, 2)}


@pytest.mark.parametrize(
    "other",
    [
        " ".join(reversed(SENTENCE.split())),
        SENTENCE.replace("two", "2").replace("eight", "8").replace("twelve", "12").replace("fifteen", "15"),
        " ".join(SENTENCE.split()[:8]),
        "",
    ],
    ids=["another order", "a word in four", "half of it", "nothing"],
)
def test_what_is_not_near(other):
    assert pairs_of([SENTENCE, other]) == set()


def test_chinese_needs_no_spaces():
    texts = [
        "这家店的味道很好，服务也很热情，下次还会再来的",
        "这家店的味道很好 服务也很热情 下次还会再来的啊",
        "味道太差了，服务员态度也不好，不会再来了",
    ]
    assert pairs_of(texts) == {(0, 1)}


def test_short_texts_are_alike_by_chance_and_left_out():
    assert pairs_of(["thank you so much", "Thank you so much!"]) == set()
    assert pairs_of(["thank you so very much", "Thank you so very much!"]) == {(0, 1)}


@pytest.mark.parametrize("length", [12, 40, 300])
def test_nearly_all_changed_copies_are_found_and_nothing_else(length):
    originals = sentences(1, 300, length)
    copies = [" ".join([*text.split()[: length // 2], "new", *text.split()[length // 2 + 1 :]]) for text in originals]
    pairs = pairs_of([*originals, *copies])
    right = {(number, number + 300) for number in range(300)}
    assert pairs <= right
    # two pairs of words are changed: of 12 words 9 of 13 pairs stay, below the share; of 40 words 37 of 41
    assert len(pairs) > 290 if length > 12 else len(pairs) < 60


def test_the_share_of_equal_pairs_decides():
    texts, shares = [], []
    for number, text in enumerate(sentences(2, 400, 60)):
        words = text.split()
        words[: number % 20] = [f"new{number}-{place}" for place in range(number % 20)]
        one, two = text.split(), re.findall(r"\w+", " ".join(words))
        pairs_one, pairs_two = set(pairwise(one)), set(pairwise(two))
        shares.append(len(pairs_one & pairs_two) / len(pairs_one | pairs_two))
        texts += [text, " ".join(words)]
    near = {first // 2 for first, _ in pairs_of(texts)}
    shares = np.array(shares)
    assert set(np.flatnonzero(shares > 0.95)) <= near
    assert not set(np.flatnonzero(shares < 0.6)) & near


def test_many_texts_alike_cost_no_square_and_each_has_a_partner():
    first, second = near_pairs(text_array([SENTENCE + "!" * number for number in range(1000)]))
    assert set(second) == set(range(1, 1000))
    assert len(first) <= 1000 * (NEIGHBOURS + 1)


def test_of_many_texts_alike_all_are_near_the_first():
    test = [(SENTENCE + "!" * number, "x") for number in range(1, 20)]
    across = list(near_duplicates(material([*OTHERS, (SENTENCE, "x")], test=test)))[-1]
    assert across.subject == "near duplicates in two splits"
    assert "test 19 of 19 rows" in across.found


def test_texts_of_several_chunks_and_slices_are_compared():
    texts = text_array([SENTENCE, *sentences(3, 5000, 12), SENTENCE.upper()])
    assert list(zip(*near_pairs(texts), strict=True)) == [(0, 5001)]
    assert list(zip(*near_pairs(texts.slice(1)), strict=True)) == []


def test_every_process_gives_the_same():
    assert int(FACTORS[0]) == 16_294_208_416_658_607_535
    assert token_keys(tokens_in(text_array(["a", "seventeen letters"]))).tolist() == [97, 17_009_445_631_549_434_797]


@given(st.lists(st.text(max_size=80), max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_texts_can_be_compared(texts):
    first, second = near_pairs(pa.array(texts, pa.large_string()))
    assert (first < second).all()


def test_findings_name_the_rows():
    train = [*OTHERS, (SENTENCE, "x"), (SENTENCE.upper(), "x")]
    test = [("nothing like it in any of the files", "x"), (SENTENCE + "!", "y"), (SENTENCE, "y")]
    within, across = near_duplicates(material(train, test=test))
    assert within.found == (
        "Almost the same as an earlier row, by an estimate: train 1 of 22 rows (4.5 %; row 22), "
        "test 1 of 3 rows (33.3 %; row 2)."
    )
    assert across.found == "Almost the same as a row of train, by an estimate: test 1 of 3 rows (33.3 %; row 2)."
    assert (within.severity, across.severity) == ("note", "warning")


def test_exact_duplicates_are_not_near_duplicates():
    train = [*OTHERS, (SENTENCE, "x"), (SENTENCE, "x")]
    assert found(near_duplicates(material(train, test=[(SENTENCE, "y")]))) == []
    within = only(near_duplicates(material([*train, (SENTENCE + "!", "x")], test=[(SENTENCE, "y")])))
    assert within.found == "Almost the same as an earlier row, by an estimate: train 1 of 23 rows (4.3 %; row 23)."


def test_few_near_duplicates_in_two_splits_are_a_note():
    test = [*((text, "x") for text in sentences(5, 200, 20)), (SENTENCE + "!", "x")]
    assert only(near_duplicates(material([*OTHERS, (SENTENCE, "x")], test=test))).severity == "note"
