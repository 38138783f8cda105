"""What `byte_pair` and `unigram` share: words in, pieces of words out. Hugging Face's `tokenizers` does the work."""

import json
from collections import defaultdict
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from textclf.core.options import setting
from textclf.core.parallel import map_chunks
from textclf.preprocessing.normalization import normalize
from textclf.preprocessing.options import NormalizedOptions
from textclf.preprocessing.pretokenizer import NONE, one_space, separate, words_of
from textclf.preprocessing.ragged import Ragged, take
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.tokenizers.character import characters
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer
from textclf.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID, checked_tokens, learn_vocabulary

if TYPE_CHECKING:  # imported where it is used, so that other tokenizers answer without it
    import tokenizers

PADDING, UNKNOWN = " padding", " unknown"  # ids 0 and 1; because of the space no word can hold them
LONGEST_WORD = 50  # characters: learning takes the square of it, and a text without spaces is one word


class PieceOptions(NormalizedOptions):
    """The settings of tokenizers whose tokens are pieces of words."""

    # Not 1: of few texts whole sentences would become pieces, above all Chinese ones, that no other text has. On
    # toy_zh byte_pair is right on 0.66, 0.90, 0.92, 0.91 of the test texts with 1, 2, 3, 5 (means of three seeds).
    min_frequency: int = setting(
        default=3, ge=1, description="Minimum occurrences of a character or piece in the training texts."
    )


def split(texts: pa.LargeStringArray, options: NormalizedOptions) -> TokenSpans:
    """Words and punctuation as by `word`, but Chinese and Japanese uncut: what belongs together there is learned.

    Words carry no mark of where they begin: `happy` is the same piece alone and in `unhappy`, and Chinese, where
    nothing shows where a word begins, is no special case.
    """
    import pyarrow.compute as pc

    separated = separate(normalize(texts, options), NONE)
    return words_of(pc.replace_substring_regex(separated, rf"(\S{{{LONGEST_WORD}}})", r"\1 "))


def learn_pairs(texts: pa.LargeStringArray, options: NormalizedOptions, size: int) -> tuple[list[str], list[list[str]]]:
    """Characters and the pairs of pieces that occur together most often, until there are `size` pieces.

    Returns:
        The pieces, characters first, and the pairs that were joined, in that order.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    known = {ord(character): character for character in learn_vocabulary(texts, options, _split_characters)}
    # Others are spaces here, so that no pair is learned across one. The trainer would leave them out of a word, and
    # which of equally rare ones it takes for too rare is left to chance.
    table = defaultdict(lambda: " ", known)
    trainer = trainers.BpeTrainer(
        vocab_size=FIRST_ID + size,
        min_frequency=options.min_frequency,
        special_tokens=[PADDING, UNKNOWN],
        show_progress=False,
    )
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.CharDelimiterSplit(" ")
    chunks = map_chunks(lambda chunk: _joined(chunk, options), texts)
    tokenizer.train_from_iterator(([text.translate(table) for text in chunk.to_pylist()] for chunk in chunks), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    return sorted(learned["vocab"], key=learned["vocab"].get)[FIRST_ID:], learned["merges"]


def _split_characters(texts: pa.LargeStringArray, options: NormalizedOptions) -> TokenSpans:
    return characters(split(texts, options).values)


def _joined(texts: pa.LargeStringArray, options: NormalizedOptions) -> pa.LargeStringArray:
    words = split(texts, options)
    offsets = pa.array(np.append(0, np.cumsum(words.lengths)))
    return one_space(pa.LargeListArray.from_arrays(offsets, words.values))


def checked_pieces(pieces: list[str]) -> list[str]:
    """Pieces that may come from a stranger's file.

    Raises:
        TypeError, ValueError: no list of different pieces.
    """
    pieces = checked_tokens(pieces).to_pylist()
    if len({PADDING, UNKNOWN, *pieces}) < len(pieces) + FIRST_ID:
        raise ValueError("expected pieces that are different and no special ones")
    return pieces


def model(build: Callable[[], Any]) -> "tokenizers.Tokenizer":
    """A model from what was learned, by a stranger perhaps.

    Raises:
        ValueError: it cannot be used.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer(build())
    except Exception as error:  # the library has no class of its own for its errors
        raise ValueError(str(error)) from None


def load_pieces(learned: "tokenizers.Tokenizer", options: NormalizedOptions) -> Tokenizer:
    """A model of pieces -> a tokenizer."""
    return Tokenizer(
        encode=lambda texts: _encode(learned, split(texts, options)),
        num_ids=learned.get_vocab_size(),
        unknown_id=UNKNOWN_ID,
        ids=lambda: {piece: number for piece, number in learned.get_vocab().items() if number >= FIRST_ID},
    )


def pieces_of(learned: "tokenizers.Tokenizer", words: pa.LargeStringArray) -> Ragged:
    """Every word -> a row with the ids of its pieces."""
    encodings = [encoding.ids for encoding in learned.encode_batch_fast(words.to_pylist(), add_special_tokens=False)]
    return Ragged.from_lengths(
        np.fromiter(chain.from_iterable(encodings), np.int32), np.array([*map(len, encodings)], int)
    )


def _encode(learned: "tokenizers.Tokenizer", words: TokenSpans) -> Ragged:
    """Every text -> a row with the ids of the pieces of its words; the same word is cut once for all texts."""
    distinct = words.values.dictionary_encode()
    rows = take(pieces_of(learned, distinct.dictionary), np.from_dlpack(distinct.indices))
    first_words = np.append(0, np.cumsum(words.lengths))
    return Ragged.from_lengths(rows.values, np.diff(rows.offsets[first_words]))
