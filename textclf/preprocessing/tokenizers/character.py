"""Tokenizer `character`: every character is a token, in any script."""

from typing import Literal

import numpy as np
import pyarrow as pa

from textclf.core.options import setting
from textclf.core.text_column import bytes_of
from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.pretokenizer import one_space
from textclf.preprocessing.token_spans import TokenSpans, with_spare
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import learn_vocabulary, load_vocabulary
from textclf.preprocessing.word_boundaries import first_bytes


class Options(NormalizedOptions):
    """Every character is a token, also a space. It is robust against misspelling, but texts become long."""

    tokenizer: Literal["character"] = setting(default="character", description="Single characters (code points).")


def split(texts: pa.LargeStringArray, options: Options) -> TokenSpans:
    r"""Split the texts: `I am,\n 好 ` -> `i`, ` `, `a`, `m`, `,`, ` `, `好`.

    A run of spaces and line breaks is one space, so that `now here` is not `nowhere`. Their number, and the spaces at
    both ends, tell more about the file than about the text.
    """
    import pyarrow.compute as pc

    words = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(normalize(texts, options)))
    return characters(one_space(words))


def characters(texts: pa.LargeStringArray) -> TokenSpans:
    """Return every code point of every text."""
    content, offsets = bytes_of(texts)
    padded = with_spare(content)
    starts = first_bytes(padded[: len(content)])
    sizes = np.diff(starts, append=len(content))
    return TokenSpans(padded, starts, sizes, np.diff(np.searchsorted(starts, offsets)))


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Learn the most frequent characters; of equally frequent ones those with the lowest code points."""
    return {"vocabulary": learn_vocabulary(texts, options, split)}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state."""
    return load_vocabulary(state["vocabulary"], options, split)
