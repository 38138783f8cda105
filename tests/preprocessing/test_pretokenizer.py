"""Texts are separated the same by a regular expression and by a table of characters."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.preprocessing import pretokenizer as separation

MOST_BYTES = 10**12
RULES = (separation.HAN + separation.KANA, separation.KANA, separation.NONE)
ALPHABETS = (
    "天気ラーメﾝﾞをｰ々〇𠀀aZéÉİςΣn❤👍1_'.,。 \t\n\r\0\x1c\x85\u00a0\u2028\u3000"
    "\u0301\u093f\u0e34\u200b\u200c\u200d\ufe0e\ufe0f"
)
TEXTS = st.text() | st.text(alphabet=ALPHABETS) | st.text(alphabet=st.characters(max_codepoint=0x3100))


def separated(text, few_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separation, "FEW_BYTES", few_bytes)
        return [separation.separate(text_array([text]), alone).to_pylist() for alone in RULES]


@settings(deadline=None)
@given(TEXTS)
def test_both_roads_separate_identically(text):
    assert separated(text, 0) == separated(text, MOST_BYTES)


def test_both_roads_separate_every_character_identically():
    planes = [range(0xD800), range(0xE000, 0x10000), range(0x1F000, 0x1FB00), range(0xE0000, 0xE0200)]
    text = "x".join(chr(point) for plane in planes for point in plane)
    assert separated(text, 0) == separated(text, MOST_BYTES)


def test_the_road_depends_on_the_number_of_bytes(monkeypatch):
    tables = defaultdict(dict)
    monkeypatch.setattr(separation, "_separated", tables)
    separation.separate(text_array(["好" * separation.FEW_BYTES]), separation.HAN)
    assert not tables
    separation.separate(text_array(["好"]), separation.HAN)
    separation.separate(text_array(["好"]), separation.NONE)
    assert tables == {separation.HAN: {ord("好"): " 好 "}, separation.NONE: {ord("好"): "好"}}
