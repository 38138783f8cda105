"""The preprocessor: texts in, arrays out, and what it refuses."""

import json
import re
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pretrained import tokenizer_options
from textclf.core.errors import RunError
from textclf.core.text_column import text_array
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS, word

TEXTS = ["a a a b b c", "b", "a b c never", ""]


def fit(**settings):
    return Preprocessor.fit(word.Options(**settings), TEXTS)


@pytest.fixture(params=TOKENIZERS)
def saved(request, tmp_path):
    path = tmp_path / "tokenizer.json"
    Preprocessor.fit(tokenizer_options(request.param), TEXTS).save(path)
    return json.loads(path.read_text(encoding="utf-8"))


def load(content):
    return Preprocessor.from_json(json.dumps(content).encode())


def test_pad_is_as_wide_as_the_length_given():
    preprocessor = fit()
    arrays = preprocessor.pad(preprocessor.encode_arrays(TEXTS), 9)
    assert tuple(arrays) == ("token_ids",)
    assert arrays["token_ids"].shape == (4, 9)
    assert arrays["token_ids"].dtype == np.int32


def test_pad_of_no_text_has_no_row():
    preprocessor = fit()
    assert preprocessor.pad(preprocessor.encode_arrays([]), 9)["token_ids"].shape == (0, 9)


def test_pad_is_as_wide_as_the_longest_row():
    preprocessor = fit()
    assert preprocessor.pad(preprocessor.encode_arrays(["a b", "a", "a b c"]))["token_ids"].shape == (3, 3)
    assert preprocessor.pad(preprocessor.encode_arrays([]))["token_ids"].shape == (0, 1)


@pytest.mark.parametrize(
    ("padding", "truncating", "expected"),
    [
        ("right", "right", [[2, 3, 4], [2, 0, 0], [1, 0, 0]]),
        ("right", "left", [[3, 4, 1], [2, 0, 0], [1, 0, 0]]),
        ("left", "right", [[2, 3, 4], [0, 0, 2], [0, 0, 1]]),
        ("left", "left", [[3, 4, 1], [0, 0, 2], [0, 0, 1]]),
    ],
)
def test_sides(padding, truncating, expected):
    preprocessor = fit(vocabulary_size=5, padding=padding, truncating=truncating, sequence_length=3)
    texts = ["a b c never", "a", ""]
    assert preprocessor.pad(preprocessor.encode_arrays(texts), 3)["token_ids"].tolist() == expected
    assert preprocessor.pad(preprocessor.encode_arrays(texts))["token_ids"].tolist() == expected


def test_encode_cuts_to_sequence_length():
    assert fit(sequence_length=2).encode(["a b c", "a", "a b"]).lengths.tolist() == [2, 1, 2]


def test_saved_file_is_utf8_json_with_options_and_state(tmp_path):
    path = tmp_path / "tokenizer.json"
    Preprocessor.fit(word.Options(vocabulary_size=7, padding="left"), ["好 \ud83d"]).save(path)
    saved = json.loads(path.read_bytes().decode())
    assert saved["options"] == asdict(word.Options(vocabulary_size=7, padding="left"))
    assert saved["state"] == {"vocabulary": ["好", "\ufffd"]}
    assert "好" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\0",
        b"\xff\xfe\xfd",
        b"PK\x03\x04",
        b"null",
        b"1",
        b"9" * 5000,
        b'"text"',
        b"[]",
        b"{}",
        b'{"options": {}}',
        b'{"options": null, "state": null}',
        b'{"options": [], "state": {}}',
        b'{"options": {"tokenizer": null}, "state": {}}',
        b'{"options": {"tokenizer": ["word"]}, "state": {}}',
        b'{"options": {"tokenizer": "word"}}',
        b'{"state": {"vocabulary": []}}',
    ],
    ids=lambda content: repr(content[:40]),
)
def test_refuses_what_is_no_tokenizer_file(content):
    with pytest.raises(RunError, match="expected a tokenizer file"):
        Preprocessor.from_json(content)


def test_refuses_endless_nesting():
    with pytest.raises(RunError, match="expected a tokenizer file"):
        Preprocessor.from_json(b"[" * 100_000)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokenizer", "bpe"),
        ("tokenizer", "Word"),
        ("tokenizer", ""),
        ("surprise", 1),
        ("vocabulary_size", 2),
        ("vocabulary_size", -1),
        ("vocabulary_size", "20000"),
        ("vocabulary_size", 20.5),
        ("vocabulary_size", True),
        ("vocabulary_size", None),
        ("sequence_length", 0),
        ("sequence_length", 1.0),
        ("padding", "top"),
        ("padding", None),
        ("truncating", "pre"),
        ("lowercase", "yes"),
        ("lowercase", 1),
    ],
)
def test_refuses_options_out_of_range(saved, key, value):
    load(saved)
    saved["options"][key] = value
    with pytest.raises(RunError, match=r"expected a tokenizer file") as caught:
        load(saved)
    assert str(value if key == "tokenizer" else key) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_frequency", 0),
        ("min_frequency", None),
        ("normalization", "NFC"),
        ("normalization", "nfd"),
        ("normalization", None),
        ("turkish_i", "true"),
        ("replace_urls", 1),
        ("replace_users", None),
        ("replace_numbers", "no"),
    ],
)
def test_refuses_normalization_out_of_range(saved, key, value):
    saved["options"][key] = value
    with pytest.raises(RunError, match=rf"(?s)expected a tokenizer file.*{key}"):
        load(saved)


