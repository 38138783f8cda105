"""The tokenizer `keras` gives the ids of Keras's own `Tokenizer`, which is the reference here."""

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from tests.csv_files import read_rows
from textclf.core.errors import DataError
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import pad
from textclf.preprocessing.tokenizers import keras_compatible

DATA = Path(__file__).parents[3] / "data"
KERAS_SIDES = {"left": "pre", "right": "post"}
DEFAULT_FILTERS = keras_compatible.Options().filters
HAND_MADE = [
    "tie b a c",
    "c a b tie",
    "The the THE tHe",
    "double  spaces   and a trailing one ",
    " leading",
    "tabs\tand\nnew lines\r\nand returns\rhere",
    "non-breaking\u00a0space, ideographic\u3000space, thin\u2009space",
    "ΟΔΥΣΣΕΥΣ Σ ΣΑΣ σας",
    "İstanbul ISTANBUL ıstanbul istanbul",
    "ẞ Straße ǅ ŉ",
    "don't can't 'quoted' \"quoted\"",
    "e-mail_address@example.com/path?x=1&y=2",
    "今天天气很好，我们去公园。",
    "iPhone手机 很好",
    "cafe\u0301 caf\u00e9",
    "👍👍 ❤️ ❤",
    "NUL\0inside \x1c \x85 \u2028 end",
    "",
    " ",
    "!!! ???",
    "\u3000",
]
UNSEEN = ["never seen words and the tie", "unseen", "", "...", "the unseen THE", "Σ", "İ"]


def read_texts(folder, split):
    return [row["text"] for row in read_rows(DATA / folder / f"{split}.csv")]


@pytest.fixture(scope="module", params=["toy_en", "toy_zh", "toy_topics", "hand made"])
def texts(request):
    if request.param == "hand made":
        return HAND_MADE, HAND_MADE + UNSEEN
    return read_texts(request.param, "train"), read_texts(request.param, "test") + UNSEEN


@pytest.fixture(scope="module")
def keras_ids():
    from keras.utils import pad_sequences
    from tensorflow.keras.preprocessing.text import Tokenizer

    def ids(options, training, texts):
        tokenizer = Tokenizer(options.vocabulary_size, options.filters, options.lowercase, oov_token=options.oov_token)
        tokenizer.fit_on_texts(training)
        return pad_sequences(
            tokenizer.texts_to_sequences(texts),
            options.sequence_length,
            padding=KERAS_SIDES[options.padding],
            truncating=KERAS_SIDES[options.truncating],
        )

    return ids


def assert_same_ids(options, training, texts, keras_ids):
    preprocessor = Preprocessor.fit(options, training)
    ours = pad(preprocessor.encode(texts), options.sequence_length, options.padding)
    theirs = keras_ids(options, training, texts)
    empty = ~theirs.any(axis=1)
    column = 0 if options.padding == "right" else -1
    theirs[empty, column] = 1 if options.oov_token is not None else preprocessor.num_ids - 1
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype
    return empty


@pytest.mark.parametrize("oov_token", [None, "<OOV>"])
@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("num_words", [3, 4, 57, 100_000])
def test_ids_are_those_of_keras(texts, keras_ids, num_words, lowercase, oov_token):
    options = keras_compatible.Options(
        vocabulary_size=num_words, lowercase=lowercase, oov_token=oov_token, sequence_length=40
    )
    empty = assert_same_ids(options, *texts, keras_ids)
    assert empty.any()


@pytest.mark.parametrize("filters", ["", "a", "的，。 ", DEFAULT_FILTERS + "'“”", ".\\]^-", "\u00a0\r\0"])
def test_filters_are_those_of_keras(texts, keras_ids, filters):
    for lowercase in (True, False):
        assert_same_ids(keras_compatible.Options(filters=filters, lowercase=lowercase), *texts, keras_ids)


def test_default_filters_are_those_of_keras():
    from tensorflow.keras.preprocessing.text import Tokenizer

    assert Tokenizer().filters == DEFAULT_FILTERS


@pytest.mark.parametrize(("padding", "truncating"), [*itertools.product(KERAS_SIDES, repeat=2)])
@pytest.mark.parametrize("length", [1, 5, 60])
def test_sides_are_those_of_keras(texts, keras_ids, padding, truncating, length):
    for oov_token in (None, "<OOV>"):
        options = keras_compatible.Options(
            vocabulary_size=30, oov_token=oov_token, padding=padding, truncating=truncating, sequence_length=length
        )
        assert_same_ids(options, *texts, keras_ids)


def test_ties_of_many_texts_are_broken_as_by_keras(keras_ids):
    pick = random.Random(3)
    words = [f"w{number}" for number in range(3000)]
    training = [" ".join(pick.choices(words, k=4)) for _ in range(6000)]
    for size in (500, 100_000):
        options = keras_compatible.Options(vocabulary_size=size, sequence_length=6)
        assert_same_ids(options, training, [*training, "unseen"], keras_ids)


def test_empty_row_gets_the_id_of_unknown_words():
    preprocessor = Preprocessor.fit(keras_compatible.Options(), ["a b"])
    assert preprocessor.num_ids == 4
    assert preprocessor.encode(["", "...", "never", "a"]).values.tolist() == [1, 1, 1, 2]


def test_empty_row_gets_an_id_of_its_own_without_unknown_words():
    preprocessor = Preprocessor.fit(keras_compatible.Options(oov_token=None, vocabulary_size=3), ["a a b b c"])
    assert preprocessor.num_ids == 4
    assert preprocessor.encode(["", "...", "c", "a c b"]).values.tolist() == [3, 3, 3, 1, 2]


@pytest.mark.parametrize("oov_token", ["good", "未"])
def test_refuses_an_oov_token_that_is_a_word(oov_token):
    with pytest.raises(DataError, match=rf"preprocessing\.oov_token: .*'{oov_token}'"):
        Preprocessor.fit(keras_compatible.Options(oov_token=oov_token), ["a good 未 day"])
