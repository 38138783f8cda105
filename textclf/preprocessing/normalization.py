"""What happens to a text before it is split, always in this order: one Unicode form, placeholders, one case.

The form first, so that the patterns meet every character in one form (with `nfkc`, `３` is a digit and `＠` an
at sign); placeholders before the case, so that they are searched in the text as it was written. Every step gives
each row what it would give that row alone: many texts and a single one cannot differ.
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of, text_array
from textclf.preprocessing.options import NormalizedOptions

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


FEW_BYTES = 20_000  # below this, importing pyarrow's functions takes longer than to go through the texts
SEPARATOR = "\x1e"  # a character of its own in every form and case, and rare


def normalize(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    """Texts -> texts in which what is meant to be the same is the same."""
    replaced = [rule for setting, rule in PLACEHOLDERS.items() if getattr(options, setting)]
    if replaced:
        texts = _put_placeholders(_map_wide(texts, lambda text: _form(text, options)), replaced)

    def change(text: str) -> str:
        return _fold(text if replaced else _form(text, options), options)

    if texts.nbytes <= FEW_BYTES:
        return text_array(map(change, texts.to_pylist()))
    if options.lowercase and options.turkish_i:  # it changes the I of ASCII, too
        return _map_joined(texts, change)
    return _map_wide(texts, change, lower=options.lowercase)


def _form(text: str, options: NormalizedOptions) -> str:
    # Not pyarrow's utf8_normalize: it takes seven times as long, because it writes also what is normal already. Here
    # only those texts between separators are written that are not.
    if options.normalization == "none" or unicodedata.is_normalized(FORMS[options.normalization], text):
        return text
    return SEPARATOR.join(unicodedata.normalize(FORMS[options.normalization], part) for part in text.split(SEPARATOR))


def _fold(text: str, options: NormalizedOptions) -> str:
    """Unicode's full case folding, which is made for comparing: ß is ss, and ς is σ. Lower-casing keeps them apart."""
    if not options.lowercase:
        return text
    if options.turkish_i:
        for capital, small in TURKISH.items():
            text = text.replace(capital, small)
    return _form(text.casefold(), options)  # folding decomposes some


def _put_placeholders(texts: pa.LargeStringArray, rules: Iterable[tuple[str, str]]) -> pa.LargeStringArray:
    import pyarrow.compute as pc

    # First, what a text has of these characters itself becomes the sign for what is no character.
    texts = pc.replace_substring_regex(texts, f"[{URL}{USER}{NUMBER}]", "\ufffd")
    for pattern, replacement in rules:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def _map_wide(
    texts: pa.LargeStringArray, function: Callable[[str], str], *, lower: bool = False
) -> pa.LargeStringArray:
    """Apply to the texts that are not all ASCII; the others are normal already, and pyarrow finds them quickly.

    Args:
        lower: whether the others are put into lower case.
    """
    import pyarrow.compute as pc

    wide = pc.invert(pc.string_is_ascii(texts))
    changed = _map_joined(texts.filter(wide), function)
    texts = pc.ascii_lower(texts) if lower else texts
    return pc.replace_with_mask(texts, wide, changed) if len(changed) else texts


def _map_joined(texts: pa.LargeStringArray, function: Callable[[str], str]) -> pa.LargeStringArray:
    """Apply to all texts at once, with something between them that stays as it is and that nothing joins."""
    import pyarrow.compute as pc

    separator = text_array([SEPARATOR])
    if len(texts) < 2 or SEPARATOR.encode() in bytes(bytes_of(texts)[0]):
        return text_array(map(function, texts.to_pylist()))
    joined = pc.binary_join(_one_list(texts), separator[0])
    return pc.split_pattern(text_array(map(function, joined.to_pylist())), SEPARATOR).flatten()


def _one_list(texts: pa.LargeStringArray) -> pa.LargeListArray:
    ends = pa.Int64Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(np.array([0, len(texts)]))])
    return pa.LargeListArray.from_arrays(ends, texts)
