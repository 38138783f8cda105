"""The common part of `byte_pair` and `unigram`: they cut words into pieces with Hugging Face's `tokenizers`."""

import json
import math
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

if TYPE_CHECKING:  # imported where it is used, so that other tokenizers run without it
    import tokenizers

PADDING, UNKNOWN = " padding", " unknown"  # ids 0 and 1; the space keeps them apart from all words
LONGEST_WORD = 50  # characters; learning takes quadratic time, and a text without spaces is one word
# Bytes of texts that pieces are learned from. Learning keeps every distinct word in memory (0.7 GB for so much Thai,
# where a text without spaces is a word), and more texts would hardly change the most frequent pieces.
MOST_LEARNED = 60_000_000


class PieceOptions(NormalizedOptions):
    """The settings of tokenizers that cut words into pieces."""

    # Not 1: with few texts, whole sentences would become pieces that no other text has, above all in Chinese. The test
    # accuracy of byte_pair on toy_zh is 0.66, 0.90, 0.92, 0.91 with 1, 2, 3, 5 (means of three seeds).
    min_frequency: int = setting(
        default=3, ge=1, description="Minimum occurrences of a character or piece in the training texts."
    )


def split(texts: pa.LargeStringArray, options: NormalizedOptions) -> TokenSpans:
    """Split the texts as `word` does, but leave Chinese and Japanese text whole: its words are learned as pieces.

    The beginning of a word is not marked: `happy` is the same piece alone and in `unhappy`. So Chinese, where nothing
    shows where a word begins, is no special case.
    """
    import pyarrow.compute as pc

    separated = separate(normalize(texts, options), NONE)
    return words_of(pc.replace_substring_regex(separated, rf"(\S{{{LONGEST_WORD}}})", r"\1 "))


def evenly_spaced(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the texts to learn from: all, or every k-th one of more than `MOST_LEARNED` bytes."""
    import pyarrow.compute as pc

    step = math.ceil((pc.sum(pc.binary_length(texts)).as_py() or 1) / MOST_LEARNED)
    return texts if step == 1 else texts.take(np.arange(0, len(texts), step))


def learn_pairs(texts: pa.LargeStringArray, options: NormalizedOptions, size: int) -> tuple[list[str], list[list[str]]]:
    """Learn characters, and merge the most frequent pairs of pieces until there are `size` pieces.

    Returns:
        The pieces, characters first, and the merged pairs in their order.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    known = {ord(character): character for character in learn_vocabulary(texts, options, _split_characters)}
    # All other characters become spaces, so that no pair crosses one. The trainer would drop them from words, and would
    # choose at random among equally rare characters.
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
    """Return pieces from a file of unknown origin.

    Raises:
        TypeError, ValueError: it is no list of different pieces.
    """
    pieces = checked_tokens(pieces).to_pylist()
    if len({PADDING, UNKNOWN, *pieces}) < len(pieces) + FIRST_ID:
        raise ValueError("expected pieces that are different and no special ones")
    return pieces


def model(build: Callable[[], Any]) -> "tokenizers.Tokenizer":
    """Return the model that `build` makes of a learned state of unknown origin.

    Raises:
        ValueError: the state cannot be used.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer(build())
    except Exception as error:  # the library raises plain `Exception`
        raise ValueError(str(error)) from None


def load_pieces(learned: "tokenizers.Tokenizer", options: NormalizedOptions) -> Tokenizer:
    """Return the tokenizer with this model of pieces."""
    return Tokenizer(
        encode=lambda texts: _encode(learned, split(texts, options)),
        num_ids=learned.get_vocab_size(),
        unknown_id=UNKNOWN_ID,
        ids=lambda: {piece: number for piece, number in learned.get_vocab().items() if number >= FIRST_ID},
    )


def pieces_of(learned: "tokenizers.Tokenizer", words: pa.LargeStringArray) -> Ragged:
    """Return a row with the ids of its pieces for every word."""
    encodings = [encoding.ids for encoding in learned.encode_batch_fast(words.to_pylist(), add_special_tokens=False)]
    return Ragged.from_lengths(
        np.fromiter(chain.from_iterable(encodings), np.int32), np.array([*map(len, encodings)], int)
    )


def _encode(learned: "tokenizers.Tokenizer", words: TokenSpans) -> Ragged:
    """Return a row with the ids of all pieces for every text. A word is cut once for all texts."""
    distinct = words.values.dictionary_encode()
    rows = take(pieces_of(learned, distinct.dictionary), np.from_dlpack(distinct.indices))
    first_words = np.append(0, np.cumsum(words.lengths))
    return Ragged.from_lengths(rows.values, np.diff(rows.offsets[first_words]))
