"""Tokenizer `word`: Unicode words and punctuation. Every Chinese and Japanese character is a token."""

from typing import Literal

import pyarrow as pa

from textclf.core.options import setting
from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import learn_vocabulary, load_vocabulary
from textclf.preprocessing.word_boundaries import words_in


class Options(NormalizedOptions):
    """Words of any language, separated by spaces and punctuation. Chinese needs no setting."""

    tokenizer: Literal["word"] = setting(default="word", description="Unicode words and punctuation. CJK by character.")


def split(texts: pa.LargeStringArray, options: Options) -> TokenSpans:
    """Split the texts: `I can't, 你好` -> `i`, `can`, `'`, `t`, `,`, `你`, `好`."""
    return words_in(normalize(texts, options))


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Learn the most frequent tokens; of equally frequent ones the alphabetically first."""
    return {"vocabulary": learn_vocabulary(texts, options, split)}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state."""
    return load_vocabulary(state["vocabulary"], options, split)
