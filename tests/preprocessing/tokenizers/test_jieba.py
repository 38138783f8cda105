"""The tokenizer `jieba`: Chinese words; what else there is, as `word` does; and what is said without rjieba."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.errors import ConfigError
from textclf.core.text_column import text_array
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import jieba, word


def tokens(text, module=jieba, **settings):
    return module.split(text_array([text]), module.Options(**settings)).values.to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我来到北京清华大学", ["我", "来到", "北京", "清华大学"]),
        ("今天天气很好，我们去公园。", ["今天天气", "很", "好", "，", "我们", "去", "公园", "。"]),
        ("iPhone手机 I can't", ["iphone", "手机", "i", "can", "'", "t"]),
        ("2024年5月", ["2024", "年", "5", "月"]),
        ("東京タワー", ["東京", "タ", "ワ", "ー"]),
        ("영화가 Жук", ["영화가", "жук"]),
        ("𠮷〇々", ["𠮷", "〇", "々"]),
    ],
)
def test_splits(text, expected):
    assert tokens(text) == expected


@settings(deadline=None)
@given(st.text() | st.text(alphabet="今天气很好北京大学，。aA3 カ한👍\ufe0f\t"))
def test_differs_from_word_only_in_chinese(text):
    apart = [token for words in tokens(text) for token in (words if jieba.HAN_RUN.fullmatch(words) else [words])]
    assert apart == tokens(text, word)


def test_placeholders_are_tokens():
    assert tokens("看http://a.b/c很好", replace_urls=True) == ["看", "\ufdd0", "很", "好"]


def test_says_what_to_install(monkeypatch):
    preprocessor = Preprocessor.fit(jieba.Options(), ["北京"])
    monkeypatch.setitem(sys.modules, "rjieba", None)
    for fault in (
        lambda: Preprocessor.fit(jieba.Options(), ["北京"]),
        lambda: Preprocessor(preprocessor.options, preprocessor.state),
    ):
        with pytest.raises(ConfigError, match=r'tokenizer: jieba .*pip install "textclf-keras\[chinese\]"'):
            fault()


def test_knows_the_han_characters_of_unicode():
    import pyarrow.compute as pc

    characters = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    letters = pc.match_substring_regex(text_array(characters), r"^[\p{L}\p{N}]$").to_pylist()
    han = pc.match_substring_regex(text_array(characters), r"^\p{Han}$").to_pylist()
    wrong = [
        c
        for c, is_letter, is_han in zip(characters, letters, han, strict=True)
        if is_letter and is_han != bool(jieba.HAN_RUN.match(c))
    ]
    assert wrong == []
