"""Tokenizer `unigram`: a unigram language model (Kudo 2018). It cuts a word into the most probable pieces.

The pieces are learned here, and Hugging Face's `tokenizers` only cuts. Its own trainer adds fractions in random order,
so that no two runs learn the same (version 0.23: 15 of 15 runs differed). Here every count is a whole number, because a
word is cut in its best way only, not in all ways weighted by probability.
"""

from math import inf, log
from typing import TYPE_CHECKING, Literal

import numpy as np
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
    pieces_of,
    split,
)
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID, count_tokens

if TYPE_CHECKING:
    import tokenizers

SEEDS = 4  # times the wanted number of pieces, to begin with
KEPT = 0.75  # share of the pieces that each round keeps, as in Kudo 2018
ROUNDED = 6  # decimals of scores: the last digit of a logarithm differs between machines


class Options(PieceOptions):
    """Pieces of words, chosen so that few and frequent pieces make up the training texts."""

    tokenizer: Literal["unigram"] = setting(
        default="unigram", description="Unigram language model: the most probable pieces."
    )


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Begin with too many pieces, and drop those that the texts need least, round by round. Characters stay."""
    texts, size = evenly_spaced(texts), options.vocabulary_size - FIRST_ID
    seeds, _ = learn_pairs(texts, options, SEEDS * size)
    words, _, counts = count_tokens(texts, lambda chunk: split(chunk, options))
    scores = dict.fromkeys(seeds, -1.0)  # before anything is counted, the fewest pieces are best
    while True:
        for _ in range(2):
            used = _count(scores, words, counts)
            scores = _estimate(used, options.min_frequency)
        if len(scores) <= size:
            break
        scores = _prune(scores, used, max(size, int(KEPT * len(scores))))
    order = sorted(scores, key=lambda piece: (len(piece) > 1, -used[piece], piece))
    return {"vocabulary": order, "scores": [scores[piece] for piece in order]}


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this learned state."""
    pieces, scores = checked_pieces(state["vocabulary"]), state["scores"]
    if len(pieces) != len(scores) or not all(type(score) is float and -inf < score <= 0 for score in scores):
        raise ValueError("expected a logarithm of a probability for every piece")
    return load_pieces(_model(dict(zip(pieces, scores, strict=True))), options)


def _model(scores: dict[str, float]) -> "tokenizers.Tokenizer":
    from tokenizers import models

    special = [(PADDING, 0.0), (UNKNOWN, 0.0)]
    return model(lambda: models.Unigram([*special, *scores.items()], unk_id=UNKNOWN_ID))


def _count(scores: dict[str, float], words: pa.LargeStringArray, counts: np.ndarray) -> dict[str, int]:
    """Count how often each piece is used if every word is cut in its best way."""
    rows = pieces_of(_model(scores), words)
    used = np.bincount(rows.values, np.repeat(counts, rows.lengths), FIRST_ID + len(scores)).astype(int)
    return dict(zip(scores, used[FIRST_ID:].tolist(), strict=True))


def _estimate(used: dict[str, int], min_frequency: int) -> dict[str, float]:
    """Return the log probability of every piece that is used often enough. A character counts at least once."""
    kept = {piece: max(count, 1) for piece, count in used.items() if len(piece) == 1 or count >= min_frequency}
    total = sum(kept.values())
    return {piece: round(log(count / total), ROUNDED) for piece, count in kept.items()}


def _prune(scores: dict[str, float], used: dict[str, int], size: int) -> dict[str, float]:
    """Keep the characters, and the pieces whose loss makes the training texts least probable."""

    def loss(piece: str) -> float:
        return used[piece] * (scores[piece] - _score_without(piece, scores))

    characters = [piece for piece in scores if len(piece) == 1]
    longer = sorted((piece for piece in scores if len(piece) > 1), key=lambda piece: (-loss(piece), piece))
    return {piece: scores[piece] for piece in [*characters, *longer[: size - len(characters)]]}


def _score_without(piece: str, scores: dict[str, float]) -> float:
    """Return the score of the best way to cut a piece into smaller pieces."""
    best = [0.0]
    for end in range(1, len(piece) + 1):
        starts = range(end == len(piece), end)  # not the piece itself
        best.append(max(best[start] + scores.get(piece[start:end], -inf) for start in starts))
    return best[-1]
