"""Vectors of n-grams: those of similar texts are near, a training text does not count for itself, and labels spread."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

import textclf
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import Ragged
from textclf.preprocessing.tokenizers.word import Options as Words
from textclf.training.fitting import ngram_vectors
from textclf.training.fitting.liblinear import SCALINGS, Problem, predict, solve
from textclf.training.fitting.ngram_vectors import NEUTRAL_TEXTS, NgramVectors, learn_ngram_vectors

ARRAYS = ("token_ids", "ngram_ids", "ngram_weights")
GOOD, BAD = "a splendid film with a warm heart", "a dreadful film with a cold plot"
LABELLED = ["splendid", "dreadful", "splendid film", "dreadful film"]
UNLABELLED = [GOOD, BAD, "splendid warm heart", "dreadful cold plot", "warm heart", "cold plot"] * 3


def learned(train, unlabelled=None, dim=4):
    """Return the preprocessor and the vectors of some texts."""
    options = Words(ngrams=NgramOptions(min_frequency=1, longest_words=1, longest_characters=0))
    preprocessor = Preprocessor.fit(options, [*train, *(unlabelled or [])], ARRAYS)
    parts = [None if texts is None else preprocessor.encode_arrays(texts) for texts in (train, unlabelled)]
    sizes = preprocessor.num_ids, preprocessor.num_ngrams
    return preprocessor, learn_ngram_vectors(*parts, sizes, dim, seed=1)


def rows_of(preprocessor, texts):
    return ngram_vectors.sparse_matrix(preprocessor.encode_arrays(texts), preprocessor.num_ngrams)


def test_a_text_does_not_count_for_its_own_vector():
    random = np.random.default_rng(0)
    texts = [" ".join(f"word{number}" for number in random.geometric(0.2, size)) for size in random.integers(2, 9, 40)]
    train = texts[:15]
    preprocessor, vectors = learned(train, texts[15:])
    of_texts = ngram_vectors._text_vectors([preprocessor.encode(texts)], preprocessor.num_ids, 4, 1)
    rows = rows_of(preprocessor, texts).toarray()
    expected, of_ngrams = np.zeros((len(train), 4)), np.zeros((preprocessor.num_ngrams, 4))
    for ngram in range(preprocessor.num_ngrams):
        having = np.flatnonzero(rows[:, ngram])
        of_ngrams[ngram] = of_texts[having].sum(axis=0) / (len(having) + NEUTRAL_TEXTS)
        for text in having[having < len(train)]:
            others = having[having != text]
            expected[text] += rows[text, ngram] * of_texts[others].sum(axis=0) / (len(others) + NEUTRAL_TEXTS)
    length = np.sqrt(np.mean(((rows[: len(train)] @ of_ngrams) ** 2).sum(axis=1)))
    np.testing.assert_allclose(vectors.of_ngrams, of_ngrams / length, atol=1e-5)
    np.testing.assert_allclose(vectors.of_rows, expected / length, atol=1e-5)


def test_vectors_of_texts_are_from_known_tokens_and_around_zero():
    known = [[2, 3, 4], [4, 5], [3, 5, 5, 6], [2, 6]]
    unknown = [[1, *text, 1] for text in known]
    first, second = (
        ngram_vectors._text_vectors(
            [Ragged.from_lengths(np.concatenate(texts).astype(np.int32), np.array([len(text) for text in texts]))],
            num_ids=8, dim=3, seed=1,
        )
        for texts in (known, unknown)
    )  # fmt: skip
    np.testing.assert_allclose(first, second, atol=1e-6)
    np.testing.assert_allclose(first.mean(axis=0), 0, atol=1e-6)
    assert first.any(axis=1).all()


def test_texts_without_labels_tell_what_words_without_labels_mean():
    preprocessor, vectors = learned(LABELLED, UNLABELLED)
    rows, unit = rows_of(preprocessor, LABELLED), np.array([[1], [0], [1], [0]])
    new = rows_of(preprocessor, ["warm heart", "cold plot"])
    plain, spread = (
        predict(solve(Problem(rows.astype(float), unit, None, "log_loss", "none", 0, given), 8), new)[:, 0]
        for given in (None, vectors)
    )
    assert abs(plain[0] - plain[1]) < 1e-6
    assert spread[0] > spread[1] + 0.5


@pytest.mark.parametrize("scaling", ["none", "naive_bayes"])
@pytest.mark.parametrize("weights", [None, np.repeat([[1.0], [0.0], [2.0]], 20, axis=0)])
def test_one_weight_for_each_ngram_answers_as_ngrams_and_vectors_do(scaling, weights):
    random = np.random.default_rng(0)
    rows = csr_matrix(np.where(random.random((60, 12)) < 0.4, random.random((60, 12)), 0))
    unit = random.integers(0, 2, (60, 1))
    vectors = NgramVectors(*(random.normal(size=(number, 3)).astype(np.float32) for number in (60, 12)))
    problem = Problem(rows, unit, weights, "squared_hinge", scaling, 0, vectors)
    used = np.ones(60, bool) if weights is None else weights[:, 0] > 0
    scales = np.ones(12)
    if scaling == "naive_bayes":
        scales = SCALINGS["naive_bayes"](rows[used], unit[used, 0])
    together = hstack([rows.multiply(scales), vectors.of_rows]).tocsr()
    of_rows = None if weights is None else weights[used, 0]
    expected = LinearSVC(C=2, random_state=0).fit(together[used], unit[used, 0], of_rows)
    new = csr_matrix(random.random((5, 12)))
    answers = expected.decision_function(hstack([new.multiply(scales), new @ vectors.of_ngrams]).tocsr())
    np.testing.assert_allclose(predict(solve(problem, 2), new)[:, 0], answers, atol=2e-3)


@pytest.mark.parametrize("texts", [["one", "two", "one"], ["?"], ["one one"]])
def test_texts_of_one_token_have_finite_vectors(texts):
    _, vectors = learned(texts)
    assert all(np.isfinite(part).all() for part in vectors)


def test_of_very_many_pairs_those_of_evenly_spaced_texts_are_counted(monkeypatch):
    texts = ["alpha beta", "gamma delta"] * 10  # 4 pairs each
    _, every = learned(texts)
    monkeypatch.setattr(ngram_vectors, "MOST_PAIRS", 40)  # every second text
    preprocessor, half = learned(texts)
    directions = ngram_vectors._text_vectors([preprocessor.encode(texts)], preprocessor.num_ids, 4, 1)
    assert not np.allclose(every.of_ngrams, half.of_ngrams)
    assert np.isfinite(directions).all()


@pytest.mark.parametrize("folds", [None, 2])
def test_a_classifier_with_them_reads_ngrams_alone(workplace, tiny_config, folds):
    training = {"optimizer": "liblinear", "ngram_vectors": 8, "refit": True, "inner_folds": folds}
    config = tiny_config(training=training, preprocessing={"ngrams": {"min_frequency": 1}})
    config["model"] = {"architecture": "ngrams"}
    run = textclf.train(config, run="with")
    assert textclf.load(run).preprocessor.names == ("ngram_ids", "ngram_weights")
    assert run.read_metadata()["onnx_difference"] < 1e-5
    without = textclf.train(config, ["training.ngram_vectors=0"], run="without")
    sizes = [(one.classifier / "model.onnx").stat().st_size for one in (run, without)]
    assert sizes[0] == sizes[1]
    assert (run.classifier / "model.onnx").read_bytes() != (without.classifier / "model.onnx").read_bytes()
