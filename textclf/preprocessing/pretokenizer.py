"""Put spaces between words, punctuation and symbols by a regular expression, and split texts on spaces."""

from collections import defaultdict

import pyarrow as pa

from textclf.core.text_column import text_array
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.vocabulary import tokens_of

# Scripts that are written without spaces, as RE2 classes. The long-vowel marks belong to no script.
HAN = r"\p{Han}"
KANA = r"\p{Hiragana}\p{Katakana}\x{30FC}\x{FF70}"
NONE = ""

FEW_BYTES = 20_000  # below this, RE2 takes longer to compile its Unicode classes (2.5 ms) than to use them
_separated: dict[str, dict[int, str]] = defaultdict(dict)  # script -> code point -> the character with its spaces


def separate(texts: pa.LargeStringArray, alone: str) -> pa.LargeStringArray:
    """Put spaces around punctuation, symbols and characters of `alone`: `I can't, 你好` -> `I can ' t ,  你  好`.

    The rule looks at single characters. So a few texts need no regular expression, only a table of the characters
    seen so far, which RE2 fills: 0.09 ms for a sentence instead of 2.9 ms (docs/experiments.md, 2026-11-23).
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
    """Split the texts on spaces of any kind."""
    import pyarrow.compute as pc

    return tokens_of(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts)))


def one_space(words: pa.Array) -> pa.LargeStringArray:
    """Join each list of words with one space between them."""
    import pyarrow.compute as pc

    return pc.binary_join(words, text_array([" "])[0])  # not `pa.scalar`, which imports pandas


def _rule(alone: str) -> str:
    # A token of its own is a character of `alone`, and whatever is no letter, mark, digit, underscore, joiner or space.
    # The selectors of text and emoji forms separate too and vanish, so that both forms are the same token. In RE2, \w
    # and \s are ASCII only; the split on spaces drops the other spaces.
    scripts = f"[{alone}]|" if alone else ""
    return rf"({scripts}[^\p{{L}}\p{{M}}\p{{N}}_\x{{200C}}\x{{200D}}\s])|[\x{{FE0E}}\x{{FE0F}}]"
