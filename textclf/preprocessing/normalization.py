"""What happens to a text before it is split, always in this order: one Unicode form, placeholders, one case.

The form first, so that the patterns meet every character in one form (with `nfkc`, `３` is a digit and `＠` an
at sign); placeholders before the case, so that they are searched in the text as it was written. Every step gives
each row what it would give that row alone: many texts and a single one cannot differ.
"""

import unicodedata
from collections.abc import Callable
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from textclf.preprocessing.options import NormalizedOptions
from textclf.text_array import text_array

# Noncharacters, which Unicode keeps for use inside a program: each is one character, so that no tokenizer
# splits it, and in no class of characters that words are made of, so that it stands alone.
URL, USER, NUMBER = "\ufdd0", "\ufdd1", "\ufdd2"

# RE2, applied in this order. An address ends before a letter that is not ASCII, because Chinese follows it
# without a space, and not with punctuation. What stands before an at sign makes it an e-mail address.
PLACEHOLDERS = {
    "replace_urls": (
        r"(?i)(?:https?://|www\.)[0-9a-z\-._~:/?#\[\]@!$&'()*+,;=%]*[0-9a-z\-_~/#@$&*+=%]",
        URL,
    ),
    "replace_users": (r"(^|[^0-9A-Za-z_%+\-])@[\p{L}\p{M}\p{N}_]+", rf"\1{USER}"),
    "replace_numbers": (r"\p{Nd}+(?:[.,]\p{Nd}+)*", NUMBER),
}
FORMS: dict[str, Literal["NFC", "NFKC"]] = {"nfc": "NFC", "nfkc": "NFKC"}
TURKISH = {"I\u0307": "i", "\u0130": "i", "I": "\u0131"}  # the decomposed İ before the I that it begins with


def normalize(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    """Texts -> texts in which what is meant to be the same is the same."""
    texts = _map_wide(texts, lambda text: _form(text, options))
    texts = _put_placeholders(texts, options)
    return _fold(texts, options) if options.lowercase else texts


def _form(text: str, options: NormalizedOptions) -> str:
    # Not pyarrow's utf8_normalize: it takes seven times as long, because it writes also what is normal already.
    return text if options.normalization == "none" else unicodedata.normalize(FORMS[options.normalization], text)


def _put_placeholders(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    wanted = [rule for setting, rule in PLACEHOLDERS.items() if getattr(options, setting)]
    if wanted:  # first, what a text has of these characters itself becomes the sign for what is no character
        texts = pc.replace_substring_regex(texts, f"[{URL}{USER}{NUMBER}]", "\ufffd")
    for pattern, replacement in wanted:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def _fold(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    """Unicode's full case folding, which is made for comparing: ß is ss, and ς is σ. Lower-casing keeps them apart."""
    if options.turkish_i:
        for capital, small in TURKISH.items():
            texts = pc.replace_substring(texts, capital, small)
    return _map_wide(pc.ascii_lower(texts), lambda text: _form(text.casefold(), options))  # folding decomposes some


def _map_wide(texts: pa.LargeStringArray, function: Callable[[str], str]) -> pa.LargeStringArray:
    """Apply to the texts that are not all ASCII; the others are normal already, and pyarrow finds them quickly."""
    wide = pc.invert(pc.string_is_ascii(texts))
    changed = text_array(map(function, texts.filter(wide).to_pylist()))
    return pc.replace_with_mask(texts, wide, changed) if len(changed) else texts
