"""Texts -> words: what stands alone in a text of whatever script."""

from collections import defaultdict

import pyarrow as pa

from textclf.core.text_column import text_array
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.vocabulary import tokens_of

# Scripts written without spaces, of which every character may stand alone. The long-vowel marks belong to no script.
HAN = r"\p{Han}"
KANA = r"\p{Hiragana}\p{Katakana}\x{30FC}\x{FF70}"
NONE = ""

FEW_BYTES = 20_000  # below this, RE2 takes longer to compile its Unicode classes (2.5 ms) than to use them
_separated: dict[str, dict[int, str]] = defaultdict(dict)  # rule -> code point -> what RE2 makes of it alone


def separate(texts: pa.LargeStringArray, alone: str) -> pa.LargeStringArray:
    """`I can't, 你好` -> `I can ' t ,  你  好`: spaces around punctuation, symbols, and characters of `alone`.

    The rule is one of single characters, so a few texts need no regular expression: a table of the
    characters met so far does, and RE2 fills it.
    """
    import pyarrow.compute as pc

    if texts.nbytes > FEW_BYTES:
        return pc.replace_substring_regex(texts, _rule(alone), r" \1 ")
    strings, table = texts.to_pylist(), _separated[alone]
    unseen = [character for character in set("".join(strings)) if ord(character) not in table]
    if unseen:
        separated = pc.replace_substring_regex(text_array(unseen), _rule(alone), r" \1 ").to_pylist()
        table.update(zip(map(ord, unseen), separated, strict=True))
    return text_array(text.translate(table) for text in strings)


def words_of(texts: pa.LargeStringArray) -> TokenSpans:
    """What stands between spaces of any kind."""
    import pyarrow.compute as pc

    return tokens_of(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts)))


def one_space(words: pa.Array) -> pa.LargeStringArray:
    """Lists of words -> texts with one space between the words."""
    import pyarrow.compute as pc

    return pc.binary_join(words, text_array([" "])[0])  # not `pa.scalar`, which imports pandas


def _rule(alone: str) -> str:
    # What stands alone: a character of `alone`, or whatever is no letter, mark, digit, underscore, joiner or
    # space. The selectors between a text and an emoji form of a character separate too, and vanish: both forms
    # are one token. RE2 syntax, in which \w and \s are ASCII only; the split drops other spaces that stand alone.
    scripts = f"[{alone}]|" if alone else ""
    return rf"({scripts}[^\p{{L}}\p{{M}}\p{{N}}_\x{{200C}}\x{{200D}}\s])|[\x{{FE0E}}\x{{FE0F}}]"
