"""Normalize texts before they are split. The order is always: invisible characters, Unicode form, placeholders, case.

The form comes first, so that the patterns of placeholders see every character in one form (with `nfkc`, `３` is a digit
and `＠` an at sign). Placeholders come before the case, so that the patterns see the text as it was written. Every step
treats each text on its own, so a text alone gets the same result as among others.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of, text_array
from textclf.preprocessing.options import NormalizedOptions

# Noncharacters, which Unicode reserves for use inside a program. Each is one character, so no tokenizer splits it. None
# is a letter, so each is always a token of its own.
ZERO_WIDTH_SPACE = "\u200b"
URL, USER, NUMBER = "\ufdd0", "\ufdd1", "\ufdd2"

# RE2 patterns, applied in this order. A URL ends before a letter that is not ASCII, because Chinese text follows it
# without a space, and it does not end with punctuation. An @ after an ASCII letter or digit belongs to an e-mail
# address. After another letter it begins a name, as Chinese has no space there. A name directly after a name stays.
PLACEHOLDERS = {
    "replace_urls": (
        r"(?i)(?:https?://|www\.)[0-9a-z\-._~:/?#\[\]@!$&'()*+,;=%]*[0-9a-z\-_~/#@$&*+=%]",
        URL,
    ),
    "replace_users": (r"(^|[^0-9A-Za-z_%+\-])@[\p{L}\p{M}\p{N}_]+", rf"\1{USER}"),
    "replace_numbers": (r"\p{Nd}+(?:[.,]\p{Nd}+)*", NUMBER),
}
# The soft hyphen, joiners that forbid a line break, marks of byte order, and Unicode's Bidi_Control. The joiners of
# letters (U+200C, U+200D) are not among them: Persian, Hindi and emoji mean something by them.
INVISIBLE = "\u00ad\u200b\u2060\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Scripts that are written without spaces, and may have a zero-width space between words: Thai, Lao, Myanmar, Khmer, Tai
# Le, New Tai Lue, Tai Tham, Balinese and Javanese.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaa7f"
REMOVED = re.compile(
    f"[{INVISIBLE.replace(ZERO_WIDTH_SPACE, '')}]|(?<![{UNSPACED}])\u200b+|\u200b+(?![{UNSPACED}\u200b])"
)
FORMS: dict[str, Literal["NFC", "NFKC"]] = {"nfc": "NFC", "nfkc": "NFKC"}
TURKISH = {"I\u0307": "i", "\u0130": "i", "I": "\u0131"}  # the decomposed İ before I, with which it begins


FEW_BYTES = 20_000  # below this, importing pyarrow.compute takes longer than the work
SEPARATOR = "\x1e"  # a rare character that no form and no case changes


def normalize(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    """Return the texts in one Unicode form and case, with placeholders, as the options say."""
    replaced = [rule for setting, rule in PLACEHOLDERS.items() if getattr(options, setting)]
    if replaced:
        texts = _put_placeholders(_map_wide(texts, lambda text: _form(_visible(text, options), options)), replaced)

    def change(text: str) -> str:
        return _fold(text if replaced else _form(_visible(text, options), options), options)

    if texts.nbytes <= FEW_BYTES:
        return text_array(map(change, texts.to_pylist()))
    if options.lowercase and options.turkish_i:  # it changes the I of ASCII, too
        return _map_joined(texts, change)
    return _map_wide(texts, change, lower=options.lowercase)


def _visible(text: str, options: NormalizedOptions) -> str:
    # Searching for each character is ten times as fast as for all of them with a pattern, and few texts have any.
    if options.remove_invisible and any(character in text for character in INVISIBLE):
        return REMOVED.sub("", text)
    return text


def _form(text: str, options: NormalizedOptions) -> str:
    # Not pyarrow's utf8_normalize: it takes 7x longer, because it also rewrites texts that are normalized already.
    if options.normalization == "none" or unicodedata.is_normalized(FORMS[options.normalization], text):
        return text
    return SEPARATOR.join(unicodedata.normalize(FORMS[options.normalization], part) for part in text.split(SEPARATOR))


def _fold(text: str, options: NormalizedOptions) -> str:
    """Apply Unicode's full case folding, by which ß equals ss and ς equals σ. Lower-casing keeps them apart."""
    if not options.lowercase:
        return text
    if options.turkish_i:
        for capital, small in TURKISH.items():
            text = text.replace(capital, small)
    return _form(text.casefold(), options)  # folding decomposes some characters


def _put_placeholders(texts: pa.LargeStringArray, rules: Iterable[tuple[str, str]]) -> pa.LargeStringArray:
    import pyarrow.compute as pc

    # A placeholder that is already in a text becomes U+FFFD.
    texts = pc.replace_substring_regex(texts, f"[{URL}{USER}{NUMBER}]", "\ufffd")
    for pattern, replacement in rules:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def _map_wide(
    texts: pa.LargeStringArray, function: Callable[[str], str], *, lower: bool = False
) -> pa.LargeStringArray:
    """Apply `function` to the texts that are not ASCII. ASCII texts are normalized already.

    Args:
        lower: whether ASCII texts are put into lower case.
    """
    import pyarrow.compute as pc

    wide = pc.invert(pc.string_is_ascii(texts))
    changed = _map_joined(texts.filter(wide), function)
    texts = pc.ascii_lower(texts) if lower else texts
    return pc.replace_with_mask(texts, wide, changed) if len(changed) else texts


def _map_joined(texts: pa.LargeStringArray, function: Callable[[str], str]) -> pa.LargeStringArray:
    """Apply `function` to all texts as one string, with `SEPARATOR` between them, which `function` leaves as it is."""
    import pyarrow.compute as pc

    separator = text_array([SEPARATOR])
    if len(texts) < 2 or SEPARATOR.encode() in bytes(bytes_of(texts)[0]):
        return text_array(map(function, texts.to_pylist()))
    joined = pc.binary_join(_one_list(texts), separator[0])
    return pc.split_pattern(text_array(map(function, joined.to_pylist())), SEPARATOR).flatten()


def _one_list(texts: pa.LargeStringArray) -> pa.LargeListArray:
    ends = pa.Int64Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(np.array([0, len(texts)]))])
    return pa.LargeListArray.from_arrays(ends, texts)
