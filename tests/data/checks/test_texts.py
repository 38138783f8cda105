"""The characters of the texts."""

import pytest

from tests.hand_made import found, material, only
from textclf.data.checks.texts import damaged_texts, empty_texts, scripts

PLAIN = [(f"plain text {number}", "xy"[number % 2]) for number in range(10)]


def test_empty_texts():
    finding = only(empty_texts(material(PLAIN, test=[("", "x"), ("a", "x"), (" \u3000", "y")])))
    assert finding.severity == "warning"
    assert finding.found == "Without a text: test 2 of 3 rows (66.7 %; rows 1, 3)."
    assert found(empty_texts(material(PLAIN, test=PLAIN))) == []


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("broken \ufffd\ufffd text", "replacement characters"),
        ("a\x00b", "control characters"),
        ("a\x1bb", "control characters"),
        ("one<br />two", "markup"),
        ("<p>one", "markup"),
        ("salt &amp; pepper", "markup"),
        ("it&#39;s", "markup"),
    ],
)
def test_damaged_texts(text, subject):
    finding = only(damaged_texts(material(PLAIN, test=[*PLAIN[:3], (text, "x")])))
    assert finding.subject == subject
    assert finding.severity == "warning"
    assert "test 1 of 4 rows (25.0 %; row 4)" in finding.found


@pytest.mark.parametrize(
    "text",
    [
        "café, naïve, Ærø",
        "tab\tand\nline\r\n",
        "1 < 2 and 3 > 2",
        "R&D; AT&T",
        "£5 and ½ « l »",
        "“quoted” – it’s",
        "São João, IRMÃ",
        "好，很好！",
        "😀 emoji",
    ],
)
def test_sound_texts(text):
    assert found(damaged_texts(material([*PLAIN, (text, "x")]))) == []


def test_few_damaged_texts_are_a_note():
    rows = [(f"text {number}", "xy"[number % 2]) for number in range(200)]
    assert only(damaged_texts(material([*rows, ("\ufffd", "x")]))).severity == "note"


def test_scripts_by_split():
    finding = only(scripts(material([("abcд", "x"), ("efgh", "y")], test=[("12 ab!", "x")])))
    assert finding.severity == "note"
    assert finding.found == "Letters: train Latin 87.5 %, Cyrillic 12.5 %; test Latin 100.0 %."


def test_a_split_of_another_language():
    note, finding = scripts(material(PLAIN, test=[("好评", "x"), ("ok", "y")]))
    assert note.severity == "note"
    assert finding.severity == "warning"
    assert finding.found == "test: 50.0 % of the letters are Han, in train 0.0 %."


def test_texts_without_letters_have_no_script():
    assert found(scripts(material([("1", "x"), ("!", "y")]))) == []
