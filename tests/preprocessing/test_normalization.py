"""What happens to a text before it is split: its form, placeholders, case; for one text as for many."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.core.text_column import text_array
from textclf.preprocessing import normalization
from textclf.preprocessing.normalization import NUMBER, URL, USER, normalize
from textclf.preprocessing.tokenizers import word

ALPHABET = (
    "aAzZéÉe\u0301ßẞσςΣıIİi\u0307ŉǰΐ\u0345ﬁ３＠@:/.w，好カｶ한\u1112\u1161\u11abख\u093cก\u0e33\u05d9\u05b4👍"
    "\u200d\ufe0f\0\x1e \t\ufdd0\ufdd1\ufdd2\ufffd"
)
TEXTS = st.lists(
    st.text()
    | st.text(alphabet=ALPHABET)
    | st.lists(st.sampled_from(["http://", "www.", "a.b/c", "@", "名", "x", "3", "1,5", " ", "."])).map("".join)
)
ALL = {"replace_urls": True, "replace_users": True, "replace_numbers": True}
OPTIONS = st.builds(
    word.Options,
    normalization=st.sampled_from(["none", "nfc", "nfkc"]),
    **dict.fromkeys(["lowercase", "turkish_i", *ALL], st.booleans()),
)


def normalized(*texts, **options):
    column = normalize(text_array(texts), word.Options(**options))
    column.validate(full=True)
    return column.to_pylist()


@settings(deadline=None)
@given(TEXTS, OPTIONS)
def test_many_texts_are_normalized_as_each_alone(texts, options):
    alone = [normalize(text_array([text]), options)[0].as_py() for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalization, "FEW_BYTES", -1)
        together = normalize(text_array(["before", *texts, "behind"]).slice(1, len(texts)), options)
    together.validate(full=True)
    assert together.to_pylist() == alone


@pytest.mark.parametrize("few_bytes", [-1, 10**9])
def test_what_separates_texts_inside_may_be_in_them(monkeypatch, few_bytes):
    monkeypatch.setattr(normalization, "FEW_BYTES", few_bytes)
    assert normalized("É\x1eA", "\x1e", "", "\x1eß") == ["é\x1ea", "\x1e", "", "\x1ess"]
    assert normalized("É", "", "A", "", "\u0301", "\u0301") == ["é", "", "a", "", "\u0301", "\u0301"]


@settings(deadline=None)
@given(st.text() | st.text(alphabet=ALPHABET), st.sampled_from(["nfc", "nfkc"]))
def test_equals_plain_python(text, form):
    def formed(text):
        return unicodedata.normalize(form.upper(), text)

    [text] = text_array([text]).to_pylist()  # half of a surrogate pair is no text
    assert normalized(text, normalization=form) == [formed(formed(text).casefold())]
    assert normalized(text, normalization=form, lowercase=False) == [formed(text)]
    assert normalized(text, normalization="none") == [text.casefold()]
    assert normalized(text, normalization="none", lowercase=False) == [text]


@settings(deadline=None)
@given(st.text() | st.text(alphabet=ALPHABET), OPTIONS)
def test_composed_or_decomposed_is_the_same(text, options):
    options = replace(options, normalization="nfc")
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    first, second = normalize(text_array(forms), options).to_pylist()
    assert first == second


@pytest.mark.parametrize(
    ("text", "none", "nfc", "nfkc"),
    [
        ("cafe\u0301", "cafe\u0301", "caf\u00e9", "caf\u00e9"),
        ("\u1112\u1161\u11ab", "\u1112\u1161\u11ab", "한", "한"),
        ("か\u3099", "か\u3099", "が", "が"),
        ("ＡＢＣ１２", "ａｂｃ１２", "ａｂｃ１２", "abc12"),
        ("ｶﾞ", "ｶﾞ", "ｶﾞ", "ガ"),
        ("①", "①", "①", "1"),
        ("Å", "å", "å", "å"),
    ],
)
def test_forms(text, none, nfc, nfkc):
    assert normalized(text) == [nfc]
    for form, expected in (("none", none), ("nfc", nfc), ("nfkc", nfkc)):
        assert normalized("ascii", text, normalization=form) == ["ascii", expected]


@pytest.mark.parametrize(
    "same",
    [
        ["STRASSE", "Straße", "strasse", "STRAẞE"],
        ["ΟΔΥΣΣΕΥΣ", "Οδυσσευς", "οδυσσευσ"],
        ["ﬁsh", "FISH"],
        ["ΐ", "\u0399\u0308\u0301", "ι\u0308\u0301"],
        ["J\u030c", "ǰ", "j\u030c"],
        ["ᾳ", "α\u0345", "Αι", "ᾼ"],
        ["МОСКВА", "Москва"],
        ["ⅷ", "Ⅷ"],
        ["İzmir", "i\u0307zmir", "I\u0307ZMIR"],
    ],
)
def test_case_of_other_scripts_than_ours(same):
    assert len(set(normalized(*same))) == 1
    assert len(set(normalized(*same, lowercase=False))) > 1


def test_turkish_has_two_letters_i():
    texts = ["IRAK", "ırak", "İZMİR", "izmir", "I\u0307ZMI\u0307R", "Istanbul"]
    expected = ["ırak", "ırak", "izmir", "izmir", "izmir", "ıstanbul"]
    assert normalized(*texts, turkish_i=True) == expected
    assert normalized(*texts, turkish_i=True, normalization="none") == expected
    assert normalized("IRAK", "izmir") == ["irak", "izmir"]
    assert normalized("IRAK", turkish_i=True, lowercase=False) == ["IRAK"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see http://example.com/a?b=1&c=2#d now", f"see {URL} now"),
        ("HTTPS://EXAMPLE.COM/ or www.example.org", f"{URL} or {URL}"),
        ("看https://t.cn/a9x很好。", f"看{URL}很好。"),
        ("(http://a.b/c). Next", f"({URL}). next"),
        ("http://a.b, http://c.d!", f"{URL}, {URL}!"),
        ('<a href="http://a.b/">x</a>', f'<a href="{URL}">x</a>'),
        ("http:// and www. alone", "http:// and www. alone"),
    ],
)
def test_addresses(text, expected):
    assert normalized(text, replace_urls=True) == [expected]
    assert normalized(text) == [text.casefold()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@anna and @Bob_99: hi", f"{USER} and {USER}: hi"),
        ("好@张三 看", f"好{USER} 看"),
        (".@x (@y) @नमस्ते", f".{USER} ({USER}) {USER}"),
        ("mail me@example.com or a.b@c.de", "mail me@example.com or a.b@c.de"),
        ("@ home @@", "@ home @@"),
        ("@a @b", f"{USER} {USER}"),
        ("@a@b @张三@李四 josé@example.com", f"{USER}@b {USER}@李四 josé{USER}.com"),
    ],
)
def test_users(text, expected):
    assert normalized(text, replace_users=True) == [expected]
    assert normalized(text) == [text.casefold()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 of 1,000.50, or 2.", f"{NUMBER} of {NUMBER}, or {NUMBER}."),
        ("2024年5月", f"{NUMBER}年{NUMBER}月"),
        ("mp3 5km -7 50%", f"mp{NUMBER} {NUMBER}km -{NUMBER} {NUMBER}%"),
        ("٣٤ और ४", f"{NUMBER} और {NUMBER}"),
        ("½ x² IV", "½ x² iv"),
    ],
)
def test_numbers(text, expected):
    assert normalized(text, replace_numbers=True) == [expected]
    assert normalized(text) == [text.casefold()]


def test_digits_and_names_in_an_address_belong_to_it():
    assert normalized("http://a.b/@c/3 3 @d4", **ALL) == [f"{URL} {NUMBER} {USER}"]


def test_the_form_comes_before_the_placeholders():
    options = {"replace_users": True, "replace_numbers": True}
    assert normalized("＠anna ３", normalization="nfkc", **options) == [f"{USER} {NUMBER}"]


@pytest.mark.parametrize("setting", ALL)
def test_nothing_in_a_text_is_taken_for_a_placeholder(setting):
    text = f"good{URL}{USER} {NUMBER}"
    assert normalized(text, **{setting: True}) == ["good\ufffd\ufffd \ufffd"]
    assert normalized(text) == [text]
