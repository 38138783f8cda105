"""Invisible characters within words: removed for new classifiers, as before for old ones."""

import json

import pytest

from textclf.core.text_column import text_array
from textclf.preprocessing.normalization import FEW_BYTES, INVISIBLE, normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

REMOVE, KEEP = NormalizedOptions(), NormalizedOptions(remove_invisible=False)


def normalized(text, options):
    """Normalize a text alone, and among so many others that they take the other way."""
    [alone] = normalize(text_array([text]), options).to_pylist()
    many = [text, *["x é"] * (FEW_BYTES // 3), text]
    *_, last = normalize(text_array(many), options).to_pylist()
    assert last == alone
    return alone


@pytest.mark.parametrize("character", list(INVISIBLE))
def test_a_word_stays_one_word(character):
    assert normalized(f"won{character}der{character}ful film{character}", REMOVE) == "wonderful film"
    assert character in normalized(f"won{character}derful", KEEP)


@pytest.mark.parametrize(
    "options",
    [
        {"turkish_i": True},
        {"lowercase": False},
        {"replace_urls": True},
        {"normalization": "none"},
        {"normalization": "nfkc", "replace_numbers": True},
    ],
)
def test_whatever_else_is_done(options):
    changed = NormalizedOptions(**options)
    for text in ("wonder\u00adful", "\ufeffe\u200b\u0301 x", "a\u2060b ＠\u200b３"):
        visible = "".join(letter for letter in text if letter not in INVISIBLE)
        assert normalized(text, changed) == normalized(visible, changed)


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "👩‍👩‍👧", "ก\u200bข", "ខ្ញុំ\u200bស្រលាញ់", "မြန်\u200bမာ"])
def test_what_means_something_stays(text):
    assert normalized(text, REMOVE) == normalized(text, KEEP)


@pytest.mark.parametrize("text", ["ก\u200b a", "a\u200bก", "\u200bก", "ก\u200b"])
def test_a_zero_width_space_at_the_edge_of_a_word_goes(text):
    assert "\u200b" not in normalized(text, REMOVE)


@pytest.mark.parametrize("name", ["word", "character", "byte_pair", "unigram"])
def test_every_tokenizer_reads_the_whole_word(name):
    options = TOKENIZERS[name].Options()
    learned = Preprocessor.fit(options, ["a wonderful film", "a wonderful book", "waste of time"] * 5)
    split, whole = (learned.encode([text]).values.tolist() for text in ("wonder\u00adful\u200b film", "wonderful film"))
    assert split == whole


@pytest.mark.parametrize("name", ["word", "character", "byte_pair", "unigram"])
def test_a_saved_classifier_keeps_its_behaviour(name, tmp_path):
    learned = Preprocessor.fit(TOKENIZERS[name].Options(), ["a wonderful film", "waste of time"] * 5)
    learned.save(tmp_path / "tokenizer.json")
    content = (tmp_path / "tokenizer.json").read_bytes()
    assert Preprocessor.from_json(content).options.remove_invisible is True
    saved = json.loads(content)
    del saved["options"]["remove_invisible"]  # as older versions wrote it
    old = Preprocessor.from_json(json.dumps(saved).encode())
    assert old.options.remove_invisible is False
    text = "wonder\u00adful film"
    before = Preprocessor(TOKENIZERS[name].Options(remove_invisible=False), learned.state)
    assert old.encode([text]).values.tolist() == before.encode([text]).values.tolist()
