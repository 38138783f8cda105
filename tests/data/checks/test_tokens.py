"""Texts as the network reads them."""

import pytest

from tests.hand_made import found, material, only
from tests.pretrained import BERT
from textclf.data.checks.tokens import lengths, unknown_words, wrong_tokenizer

CHINESE = ["这家店的味道很好吃服务也热情", "送餐太慢了而且菜都已经凉了", "价格便宜分量也足够两个人吃"]
SEGMENTED = ["这家 店 的 味道 很好吃 服务 也 热情", "送餐 太慢 了 而且 菜 都 已经 凉 了"]
THAI = ["อาหารอร่อยมากและบริการดีมาก", "อาหารไม่อร่อยและรอนานมากเลย"]


def labelled(texts):
    return [(text, "xy"[number % 2]) for number, text in enumerate(texts)]


def test_lengths_by_split():
    looked_at = material(labelled(["a"] * 10 + ["a b c"] * 9 + ["a b c d e"]), test=labelled(["a b"]))
    finding = only(lengths(looked_at))
    assert finding.severity == "note"
    assert finding.found == (
        "Tokens of a text: train median 3, 95 % at most 5, longest 5; test median 2, 95 % at most 2, longest 2."
    )


def test_texts_that_will_be_cut():
    texts = ["a b c"] * 9 + ["a b c d e"]
    options = {"sequence_length": 3, "truncating": "left"}
    cut = list(lengths(material(labelled(texts), preprocessing=options, test=labelled(["a"]))))[1]
    assert cut.severity == "note"
    assert cut.found == (
        "Longer than preprocessing.sequence_length 3 and cut on the left: 10.0 % of train, 0.0 % of test."
    )
    assert list(lengths(material(labelled(texts), preprocessing={"sequence_length": 2})))[1].severity == "warning"
    assert len(list(lengths(material(labelled(texts), preprocessing={"sequence_length": 5})))) == 1


def test_unknown_words_by_split():
    finding = only(unknown_words(material(labelled(["a b c d", "a b c d"]), test=labelled(["a b c x", "a b c d e f"]))))
    assert finding.severity == "warning"
    assert finding.found == "Tokens that are not in the vocabulary: 0.0 % of train, 30.0 % of test."
    finding = only(unknown_words(material(labelled(["a b c d", "a b c d"]), test=labelled(["a b c d a b c d x"]))))
    assert finding.severity == "note"


def test_a_small_vocabulary_leaves_words_of_train_unknown():
    looked_at = material(labelled(["a a b", "a a c", "a a d"]), preprocessing={"vocabulary_size": 3})
    assert found(unknown_words(looked_at)) == ["Tokens that are not in the vocabulary: 33.3 % of train."]


def test_the_words_that_an_encoder_does_not_know_are_not_added_to_its_vocabulary():
    looked_at = material(labelled(CHINESE), "pretrained", preprocessing={"weights": BERT})
    finding = only(unknown_words(looked_at))
    assert finding.severity == "warning"
    assert "vocabulary_size" not in finding.advice
    assert "encoder" in finding.advice


def test_known_words_are_no_finding():
    assert found(unknown_words(material(labelled(["a b", "b"]), test=labelled(["b a", ""])))) == []


def test_chinese_with_the_keras_tokenizer():
    finding = only(wrong_tokenizer(material(labelled(CHINESE), "keras")))
    assert finding.severity == "warning"
    assert finding.found == (
        "train: tokenizer keras makes 1 tokens of a text of 13 characters (medians); 100.0 % of the letters are of "
        "scripts written without spaces."
    )
    assert "preprocessing.tokenizer to word" in finding.advice


def test_chinese_clauses_are_too_long_for_words():
    texts = [" ".join(CHINESE)] * 2
    assert found(wrong_tokenizer(material(labelled(texts), "keras")))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("texts", "tokenizer"),
    [
        (CHINESE, "word"),
        (SEGMENTED, "keras"),
        (["a fine film and a long evening", "never again in my life"], "keras"),
        (["ok", "no", "yes"], "keras"),
        (["고마워요 정말 좋은 영화", "다시는 보지 않을 영화"], "word"),
        (["internationalization notwithstanding", "congratulations straightforwardly"], "word"),
        (["", " "], "word"),
        ([], "word"),
    ],
)
def test_right_tokenizers_are_no_finding(texts, tokenizer):
    assert found(wrong_tokenizer(material(labelled(texts), tokenizer))) == []


def test_scripts_that_no_tokenizer_of_words_splits():
    assert "word" in only(wrong_tokenizer(material(labelled(THAI), "word"))).found
    assert found(wrong_tokenizer(material(labelled(["ab12" * 20, "cd34" * 20]), "word")))
