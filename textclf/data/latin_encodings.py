"""Tell the encodings of Latin letters apart where chardet is not sure: in a line, or where few letters have accents."""

import re
from functools import partial
from math import log

WEST_EUROPEAN, TURKISH = "cp1252", "cp1254"  # Turkish has ğ, ş and ı where West European has ð, þ and ý
CENTRAL_EUROPEAN = ("cp1250", "iso8859-2")  # š, ť, ž, ą, ś and ź differ
# Those of Windows, which data sets come in, and older ones: of Unix, DOS ("CSV (MS-DOS)" in Excel) and Macintosh.
# Others of ISO 8859 differ from those of Windows only in control characters.
LATIN = (WEST_EUROPEAN, *CENTRAL_EUROPEAN, TURKISH, "cp1257", "cp1258", "cp850", "cp852", "mac-roman")
AS_LIKELY = 0.85  # of chardet's confidence in the best: West European is far more common than others
# How often these letters are in texts, of 1,000; other letters with accents hardly ever.
TURKISH_LETTERS = {"ý": 51, "ü": 19, "þ": 18, "ç": 12, "ð": 11, "ö": 8}
ICELANDIC_LETTERS = {"ð": 44, "á": 18, "í": 16, "þ": 15, "ó": 10, "æ": 9, "ö": 8, "é": 6, "ú": 6, "ý": 2}
SELDOM = 0.2
ALPHABETS = (
    "ąćęłńóśźż",  # Polish
    "áäčďéěíĺľňóôŕřšťúůýž",  # Czech, Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene
)
WORDS = frozenset("àáâéèêíóôúyÀÁÉÈÍÓÔÚå")  # of one letter, in some language
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
WITHIN_WORDS = frozenset("’‘–—·ºª")


def choose_latin(sample: bytes, likely: dict[str, float]) -> str:
    """Return the encoding of Latin letters.

    Args:
        likely: chardet's confidence in each encoding, the best one first.
    """
    best, confidence = next(iter(likely.items()))
    close = [name for name in likely if likely[name] >= AS_LIKELY * confidence]
    if WEST_EUROPEAN in close:
        close = [WEST_EUROPEAN, *close]
    if best not in CENTRAL_EUROPEAN or WEST_EUROPEAN in close:
        best = min(close, key=lambda name: _odd_places(sample.decode(name, "replace")))
    same = WEST_EUROPEAN in likely and sample.decode(WEST_EUROPEAN) == sample.decode(best)
    if same or best in (WEST_EUROPEAN, TURKISH):
        return TURKISH if _is_turkish(sample) else WEST_EUROPEAN
    if best in CENTRAL_EUROPEAN:
        return max([best, *(set(CENTRAL_EUROPEAN) & set(likely))], key=partial(_letters_of_a_language, sample))
    return best


def _odd_places(text: str) -> int:
    """Return how many characters stand where no language has them: `cafÚ`, `itÆs`, `Ç10`, `na´ve`."""
    text = f" {text} "
    places = (match.start() for match in NOT_ASCII.finditer(text))
    return sum(_is_odd(*text[place - 1 : place + 2]) for place in places)


def _is_odd(before: str, character: str, after: str) -> bool:
    if character.isalpha():
        alone = not (before.isalpha() or after.isalpha())
        after_small = character.isupper() and before.islower()
        return after_small or before.isdigit() or after.isdigit() or (alone and character not in WORDS)
    within = before.isalpha() and after.isalpha() and character not in WITHIN_WORDS
    return within or character == "\ufffd" or (before.isalpha() and character in "‚„ƒ†‡ˆ˜¨¸´")


def _letters_of_a_language(sample: bytes, encoding: str) -> int:
    """Return the number of letters with accents that one language has, of the language with most of them."""
    text = sample.decode(encoding, "ignore").lower()
    return max(sum(map(text.count, alphabet)) for alphabet in ALPHABETS)


def _is_turkish(sample: bytes) -> bool:
    """Return whether letters that differ between the two encodings are Turkish, and not Icelandic."""
    text = sample.decode(WEST_EUROPEAN, "ignore").lower()
    letters = {letter: text.count(letter) for letter in TURKISH_LETTERS | ICELANDIC_LETTERS}
    if not any(letters[letter] for letter in "ðþý"):
        return False
    turkish, icelandic = (
        sum(count * log(alphabet.get(letter, SELDOM)) for letter, count in letters.items())
        for alphabet in (TURKISH_LETTERS, ICELANDIC_LETTERS)
    )
    return turkish > icelandic
