"""Tokenizer `word`: Unicode words and punctuation; every Chinese and Japanese character is a token."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import Tokens, Vocabulary, count_tokens, tokens_of
from textclf.text_array import text_array

UNKNOWN_ID = 1
FIRST_ID = 2

# What stands alone: a character of a script written without spaces (and the long-vowel marks, which
# belong to no script), or whatever is no letter, mark, digit, underscore, joiner or space. The selectors
# between a text and an emoji form of a character separate too, and vanish: both forms are one token.
# RE2 syntax, in which \w and \s are ASCII only; the split drops other spaces that stand alone.
STANDS_ALONE = (
    r"([\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}\x{FF70}]"
    r"|[^\p{L}\p{M}\p{N}_\x{200C}\x{200D}\s])"
    r"|[\x{FE0E}\x{FE0F}]"
)
FEW_BYTES = 20_000  # below this, RE2 takes longer to compile its Unicode classes (2.5 ms) than to use them
_separated: dict[int, str] = {}  # code point -> what RE2 makes of that character alone


class Options(PreprocessingOptions):
    """Words of any language, separated by spaces and punctuation; no setting needed for Chinese."""

    tokenizer: Literal["word"] = Field("word", description="Unicode words and punctuation, CJK by character.")
    lowercase: bool = Field(True, description="Whether upper and lower case are the same word.")


def split(texts: pa.LargeStringArray, options: Options) -> Tokens:
    """`I can't, 你好` -> `i`, `can`, `'`, `t`, `,`, `你`, `好`."""
    if options.lowercase:
        texts = pc.utf8_lower(texts)
    return tokens_of(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(separate(texts))))


def separate(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Put spaces around whatever stands alone.

    The rule is one of single characters, so a few texts need no regular expression: a table of the
    characters met so far does, and RE2 fills it.
    """
    if texts.nbytes > FEW_BYTES:
        return pc.replace_substring_regex(texts, STANDS_ALONE, r" \1 ")
    strings = texts.to_pylist()
    unseen = [character for character in set("".join(strings)) if ord(character) not in _separated]
    if unseen:
        separated = pc.replace_substring_regex(text_array(unseen), STANDS_ALONE, r" \1 ").to_pylist()
        _separated.update(zip(map(ord, unseen), separated, strict=True))
    return text_array(text.translate(_separated) for text in strings)


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """The most frequent tokens; of equally frequent ones the alphabetically first."""
    tokens, counts = count_tokens(texts, lambda chunk: split(chunk, options))
    alphabetical = pc.sort_indices(tokens).to_numpy()
    order = alphabetical[np.argsort(-counts[alphabetical], kind="stable")]
    return {"vocabulary": tokens.take(order[: options.vocabulary_size - FIRST_ID]).to_pylist()}


def load(state: dict, options: Options) -> Tokenizer:
    """The learned state -> a tokenizer."""
    vocabulary = Vocabulary(state["vocabulary"], first_id=FIRST_ID, unknown_id=UNKNOWN_ID)
    return Tokenizer(
        encode=lambda texts: vocabulary.ids_of(split(texts, options)),
        num_ids=FIRST_ID + len(vocabulary.tokens),
        unknown_id=UNKNOWN_ID,
    )
