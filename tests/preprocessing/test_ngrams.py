"""N-grams: which there are, what they weigh, and that a text has the same ones wherever it stands."""

import math

import numpy as np
import pytest

from textclf.core.parallel import CHUNK_ROWS
from textclf.core.text_column import text_array
from textclf.preprocessing.compact_numbers import numbers_to_text
from textclf.preprocessing.ngram_hashing import CHARACTER_BUCKETS, SLICE_ROWS, count_ngrams
from textclf.preprocessing.ngrams import FEW, Ngrams, _heaviest, learn_ngrams
from textclf.preprocessing.options import BUCKETS, NgramOptions, NormalizedOptions
from textclf.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID

TEXTS = [
    "a good film",
    "A  good\nfilm!",
    "bad",
    "好电影",
    "好 电影",
    "좋은 영화",
    "👍🏽 x",
    "",
    " \t",
    "x" * 3000,
    "\ud83d \0",
]
NORMALIZATION = NormalizedOptions()


def count(texts, **options):
    """(text, bucket) -> how often."""
    found = {}
    for start, part in enumerate(count_ngrams(text_array(texts), NgramOptions(**options), NORMALIZATION)):
        entries = zip(part.rows.tolist(), part.buckets.tolist(), part.counts.tolist(), strict=True)
        found |= {(start * SLICE_ROWS + row, bucket): times for row, bucket, times in entries}
    return found


def learned(texts, **options):
    options = NgramOptions(**{"min_frequency": 1, **options})
    return Ngrams(options, NORMALIZATION, learn_ngrams(text_array(texts), options, NORMALIZATION))


def rows_of(ngrams, texts):
    """For each text its ids and their weights."""
    rows = ngrams.encode(text_array(texts))
    ids, weights = rows["ngram_ids"], rows["ngram_weights"]
    assert ids.values.dtype == np.int32
    assert weights.values.dtype == np.float32
    pairs = zip(ids.offsets[:-1], ids.offsets[1:], strict=True)
    return [dict(zip(ids.values[a:b].tolist(), weights.values[a:b].tolist(), strict=True)) for a, b in pairs]


def by_hand(text, words, characters):
    """How often each n-gram occurs, kept as strings."""
    parts = text.casefold().split()
    grams = [tuple(parts[i : i + n]) for n in words for i in range(len(parts) - n + 1)]
    spaced = f" {' '.join(parts)} "
    grams += [spaced[i : i + n] for n in characters for i in range(len(spaced) - n + 1)]
    return sorted(grams.count(gram) for gram in set(grams))


@pytest.mark.parametrize("text", ["a good good film a good", "it is what it is", "été straßen ὀδυσσεύς", "x", ""])
@pytest.mark.parametrize(("words", "characters"), [((1, 2), (2, 3, 4, 5)), ((1, 2, 3), ()), ((), (1,))])
def test_counts_are_those_of_strings(text, words, characters):
    limits = {"longest_words": len(words), "shortest_characters": min(characters, default=1)}
    found = count([text], **limits, longest_characters=max(characters, default=0))
    assert sorted(found.values()) == by_hand(text, words, characters)


def test_buckets_are_the_same_on_every_machine():
    found = count(["ab 好"], longest_words=2, shortest_characters=2, longest_characters=2)
    assert sorted(bucket for _, bucket in found) == [
        2867704, 5769809, 7252456, 8541859, 8857732, 11873954, 12407319, 16470556,
    ]  # fmt: skip
    assert sum(bucket >= CHARACTER_BUCKETS for _, bucket in found) == 5


def test_order_of_words_and_of_characters_counts():
    assert count(["a b"]).keys() != count(["b a"]).keys()
    assert count(["ab"], longest_words=1, longest_characters=0) != count(["ba"], longest_words=1, longest_characters=0)


def test_no_ngram_crosses_from_a_text_into_the_next():
    together = count(["a b", "c d"])
    apart = {
        (row, bucket): times for row, text in enumerate(["a b", "c d"]) for (_, bucket), times in count([text]).items()
    }
    assert together == apart


def test_chinese_words_are_characters_and_spaces_and_case_are_one():
    only_words = {"longest_characters": 0}
    assert set(count(["好电影"], **only_words)) == set(count(["好 电 影"], **only_words))
    assert count(["A  good\nFilm "]) == count(["a good film"])


def test_one_by_one_equals_all_at_once():
    texts = [*TEXTS, *(f"w{number} w{number % 7} 好" for number in range(CHUNK_ROWS + 300))]
    ngrams = learned(texts)
    together = rows_of(ngrams, texts)
    places = [*range(20), SLICE_ROWS - 1, SLICE_ROWS, CHUNK_ROWS - 1, CHUNK_ROWS, len(texts) - 1]
    assert [rows_of(ngrams, [texts[place]])[0] for place in places] == [together[place] for place in places]


def test_many_and_few_ngrams_find_the_same_ids():
    ngrams = learned(["a good film", "bad"])
    buckets = np.arange(0, 1 << 24, 100)
    buckets = np.concatenate([buckets, ngrams.buckets])
    assert len(buckets) > FEW
    parts = np.array_split(buckets, 10)
    assert np.array_equal(ngrams._ids_of(buckets), np.concatenate([ngrams._ids_of(part) for part in parts]))


