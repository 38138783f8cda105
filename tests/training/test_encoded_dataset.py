"""Encoded texts: one preprocessor learns from training texts and unlabelled texts, and encodes both."""

import pytest

from tests.hand_made import dataset
from textclf.config.config import load_config
from textclf.core.text_column import text_array
from textclf.data.loading import encode_labels
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.training.encoded_dataset import TrainingTexts, encode, without_training_arrays

SPLITS = {
    "train": dataset([("a good film", "x"), ("a bad film", "y")]),
    "validation": dataset([("a fine film", "x")]),
    "test": dataset([("a poor film", "x")]),
}
UNLABELLED = text_array(["a dull film", "dull"])
NGRAMS = {
    "model": {"architecture": "ngrams"},
    "preprocessing": {"ngrams": {"min_frequency": 1}},
    "training": {"optimizer": "liblinear", "ngram_vectors": 2},
}


def texts(unlabelled=UNLABELLED):
    targets = Targets.fit(SPLITS["train"].labels, TargetOptions(), multilabel=False)
    return TrainingTexts(SPLITS, encode_labels(SPLITS, targets), unlabelled)


@pytest.mark.parametrize("learned_from", [("train",), ("train", "validation")])
def test_words_are_learned_from_unlabelled_texts_too(tmp_path, learned_from):
    config = load_config({"data": {"train": "-"}})
    encoded = encode(config, texts(), tmp_path, learned_from)
    words = {"a", "good", "bad", "film", "dull", *(["fine"] if "validation" in learned_from else [])}
    assert {*encoded.preprocessor.tokenizer.ids()} == words
    assert list(encoded.splits) == ["train", "validation", "test"]
    expected = encoded.preprocessor.encode(UNLABELLED)
    assert encoded.unlabelled["token_ids"].values.tolist() == expected.values.tolist()
    assert encoded.unlabelled["token_ids"].offsets.tolist() == expected.offsets.tolist()


def test_without_unlabelled_texts(tmp_path):
    encoded = encode(load_config({"data": {"train": "-"}}), texts(None), tmp_path)
    assert encoded.unlabelled is None
    assert "dull" not in encoded.preprocessor.tokenizer.ids()


def test_n_grams_of_unlabelled_texts_count(tmp_path):
    config = load_config({"data": {"train": "-"}, **NGRAMS})
    encoded, before = (encode(config, texts(some), tmp_path) for some in (UNLABELLED, None))
    assert (encoded.preprocessor.ngrams.texts, before.preprocessor.ngrams.texts) == (4, 2)
    assert encoded.preprocessor.num_ngrams > before.preprocessor.num_ngrams
    assert set(encoded.unlabelled) == set(encoded.splits["train"].arrays) == {"token_ids", "ngram_ids", "ngram_weights"}
    answering = without_training_arrays(config, encoded)
    assert set(answering.splits["test"].arrays) == {"ngram_ids", "ngram_weights"}
    assert set(answering.preprocessor.names) == {"ngram_ids", "ngram_weights"}
