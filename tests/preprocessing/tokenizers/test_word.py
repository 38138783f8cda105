"""The tokenizer `word`: what is one token, in which script, and what id it gets."""

from collections import Counter

import pytest

from textclf.core.text_column import text_array
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import word


def tokens(text, **settings):
    return word.split(text_array([text]), word.Options(**settings)).values.to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't, 你好", ["i", "can", "'", "t", ",", "你", "好"]),
        ("Wait... what?!", ["wait", ".", ".", ".", "what", "?", "!"]),
        ("3.14 foo_bar e-mail", ["3", ".", "14", "foo_bar", "e", "-", "mail"]),
        ("5€ ½ x²", ["5", "€", "½", "x²"]),
        ("今天天气很好，我们去公园。", list("今天天气很好，我们去公园。")),
        ("ラーメンを食べます", list("ラーメンを食べます")),
        ("ﾗｰﾒﾝ 時々 〇 𠮷", list("ﾗｰﾒﾝ時々〇𠮷")),
        ("うーーん cafeー ｰｰ", ["う", "ー", "ー", "ん", "cafe", "ー", "ｰ", "ｰ"]),
        ("iPhone手机很good", ["iphone", "手", "机", "很", "good"]),
        ("2024年5月", ["2024", "年", "5", "月"]),
        ("영화가 재미있어요", ["영화가", "재미있어요"]),
        ("يا له، فيلم؟", ["يا", "له", "،", "فيلم", "؟"]),
        ("كِتَاب", ["كِتَاب"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
        ("สวัสดีครับ", ["สวัสดีครับ"]),
        ("caf\u00e9", ["caf\u00e9"]),
        ("cafe\u0301 x\u0301 ole", ["caf\u00e9", "x\u0301", "ole"]),
        ("می\u200cخواهم क्\u200dष", ["می\u200cخواهم", "क्\u200dष"]),
        ("great👍👍🏽", ["great", "👍", "👍", "🏽"]),
        ("a\tb\nc\r\nd\u00a0e\u3000f\u2028g\x85h\x1ci", list("abcdefghi")),
        ("a\u200bb", ["ab"]),  # invisible: preprocessing.remove_invisible
        ("a\0b", ["a", "\0", "b"]),
    ],
)
def test_splits(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize("text", ["", " ", "\u3000\t", "\ufe0f"])
def test_nothing_is_no_token(text):
    preprocessor = Preprocessor.fit(word.Options(), [text])
    assert preprocessor.state == {"vocabulary": []}
    assert preprocessor.encode([text]).values.tolist() == [1]


def test_every_han_and_kana_character_is_its_own_token():
    for first, last in [(0x3041, 0x3096), (0x30A1, 0x30FA), (0x4E00, 0x9FFF), (0x20000, 0x20100), (0xFF66, 0xFF9D)]:
        characters = [chr(point) for point in range(first, last + 1)]
        assert tokens("".join(characters)) == characters


@pytest.mark.parametrize("character", ["❤", "☺", "✈", "☎"])
def test_variation_selector_makes_no_other_token(character):
    for selector in ("\ufe0e", "\ufe0f"):
        assert tokens(f"so {character}{selector}{character}{selector}!") == tokens(f"so {character}{character}!")
    assert tokens(f"so {character}\ufe0f!") == ["so", character, "!"]


def test_lowercase_by_default():
    assert tokens("The ÉCOLE ΣΑΣ Ж STRASSE") == tokens("the école σας ж straße")


def test_lowercase_can_be_left():
    assert tokens("The ÉCOLE", lowercase=False) == ["The", "ÉCOLE"]
    preprocessor = Preprocessor.fit(word.Options(lowercase=False), ["Good good"])
    assert preprocessor.encode(["Good good GOOD"]).values.tolist() == [2, 3, 1]


def test_ids_go_by_frequency_then_alphabet():
    preprocessor = Preprocessor.fit(word.Options(), ["c b a c", "b d 好", "c"])
    assert preprocessor.state == {"vocabulary": ["c", "b", "a", "d", "好"]}
    assert preprocessor.encode(["c b a d 好"]).values.tolist() == [2, 3, 4, 5, 6]


def test_ids_equal_a_plain_count():
    texts = [f"w{number % 7} w{number * number % 311} 好{chr(0x4E00 + number % 50)}" for number in range(4500)]
    counts = Counter(token for text in texts for token in tokens(text))
    expected = sorted(counts, key=lambda token: (-counts[token], token))
    assert len(expected) > 200
    assert Preprocessor.fit(word.Options(), texts).state == {"vocabulary": expected}
    assert Preprocessor.fit(word.Options(vocabulary_size=100), texts).state == {"vocabulary": expected[:98]}


def test_unknown_words_get_id_1():
    preprocessor = Preprocessor.fit(word.Options(vocabulary_size=4), ["a a a b b c"])
    assert preprocessor.num_ids == 4
    assert preprocessor.encode(["a b c never", "", "never"]).values.tolist() == [2, 3, 1, 1, 1, 1]


def test_rare_words_are_unknown():
    texts = ["a a a b b c", "c c d"]
    preprocessor = Preprocessor.fit(word.Options(min_frequency=3), texts)
    assert preprocessor.state == {"vocabulary": ["a", "c"]}
    assert preprocessor.encode(["a b c d"]).values.tolist() == [2, 1, 3, 1]
    assert Preprocessor.fit(word.Options(min_frequency=2), texts).state == {"vocabulary": ["a", "c", "b"]}
    assert Preprocessor.fit(word.Options(min_frequency=2, vocabulary_size=4), texts).state == {"vocabulary": ["a", "c"]}
    assert Preprocessor.fit(word.Options(min_frequency=9), texts).state == {"vocabulary": []}
