"""What every tokenizer must do. A new one is tested by being listed in `TOKENIZERS`."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pretrained import tokenizer_options
from textclf.core import parallel
from textclf.core.options import fields_of
from textclf.core.parallel import CHUNK_ROWS
from textclf.preprocessing import vocabulary
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import concatenate_arrays
from textclf.preprocessing.tokenizers import TOKENIZERS, byte_pair, keras_compatible, unigram

VARIANTS = {name: (partial(tokenizer_options, name), {}) for name in TOKENIZERS}
VARIANTS["keras, oov_token null"] = (keras_compatible.Options, {"oov_token": None})
VARIANTS["byte_pair"] = (byte_pair.Options, {"min_frequency": 1})  # by default, few of our few texts' pieces are known
VARIANTS["unigram"] = (unigram.Options, {"min_frequency": 1})

TRAINING = [
    "A wonderful film: I laughed, I cried, and I would see it again!",
    "The worst film I have ever seen.",
    "good good good",
    "bad",
    "今天天气很好，我们去公园。",
    "ラーメンを食べます",
    "영화가 정말 재미있어요",
    "يا له من فيلم رائع",
    "यह फ़िल्म बहुत अच्छी है",
    "หนังเรื่องนี้สนุกมาก",
    "great 👍🏽 ❤️",
    "",
    "  ",
]
ODD = {
    "empty": "",
    "blank": " \t\n\r\u00a0\u3000",
    "NUL": "\0",
    "NUL between words": "good\0bad",
    "lone surrogate": "\ud83d",
    "words and lone surrogates": "good \udc00bad\ud83d",
    "emoji": "👩‍🚀🇨🇳👍🏽1️⃣",
    "only punctuation": "!?…。",
    "only a combining mark": "\u0301",
    "only a variation selector": "\ufe0f",
    "byte order mark": "\ufeffgood",
    "Chinese": "这部电影非常精彩，值得一看。",
    "Arabic": "كان الفيلم مملاً جدًا",
    "Thai": "อาหารอร่อยมาก",
    "Hindi": "खाना बहुत स्वादिष्ट था",
    "Korean": "음식이 맛있어요",
    "Korean, decomposed": "\u110b\u1173\u11b7\u1109\u1175\u11a8",
    "Japanese": "とても面白かったです。ｶﾞｷﾞ",
    "Hebrew": "הַסֶּרֶט הָיָה נִפְלָא",
    "many marks": "Z\u0351\u036b\u0343\u036a" * 500,
    "noncharacters": "\ufdd0\ufdd1\ufdd2\uffff\U0010ffff",
    "100,000 words": "good unseen " * 50_000,
    "one word of 100,000 letters": "x" * 100_000,
}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS.keys(), scope="module")
def options(request):
    form, variant = request.param
    return lambda **settings: form(**variant, **settings)


@pytest.fixture(scope="module")
def fitted(options):
    return Preprocessor.fit(options(), TRAINING)


@pytest.fixture(scope="module")
def many_texts():
    pick = random.Random(1)
    words = [f"w{number}" for number in range(700)] + list("天地人你好") + ["", "👍", "don't", "é"]
    texts = [" ".join(pick.choices(words, k=pick.randint(0, 12))) for _ in range(2 * CHUNK_ROWS + 1500)]
    texts[3] = "w1 " * 10_000  # long enough for the road that is taken for many characters
    return texts


def lists(rows):
    return [row.tolist() for row in np.split(rows.values, rows.offsets[1:-1])] if len(rows.lengths) else []


def smallest_vocabulary(form):
    return fields_of(form)["vocabulary_size"].metadata["ge"]


def test_learns_to_tell_texts_apart(fitted):
    rows = lists(fitted.encode(["good", "bad", "film"]))
    assert len({tuple(row) for row in rows}) == 3


def test_ids_lie_between_padding_and_num_ids(fitted):
    ids = fitted.encode([*TRAINING, *ODD.values(), "quite unseen words"]).values
    assert ids.dtype == np.int32
    assert ids.min() >= 1
    assert ids.max() < fitted.num_ids


def test_num_ids_is_the_largest_id_and_one(fitted):
    if fitted.options.tokenizer != "pretrained":
        assert fitted.num_ids == max(fitted.encode(TRAINING).values.max(), fitted.tokenizer.unknown_id) + 1
    assert fitted.num_ids == max(fitted.tokenizer.unknown_id, *fitted.tokenizer.ids().values()) + 1


def test_every_token_has_its_id(fitted):
    ids = fitted.tokenizer.ids()
    assert len(set(ids.values())) == len(ids) > 0
    assert all(0 < number < fitted.num_ids for number in ids.values())
    used = set(fitted.encode(TRAINING).values.tolist()) - {fitted.tokenizer.unknown_id}
    assert used <= set(ids.values())
    if fitted.options.tokenizer != "pretrained":  # which learns nothing from the texts
        assert all(token in " ".join(TRAINING).lower() for token in ids)
        if "good" in ids:
            assert fitted.encode(["good"]).values.tolist() == [ids["good"]]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_no_row_is_empty(fitted, text):
    rows = fitted.encode([text, "good", text])
    assert len(rows.lengths) == 3
    assert rows.lengths.min() >= 1
    assert rows.lengths.max() <= fitted.options.sequence_length
    alone, good, again = lists(rows)
    assert alone == again == lists(fitted.encode([text]))[0]
    assert good == lists(fitted.encode(["good"]))[0]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_learns_from_any_text(options, text):
    preprocessor = Preprocessor.fit(options(), [text])
    ids = preprocessor.encode([text, "good"]).values
    assert ids.min() >= 1
    assert ids.max() < preprocessor.num_ids


@pytest.mark.parametrize("truncating", ["right", "left"])
@pytest.mark.parametrize("few", [3, 10**6], ids=["added up often", "added up once"])
def test_learning_and_encoding_in_one_pass_is_the_same(options, monkeypatch, truncating, few):
    monkeypatch.setattr(vocabulary, "FEW_COUNTS", few)
    monkeypatch.setattr(vocabulary, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(parallel, "CHUNK_ROWS", 2)
    texts = [*TRAINING, "good bad " * 20, *ODD.values()][:-2]
    chosen = options(sequence_length=9, truncating=truncating, vocabulary_size=40)
    expected = Preprocessor.fit(chosen, texts)
    preprocessor, parts = Preprocessor.fit_encode(chosen, texts)
    assert preprocessor.state == expected.state
    rows = concatenate_arrays(list(parts), ["token_ids"])["token_ids"]
    assert lists(rows) == lists(expected.encode(texts))


def test_learns_from_no_text(options):
    assert len(Preprocessor.fit(options(), []).encode(["good", ""]).values) >= 2
    assert [len(part["token_ids"].values) for part in Preprocessor.fit_encode(options(), [])[1]] in ([], [0])


def test_no_text_gives_no_row(fitted):
    rows = fitted.encode([])
    assert rows.values.tolist() == []
    assert rows.offsets.tolist() == [0]


def test_unseen_words_get_valid_ids(fitted):
    ids = fitted.encode(["zyx", "zyx wvu", "zyx good", "未見"]).values
    assert ids.min() >= 1
    assert ids.max() < fitted.num_ids


def test_state_is_plain_json(fitted):
    assert json.loads(json.dumps(fitted.state)) == fitted.state


def test_saved_and_loaded_gives_identical_ids(fitted, tmp_path):
    fitted.save(tmp_path / "tokenizer.json")
    loaded = Preprocessor.from_json((tmp_path / "tokenizer.json").read_bytes())
    texts = [*TRAINING, *ODD.values()]
    assert loaded.options == fitted.options
    assert loaded.state == fitted.state
    assert loaded.num_ids == fitted.num_ids
    assert lists(loaded.encode(texts)) == lists(fitted.encode(texts))


def test_learning_twice_gives_the_identical_state(options, many_texts):
    first, second = (json.dumps(Preprocessor.fit(options(), many_texts).state) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("more", [0, 1, 20, 100_000])
def test_never_more_ids_than_vocabulary_size(options, many_texts, more):
    if "vocabulary_size" not in fields_of(type(options())):
        pytest.skip("it has a vocabulary of its own")
    size = smallest_vocabulary(type(options())) + more
    texts = many_texts[:3000]
    preprocessor = Preprocessor.fit(options(vocabulary_size=size), texts)
    own_id = getattr(preprocessor.options, "oov_token", "") is None  # one behind the vocabulary, for empty texts
    assert preprocessor.num_ids <= size + own_id
    assert preprocessor.encode([*texts, ""]).values.max() < preprocessor.num_ids


def test_one_by_one_equals_all_at_once(options, many_texts, monkeypatch):
    monkeypatch.setattr(parallel, "CHUNK_ROWS", 1024)
    texts = many_texts[:2500]  # three chunks
    preprocessor = Preprocessor.fit(options(vocabulary_size=400), texts)
    together = lists(preprocessor.encode(texts))
    assert len(together) == len(texts) == 2500
    for index in [*range(100), *range(1024 - 5, 1024 + 5), *range(2048 - 5, 2048 + 5), -1]:
        assert lists(preprocessor.encode([texts[index]])) == [together[index]]
    hundreds = [texts[start : start + 100] for start in range(0, len(texts), 100)]
    assert [row for hundred in hundreds for row in lists(preprocessor.encode(hundred))] == together


def test_vocabulary_depends_on_training_texts_only(options):
    preprocessor = Preprocessor.fit(options(), TRAINING)
    state = json.dumps(preprocessor.state)
    before = lists(preprocessor.encode(["brand new words", "good"]))
    preprocessor.encode(["brand new words 新"] * 3000)
    Preprocessor.fit(options(), ["brand new words 新"])
    assert json.dumps(preprocessor.state) == state
    assert lists(preprocessor.encode(["brand new words", "good"])) == before
    assert json.dumps(Preprocessor.fit(options(), TRAINING).state) == state


@pytest.mark.parametrize(
    "kind",
    [
        tuple,
        iter,
        np.array,
        pa.array,
        lambda texts: pa.array(["before", *texts, "behind"], pa.large_string()).slice(1, len(texts)),
    ],
    ids=["tuple", "iterator", "numpy", "arrow", "slice of arrow"],
)
def test_texts_may_come_in_any_sequence(fitted, options, kind):
    assert lists(fitted.encode(kind(TRAINING))) == lists(fitted.encode(TRAINING))
    assert Preprocessor.fit(options(), kind(TRAINING)).state == fitted.state


@settings(deadline=None, max_examples=20)
@given(st.lists(st.text() | st.text(alphabet="goדbก\u0e34ドख\u093c한İßΣ👍\u200d\ufe0f\0\ud83d \t"), min_size=1))
@pytest.mark.parametrize("name", TOKENIZERS)
def test_any_text_has_ids_within_range(name, texts):
    if name not in PREPROCESSORS:
        form, variant = VARIANTS[name]
        PREPROCESSORS[name] = Preprocessor.fit(form(**variant), TRAINING)
    preprocessor = PREPROCESSORS[name]
    rows = preprocessor.encode(texts)
    assert len(rows.lengths) == len(texts)
    assert rows.lengths.min() >= 1
    assert 1 <= rows.values.min() <= rows.values.max() < preprocessor.num_ids
    assert lists(rows) == [lists(preprocessor.encode([text]))[0] for text in texts]


PREPROCESSORS = {}


def test_learning_in_threads_gives_the_identical_state(options, fitted):
    with ThreadPoolExecutor(4) as pool:
        states = [
            preprocessor.state for preprocessor in pool.map(lambda _: Preprocessor.fit(options(), TRAINING), "abcd")
        ]
    assert states == [fitted.state] * 4


def test_each_is_imported_only_where_it_is_used(textclf_command):
    """pandas takes longer than an answer; the libraries of the other tokenizers may not even be there."""
    script = """
import sys
from textclf.preprocessing.tokenizers import TOKENIZERS
from textclf.preprocessing.preprocessor import Preprocessor
slow = {"pandas", "tokenizers", "rjieba", "scipy", "tensorflow"}
for name in ("word", "character", "keras", "jieba", "unigram", "byte_pair"):
    chosen = {} if name == "keras" else dict.fromkeys(
        ("turkish_i", "replace_urls", "replace_users", "replace_numbers"), True)
    state = {"vocabulary": ["a", "b", "ab"], "merges": [["a", "b"]], "scores": [-1.0] * 3}
    preprocessor = Preprocessor(TOKENIZERS[name].Options(**chosen), state)
    preprocessor.encode(["a b", "long enough for the other road É 好 " * 2000, "http://a.b 3 @c", "", "\\0"])
    print(name, sorted(slow & set(sys.modules)))
"""
    finished = textclf_command(python=("-c", script))
    assert finished.stdout.decode().splitlines() == [
        "word []",
        "character []",
        "keras []",
        "jieba ['rjieba']",
        "unigram ['rjieba', 'tokenizers']",
        "byte_pair ['rjieba', 'tokenizers']",
    ], finished.stderr.decode()