def test_weights_are_tf_idf_with_both_kinds_alike():
    ngrams = learned(["a b", "a a", "c"], longest_words=1, shortest_characters=3, longest_characters=3)
    [row] = rows_of(ngrams, ["a a c"])
    of_words = [weight for number, weight in row.items() if ngrams.buckets[number - FIRST_ID] < CHARACTER_BUCKETS]
    expected = np.array([(1 + math.log(2)) * (math.log(4 / 3) + 1), math.log(4 / 2) + 1])
    kinds = 2**0.5  # words and characters have half of the squares each
    np.testing.assert_allclose(sorted(of_words), sorted(expected / np.linalg.norm(expected) / kinds), rtol=1e-6)
    assert sum(weight**2 for weight in row.values()) == pytest.approx(1)


def test_a_text_of_nothing_known_has_the_one_id_for_that():
    ngrams = learned(["good"], longest_characters=0)
    assert rows_of(ngrams, ["", "unseen", "good"]) == [{UNKNOWN_ID: 1}, {UNKNOWN_ID: 1}, {2: 1}]
    assert rows_of(learned([]), ["good"]) == [{UNKNOWN_ID: 1}]
    assert ngrams.num_ids == 3


def test_the_most_frequent_are_learned():
    texts = ["a b c", "a b", "a"]
    sizes = [learned(texts, longest_words=1, longest_characters=0, **limit).num_ids for limit in
             ({}, {"min_frequency": 2}, {"most_ngrams": 1}, {"min_frequency": 4})]  # fmt: skip
    assert sizes == [5, 4, 3, 2]
    most = learned(texts, longest_words=1, longest_characters=0, most_ngrams=1)
    assert rows_of(most, ["a", "b"]) == [{2: 1}, {UNKNOWN_ID: 1}]


def test_the_most_frequent_of_many_are_learned_whatever_their_order():
    words = [f"w{number}" for number in range(20)]
    texts = [" ".join(words[first:]) for first in range(20)]  # the later a word, the more texts have it
    most = learned(texts, longest_words=1, longest_characters=0, most_ngrams=12)
    known = [row != {UNKNOWN_ID: 1} for row in rows_of(most, words)]
    assert known == [False] * 8 + [True] * 12


def test_a_long_text_keeps_its_heaviest_ngrams():
    random = np.random.default_rng(0)
    for _ in range(50):
        rows = np.sort(random.integers(0, 9, random.integers(0, 80)))
        weights, most = random.integers(1, 4, len(rows)).astype(float), int(random.integers(1, 9))
        kept = np.arange(len(rows))[_heaviest(rows, weights, most)]
        expected = [
            place
            for row in set(rows.tolist())
            for place in sorted(np.flatnonzero(rows == row).tolist(), key=lambda place: (-weights[place], place))[:most]
        ]
        assert kept.tolist() == sorted(expected)
    [row] = rows_of(learned(TEXTS, most_per_text=3), ["a good film"])
    assert len(row) == 3
    assert sum(weight**2 for weight in row.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"buckets": "AAAAAAAAAAA="},
        {"buckets": "AQAAAA=="},
        {"buckets": "////////////"},
        {"buckets": "no base 64"},
        {"buckets": 3},
        {"frequencies": "AAAAAAAAAAA="},
        {"frequencies": numbers_to_text(np.array([0, 0]))},
        {"frequencies": numbers_to_text(np.array([1, 2]))},
        {"gaps": numbers_to_text(np.array([5, 0]))},
        {"gaps": numbers_to_text(np.array([5, BUCKETS]))},
        {"gaps": numbers_to_text(np.array([5]))},
        {"gaps": 3},
        {"ngrams": 3},
        {"ngrams": -1},
        {"ngrams": BUCKETS + 1},
        {"ngrams": "2"},
        {"texts": 0},
        {"texts": "2"},
    ],
    ids=str,
)
def test_the_state_of_a_stranger_is_checked(wrong):
    options = NgramOptions(min_frequency=1, longest_words=1, longest_characters=0)
    state = learn_ngrams(text_array(["a b"]), options, NORMALIZATION)
    Ngrams(options, NORMALIZATION, state)
    with pytest.raises(ValueError, match="expected"):
        Ngrams(options, NORMALIZATION, state | wrong)


def test_pandas_is_not_imported(textclf_command):
    script = """
import sys
from textclf.preprocessing.ngrams import Ngrams, learn_ngrams

from textclf.preprocessing.options import BUCKETS, NgramOptions, NormalizedOptions
from textclf.core.text_column import text_array
from textclf.preprocessing.compact_numbers import numbers_to_text
options, texts = (NgramOptions(), NormalizedOptions()), text_array(["a b", "a b", "long 好 " * 9000])
Ngrams(*options, learn_ngrams(texts, *options)).encode(texts)
print(sorted({"pandas", "scipy", "tensorflow"} & set(sys.modules)))
"""
    finished = textclf_command(python=("-c", script))
    assert finished.stdout.decode() == "[]\n", finished.stderr.decode()
