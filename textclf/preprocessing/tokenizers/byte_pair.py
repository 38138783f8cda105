"""Tokenizer `byte_pair`: frequent words whole, rare ones in pieces that were joined pair by pair.

Sennrich, Haddow & Birch 2016, on characters: a character that was never seen says nothing, and as bytes it would
be three tokens instead of one.
"""

from typing import Literal

import pyarrow as pa

from textclf.core.options import setting
from textclf.preprocessing.tokenizers.subword import (
    PADDING,
    UNKNOWN,
    PieceOptions,
    checked_pieces,
    learn_pairs,
    load_pieces,
    model,
)
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import FIRST_ID


class Options(PieceOptions):
    """Pieces of words, joined from characters as long as pairs are frequent."""

    tokenizer: Literal["byte_pair"] = setting(
        default="byte_pair", description="Byte-pair encoding (BPE) of characters."
    )


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """The characters and the most frequent pairs."""
    vocabulary, merges = learn_pairs(texts, options, options.vocabulary_size - FIRST_ID)
    return {"vocabulary": vocabulary, "merges": merges}


def load(state: dict, options: Options) -> Tokenizer:
    """The learned state -> a tokenizer."""
    from tokenizers import models

    vocabulary = checked_pieces(state["vocabulary"])
    merges = [(left, right) for left, right in state["merges"]]
    ids = {piece: number for number, piece in enumerate([PADDING, UNKNOWN, *vocabulary])}
    if not {piece for left, right in merges for piece in (left, right, left + right)} <= set(vocabulary):
        raise ValueError("expected pairs of pieces that are a piece together")  # `tokenizers` panics at some others
    return load_pieces(model(lambda: models.BPE(vocab=ids, merges=merges, unk_token=UNKNOWN)), options)
