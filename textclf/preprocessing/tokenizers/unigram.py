"""Tokenizer `unigram`: of all ways to cut a word into pieces the most probable one (Kudo 2018).

The pieces are learned here, and Hugging Face's `tokenizers` only cuts: its own trainer adds fractions in an order
that chance decides, and no two runs give the same state (0.23; all of 15 differed). Here every count is a whole
number: words are cut in the best way only, instead of in all ways, each with its probability.
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

SEEDS = 4  # times as many pieces as are wanted to begin with
KEPT = 0.75  # share of the pieces that stay in each round, as in Kudo's
ROUNDED = 6  # decimals: the logarithm's last digit differs between machines


class Options(PieceOptions):
    """Pieces of words, chosen so that few and frequent ones make up the training texts."""

    tokenizer: Literal["unigram"] = setting(
        default="unigram", description="Unigram language model: the most probable pieces."
    )


def learn(texts: pa.LargeStringArray, options: Options) -> dict:
    """Begin with too many pieces, and drop again and again those that the texts need least. Characters stay."""
    size = options.vocabulary_size - FIRST_ID
    seeds, _ = learn_pairs(texts, options, SEEDS * size)
    words, _, counts = count_tokens(texts, lambda chunk: split(chunk, options))
    scores = dict.fromkeys(seeds, -1.0)  # the fewest pieces win, as long as nothing is counted
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
    """The learned state -> a tokenizer."""
    pieces, scores = checked_pieces(state["vocabulary"]), state["scores"]
    if len(pieces) != len(scores) or not all(type(score) is float and -inf < score <= 0 for score in scores):
        raise ValueError("expected a logarithm of a probability for every piece")
    return load_pieces(_model(dict(zip(pieces, scores, strict=True))), options)


def _model(scores: dict[str, float]) -> "tokenizers.Tokenizer":
    from tokenizers import models

    special = [(PADDING, 0.0), (UNKNOWN, 0.0)]
    return model(lambda: models.Unigram([*special, *scores.items()], unk_id=UNKNOWN_ID))


def _count(scores: dict[str, float], words: pa.LargeStringArray, counts: np.ndarray) -> dict[str, int]:
    """How often each piece is used when every word is cut in the best way."""
    rows = pieces_of(_model(scores), words)
    used = np.bincount(rows.values, np.repeat(counts, rows.lengths), FIRST_ID + len(scores)).astype(int)
    return dict(zip(scores, used[FIRST_ID:].tolist(), strict=True))


def _estimate(used: dict[str, int], min_frequency: int) -> dict[str, float]:
    """Logarithms of the shares of all pieces that are used often enough. A character counts as used once at least."""
    kept = {piece: max(count, 1) for piece, count in used.items() if len(piece) == 1 or count >= min_frequency}
    total = sum(kept.values())
    return {piece: round(log(count / total), ROUNDED) for piece, count in kept.items()}


def _prune(scores: dict[str, float], used: dict[str, int], size: int) -> dict[str, float]:
    """Keep the characters and the pieces without which the training texts would be least probable."""

    def loss(piece: str) -> float:
        return used[piece] * (scores[piece] - _score_without(piece, scores))

    characters = [piece for piece in scores if len(piece) == 1]
    longer = sorted((piece for piece in scores if len(piece) > 1), key=lambda piece: (-loss(piece), piece))
    return {piece: scores[piece] for piece in [*characters, *longer[: size - len(characters)]]}


def _score_without(piece: str, scores: dict[str, float]) -> float:
    """Score of the best way to cut a piece into smaller ones."""
    best = [0.0]
    for end in range(1, len(piece) + 1):
        starts = range(end == len(piece), end)  # not the piece itself
        best.append(max(best[start] + scores.get(piece[start:end], -inf) for start in starts))
    return best[-1]
