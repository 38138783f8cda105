"""Tokenizer `byte_pair`: byte-pair encoding (Sennrich, Haddow & Birch 2016). Frequent words are whole, rare ones cut.

It works on characters, not bytes: a character that training has not seen tells nothing, and as bytes it would be three
tokens instead of one.
"""

from typing import Literal

import pyarrow as pa

from textclf.core.options import setting
from textclf.preprocessing.tokenizers.subword import (
    PADDING,
    UNKNOWN,
    PieceOptions,
    checked_pieces,
    evenly_spaced,
    learn_pairs,
    load_pieces,
    model,
)
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import FIRST_ID


class Options(PieceOptions):
    """Pieces of words, made by merging frequent pairs of pieces, beginning with characters."""

    tokenizer: Literal["byte_pair"] = setting(
        default="byte_pair", description="Byte-pair encoding (BPE) of characters."
    )


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Learn the characters and the most frequent pairs."""
    vocabulary, merges = learn_pairs(evenly_spaced(texts), options, options.vocabulary_size - FIRST_ID)
    return {"vocabulary": vocabulary, "merges": merges}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state."""
    from tokenizers import models

    vocabulary = checked_pieces(state["vocabulary"])
    merges = [(left, right) for left, right in state["merges"]]
    ids = {piece: number for number, piece in enumerate([PADDING, UNKNOWN, *vocabulary])}
    if not {piece for left, right in merges for piece in (left, right, left + right)} <= set(vocabulary):
        raise ValueError("expected pairs of pieces that are a piece together")  # otherwise `tokenizers` may panic
    return load_pieces(model(lambda: models.BPE(vocab=ids, merges=merges, unk_token=UNKNOWN)), options)