@pytest.mark.parametrize(
    "state",
    [
        None,
        1,
        "text",
        [],
        {},
        {"words": ["a"]},
        {"vocabulary": None},
        {"vocabulary": 1},
        {"vocabulary": "abc"},
        {"vocabulary": ["a", 1]},
        {"vocabulary": ["a", None]},
        {"vocabulary": ["a", ["b"]]},
        {"vocabulary": [{"a": 1}]},
    ],
    ids=json.dumps,
)
def test_refuses_a_vocabulary_that_is_no_list_of_strings(saved, state):
    with pytest.raises(RunError, match="expected a tokenizer file"):
        load(saved | {"state": state})


@pytest.mark.parametrize("vocabulary", [{"a": 1}, ["a", "b", "a"]], ids=json.dumps)
def test_refuses_a_vocabulary_that_none_can_have_learned(saved, vocabulary):
    with pytest.raises(RunError, match="expected a tokenizer file"):
        load(saved | {"state": {"vocabulary": vocabulary}})


@pytest.mark.parametrize("texts", ["one text", ""])
def test_one_text_instead_of_a_list_is_refused(texts):
    for give in (text_array, fit().encode, fit().encode_arrays, lambda texts: Preprocessor.fit(word.Options(), texts)):
        with pytest.raises(TypeError, match="put it in a list"):
            give(texts)


@pytest.mark.parametrize("wrong", [None, 1, 1.5, b"bytes", ["text"], float("nan")])
def test_a_text_that_is_no_string_is_refused(wrong):
    for give in (text_array, fit().encode):
        with pytest.raises(TypeError, match=f"expected texts, got {type(wrong).__name__}"):
            give(["text", wrong])


@pytest.mark.parametrize("count", [2, 5000])
def test_a_missing_text_in_an_arrow_column_is_refused(count):
    with pytest.raises(TypeError, match="expected texts"):
        fit().encode(pa.array(["text", None] * count))


@pytest.mark.parametrize("texts", [[], [""], ["a", "", "\0", "好", "👍"]], ids=["none", "empty", "some"])
def test_text_array_holds_the_texts(texts):
    column = text_array(texts)
    column.validate(full=True)
    assert column.type == pa.large_string()
    assert column.to_pylist() == texts


@given(st.lists(st.sampled_from("\ud83d\udc4d\ud800\udfff\ufeffa好👍")).map("".join))
def test_half_a_surrogate_pair_becomes_the_replacement_character(text):
    paired = re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda pair: _character(pair[0]), text)
    expected = re.sub("[\ud800-\udfff]", "\ufffd", paired)
    column = text_array([text, "next"])
    column.validate(full=True)
    assert column.to_pylist() == [expected, "next"]


def _character(pair):
    return chr(0x10000 + ((ord(pair[0]) - 0xD800) << 10) + ord(pair[1]) - 0xDC00)


NGRAMS = ("token_ids", "ngram_ids", "ngram_weights")


@pytest.mark.parametrize("names", [NGRAMS, NGRAMS[1:], ("token_ids",)])
def test_arrays_are_those_that_the_network_reads_also_after_saving(names, tmp_path):
    options = TOKENIZERS["word"].Options(ngrams=NgramOptions(min_frequency=1))
    preprocessor = Preprocessor.fit(options, TEXTS, names)
    preprocessor.save(tmp_path / "tokenizer.json")
    loaded = Preprocessor.from_json((tmp_path / "tokenizer.json").read_bytes())
    for texts in (TEXTS, []):
        made, again = preprocessor.encode_arrays(texts), loaded.encode_arrays(texts)
        assert tuple(made) == tuple(again) == names
        for name in names:
            np.testing.assert_array_equal(made[name].values, again[name].values)
            assert made[name].values.dtype == (np.float32 if name == "ngram_weights" else np.int32)
            assert len(made[name].offsets) == len(texts) + 1
    padded = preprocessor.pad(preprocessor.encode_arrays(TEXTS))
    assert all((array[:, 0] != 0).all() for array in padded.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"names": []},
        {"names": ["pickle"]},
        {"names": ["token_ids", "token_ids"]},
        {"names": ["ngram_ids"], "ngrams": None},
        {"ngrams": {"texts": 1}},
        {"ngrams": "x"},
        {"names": "token_ids"},
    ],
)
def test_arrays_that_there_are_not_are_refused(wrong, tmp_path):
    Preprocessor.fit(TOKENIZERS["word"].Options(), TEXTS, NGRAMS).save(tmp_path / "tokenizer.json")
    content = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    with pytest.raises(RunError):
        load({**content, **wrong})
