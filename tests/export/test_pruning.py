"""Pruning: the size is reached, the most important n-grams stay, and a text of them alone keeps its answer."""

import numpy as np
import onnxruntime
import pytest

from textclf.core.errors import RunError
from textclf.core.text_column import text_array
from textclf.export.onnx import build_graph
from textclf.export.pruning import _importance, prune, prune_to_size
from textclf.models import ARCHITECTURES, build_model
from textclf.models.sizes import Sizes
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

WORDS = ["good", "bad", "film", "plot", "cast", "long", "short", "dull", "fine", "weak"]
NAMES = ("ngram_ids", "ngram_weights")


@pytest.fixture(scope="module")
def texts():
    random = np.random.default_rng(0)
    return text_array([" ".join(random.choice(WORDS, 6)) for _ in range(200)])


@pytest.fixture(scope="module")
def preprocessor(texts):
    options = TOKENIZERS["word"].Options(ngrams=NgramOptions(longest_characters=3))
    return Preprocessor.fit(options, texts, NAMES)


@pytest.fixture(scope="module", params=[1, 3])
def model(request, preprocessor):
    network = build_model(
        ARCHITECTURES["ngrams"].Options(), Sizes(2, 9, num_ngrams=preprocessor.num_ngrams), num_outputs=request.param
    )
    random = np.random.default_rng(1)
    for weight in network.weights:
        weight.assign(random.normal(0, 1, weight.shape) * random.gamma(0.3, size=(weight.shape[0], *weight.shape[1:])))
    return build_graph(network, activation="sigmoid", padding="right")


def size_of(model, preprocessor):
    return model.ByteSize() + len(preprocessor.to_json())


def answers(model, preprocessor, texts):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, preprocessor.pad(preprocessor.encode_arrays(texts)))[0]


@pytest.mark.parametrize("share", [0.9, 0.6])
def test_the_size_is_reached_with_as_many_ngrams_as_fit(model, preprocessor, texts, share):
    most = int(share * size_of(model, preprocessor))
    made = prune_to_size(model, preprocessor, texts, size_of, most)
    assert 0.9 * most < size_of(made.model, made.preprocessor) <= most
    assert 0 < made.kept < made.total
    assert len(made.preprocessor.ngrams.buckets) == made.kept
    assert answers(made.model, made.preprocessor, texts).shape == (200, answers(model, preprocessor, texts).shape[1])


def test_all_ngrams_stay_if_they_fit(model, preprocessor, texts):
    made = prune_to_size(model, preprocessor, texts, size_of, size_of(model, preprocessor))
    assert (made.model, made.preprocessor, made.kept) == (model, preprocessor, made.total)


def test_too_small_a_size_says_the_smallest(model, preprocessor, texts):
    with pytest.raises(RunError, match=r"--size 0\.0005: the smallest possible size of this classifier is 0\.00\d+ MB"):
        prune_to_size(model, preprocessor, texts, size_of, 500)


def test_the_important_ngrams_change_the_answers_least(model, preprocessor, texts):
    importance, expected = _importance(model, preprocessor), answers(model, preprocessor, texts)
    half = len(importance) // 2
    errors = [
        np.abs(answers(*prune(model, preprocessor, order, half, texts), texts) - expected).mean()
        for order in (importance, -importance)
    ]
    assert errors[0] < 0.7 * errors[1]


def test_with_all_ngrams_nothing_changes(model, preprocessor, texts):
    importance = _importance(model, preprocessor)
    made = prune(model, preprocessor, importance, len(importance), texts)
    np.testing.assert_allclose(answers(*made, texts), answers(model, preprocessor, texts), atol=1e-6)
