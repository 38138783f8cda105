"""Texts that were decoded with another encoding than they were written in."""

import pytest

from tests.data.checks.test_texts import PLAIN, material, only
from tests.data.test_encodings import GERMAN, JAPANESE, KOREAN, POLISH, RUSSIAN, SIMPLIFIED, SPANISH, TRADITIONAL
from textclf.data.checks.encoding import wrong_encoding

SENTENCES = {
    "German": GERMAN, "Spanish": SPANISH, "Polish": POLISH, "Russian": RUSSIAN, "Korean": KOREAN, "Japanese": JAPANESE,
    "simplified": SIMPLIFIED, "traditional": TRADITIONAL,
}  # fmt: skip


def findings(texts):
    return list(wrong_encoding(material([(f"{text} {row}", "xy"[row % 2]) for row, text in enumerate(texts * 6)])))


@pytest.mark.parametrize("language", SENTENCES)
def test_what_a_language_writes_is_right(language):
    assert findings(SENTENCES[language]) == []


@pytest.mark.parametrize(
    ("language", "written", "read"),
    [
        ("German", "utf-8", "cp1252"),
        ("German", "utf-8", "latin-1"),
        ("German", "cp1252", "cp1251"),
        ("Spanish", "utf-8", "cp1252"),
        ("Polish", "utf-8", "cp1250"),
        ("Russian", "utf-8", "cp1251"),
        ("Russian", "utf-8", "cp1252"),
        ("Russian", "utf-8", "latin-1"),
        ("Russian", "cp1251", "cp1252"),
        ("Russian", "cp1251", "latin-1"),
        ("Russian", "koi8_r", "cp1251"),
        ("Russian", "cp1251", "koi8_r"),
        ("Russian", "iso8859_5", "cp1251"),
        ("Russian", "utf-8", "gb18030"),
        ("Russian", "cp1251", "gb18030"),
        ("simplified", "gb18030", "latin-1"),
        ("simplified", "gb18030", "cp1252"),
        ("simplified", "utf-8", "gb18030"),
        ("simplified", "utf-8", "cp1252"),
        ("traditional", "big5", "gb18030"),
        ("Korean", "cp949", "gb18030"),
        ("Korean", "cp949", "latin-1"),
        ("Japanese", "shift_jis", "gb18030"),
        ("Japanese", "utf-8", "cp932"),
        ("Japanese", "utf-8", "latin-1"),
    ],
)
def test_what_no_language_writes_is_found(language, written, read):
    found = findings([text.encode(written).decode(read, "replace") for text in SENTENCES[language]])
    assert found
    assert {(finding.severity, finding.subject) for finding in found} == {("warning", "wrong encoding")}
    assert "such as '" in found[0].found


@pytest.mark.parametrize("text", ["itâ€™s", "Â£5", "it\x92s", "ï»¿first", "好锟斤拷好", "rÃ©sumÃ©", "ÐŸÑ€Ð¸Ð²ÐµÑ‚"])
def test_a_damaged_text_is_found_by_its_row(text):
    finding = only(wrong_encoding(material(PLAIN, test=[*PLAIN[:3], (text, "x")])))
    assert finding.found.startswith(
        "These rows look like text decoded with a wrong encoding: test 1 of 4 rows (25.0 %; row 4)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "café, naïve, Ærø", "São João, IRMÃ", "AMANHÃ” ou “HOJE”", "éééééé!!", "……………… «««««»»»»»", "Ääääh, öööö",
        "AT&T £5 ½", "Привет, iPhoneом доволен", "КАПС и капс, Wi-Fi", "jäääär töööö", "ÀÉÈÙ ÇÀ",
        "þessi öræfi íþrótt", "çok güzel ışık", "Việt Nam đẹp quá", "好，很好！", "😀 emoji", "Αθήνα καλή", "ﾃｽﾄです",
        "涓涓细流汇成大海", "绗缝和绗线整齐",
    ],
)  # fmt: skip
def test_rare_writing_is_right(text):
    assert list(wrong_encoding(material([*PLAIN, (text, "x")]))) == []
