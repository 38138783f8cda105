"""Word vectors of the training texts: neighbours are counted within a text, and words in like places are near."""

import numpy as np
import pytest

from textclf.preprocessing.ragged import Ragged
from textclf.training.fitting import cooccurrence
from textclf.training.fitting.cooccurrence import WINDOW, _neighbours, cooccurrence_vectors

NUM_IDS = 12


def ragged(*texts):
    return Ragged.from_lengths(np.concatenate([np.array(text, int) for text in texts]), [len(text) for text in texts])


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def test_neighbours_count_by_their_distance_within_a_text_only():
    random = np.random.default_rng(1)
    texts = [random.integers(1, NUM_IDS, random.integers(1, 9)) for _ in range(20)]
    expected = np.zeros((NUM_IDS, NUM_IDS))
    for text in texts:
        for at, token in enumerate(text):
            for other, neighbour in enumerate(text):
                if 0 < abs(at - other) <= WINDOW:
                    expected[token, neighbour] += 1 / abs(at - other)
    np.testing.assert_allclose(_neighbours(ragged(*texts), NUM_IDS).toarray(), expected, rtol=1e-5)


def test_tokens_in_the_same_places_have_near_vectors():
    # 2 and 3 stand between 4 and 5, and never together; 6 stands between 7 and 8.
    vectors = cooccurrence_vectors(ragged(*[[4, 2, 5], [4, 3, 5], [7, 6, 8], [7, 9, 8]] * 5), NUM_IDS, 4, seed=1)
    assert cosine(vectors[2], vectors[3]) > 0.99
    assert abs(cosine(vectors[2], vectors[6])) < 0.01


def test_vectors_have_the_shape_and_scale_of_an_embedding_and_absent_tokens_have_none():
    texts = ragged(*np.random.default_rng(1).integers(2, NUM_IDS, (50, 6)))
    vectors = cooccurrence_vectors(texts, NUM_IDS + 3, 5, seed=1)
    assert (vectors.shape, vectors.dtype) == ((NUM_IDS + 3, 5), np.float32)
    assert vectors[2:NUM_IDS].std() == pytest.approx(0.1, rel=1e-4)
    assert not vectors[[0, 1, *range(NUM_IDS, NUM_IDS + 3)]].any()
    assert (vectors == cooccurrence_vectors(texts, NUM_IDS + 3, 5, seed=1)).all()


@pytest.mark.parametrize("texts", [[[2], [3], [2]], [[1]]])
def test_texts_of_one_token_give_no_vectors(texts):
    assert not cooccurrence_vectors(ragged(*texts), NUM_IDS, 5, seed=1).any()


def test_there_may_be_fewer_tokens_than_dimensions():
    vectors = cooccurrence_vectors(ragged([2, 3], [3, 4, 2]), 5, 64, seed=1)
    assert vectors.shape == (5, 64)
    assert np.isfinite(vectors).all()
    assert vectors[2:].any()


def test_equal_numbers_are_not_stretched_without_limit():
    vectors = cooccurrence_vectors(ragged([2, 3], [3, 4], [4, 2]), 5, 1, seed=1)
    assert np.isfinite(vectors).all()
    assert 0 < np.abs(vectors).max() < 1000


def test_of_very_many_texts_evenly_spaced_ones_are_read(monkeypatch):
    monkeypatch.setattr(cooccurrence, "MOST_TOKENS", 40)
    texts = [[2, 3] if number % 2 else [4, 5] for number in range(40)]  # 80 tokens: every second text
    vectors = cooccurrence_vectors(ragged(*texts), NUM_IDS, 2, seed=1)
    assert vectors[[4, 5]].any()
    assert not vectors[[2, 3]].any()
