"""What the embedding hides in training: whole tokens, or the same numbers of every token."""

import keras
import numpy as np

from textclf.models.embedding import EmbeddingOptions, embed
from textclf.models.sizes import Sizes

TOKEN_IDS = np.arange(1, 61).reshape(2, 30)


def hidden(training=True, **options) -> np.ndarray:
    """Where the embedding is 0, bool (texts, tokens, numbers)."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, embed(EmbeddingOptions(embedding_dim=20, **options), inputs, Sizes(61, 30)))
    return np.asarray(model(TOKEN_IDS, training=training)) == 0


def test_word_dropout_hides_whole_tokens():
    zeros = hidden(word_dropout=0.5)
    assert (zeros.all(axis=2) == zeros.any(axis=2)).all()
    assert 0.25 < zeros.all(axis=2).mean() < 0.75
    assert (zeros[0, :, 0] != zeros[1, :, 0]).any()


def test_spatial_dropout_hides_the_same_numbers_of_every_token_of_a_text():
    zeros = hidden(spatial_dropout=0.5)
    assert (zeros.all(axis=1) == zeros.any(axis=1)).all()
    assert 0.25 < zeros.all(axis=1).mean() < 0.75
    assert (zeros[0, 0] != zeros[1, 0]).any()


def test_nothing_is_hidden_outside_training_or_by_default():
    assert not hidden(training=False, word_dropout=0.5, spatial_dropout=0.5).any()
    assert not hidden().any()
