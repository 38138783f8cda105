"""Tokenizer `character`: every character of any script is a token."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.separation import one_space
from textclf.preprocessing.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import Tokens, learn_vocabulary, load_vocabulary
from textclf.text_array import text_array


class Options(NormalizedOptions):
    """Every character is a token, also a space: robust against misspelling, but texts become long."""

    tokenizer: Literal["character"] = Field("character", description="Single characters (code points).")


def split(texts: pa.LargeStringArray, options: Options) -> Tokens:
    r"""`I am,\n 好 ` -> `i`, ` `, `a`, `m`, `,`, ` `, `好`.

    A run of spaces and line breaks is one space: without any, `now here` would be `nowhere`; and how many
    there are, as those at both ends, says something about the file rather than about the text.
    """
    words = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(normalize(texts, options)))
    return characters(one_space(words))


def characters(texts: pa.LargeStringArray) -> Tokens:
    """Every code point of every text. No text is copied: only where each character begins is new."""
    if not len(texts):
        return Tokens(text_array([]), np.empty(0, np.int64))
    _, offsets_buffer, data = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    utf8 = np.frombuffer(data or b"", np.uint8)[offsets[0] : offsets[-1]]
    starts = np.flatnonzero(utf8 & 0xC0 != 0x80) + offsets[0]  # all other bytes continue a character
    buffers = [pa.py_buffer(np.append(starts, offsets[-1])), data or pa.py_buffer(b"")]
    return Tokens(pa.LargeStringArray.from_buffers(len(starts), *buffers), np.diff(np.searchsorted(starts, offsets)))


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """The most frequent characters; of equally frequent ones the one that Unicode has first."""
    return {"vocabulary": learn_vocabulary(texts, options, split)}


def load(state: dict, options: Options) -> Tokenizer:
    """The learned state -> a tokenizer."""
    return load_vocabulary(state["vocabulary"], options, split)
