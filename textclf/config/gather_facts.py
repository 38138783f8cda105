"""Gather the facts about labelled texts on which the recipe of `textclf new` depends."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.config.recipe import Facts
from textclf.config.recipe_sizes import size_for
from textclf.core.text_column import stored_texts
from textclf.data.dataset import Dataset
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.data.writing_systems import WITHOUT_SPACES, count_characters, script_shares
from textclf.preprocessing.token_spans import TokenSpans
from textclf.preprocessing.tokenizers import byte_pair, word
from textclf.preprocessing.vocabulary import count_tokens

SAMPLE_ROWS = 100_000  # whose texts are inspected
PIECE_ROWS = 20_000  # of which pieces of words are learned
# Thai and others have no spaces for `word` to split at. Korean words have so many endings that most are rare. Chinese
# characters are words.
IN_PIECES = ("Hangul", *(script for script in WITHOUT_SPACES if script != "Han"))
MUCH_OF_A_SCRIPT = 0.3  # of all letters
# The share of words that occur once among 20,000: 2 to 16 % in 21 English data sets, 10 to 17 % in ten other languages,
# 24 % in Swahili, 26 to 28 % in Russian and Arabic, 35 % in Amharic, 39 % in Korean (docs/experiments.md).
RARE_WORDS, COUNTED_WORDS = 0.2, 20_000


def gather_facts(
    dataset: Dataset,
    time: str = "usual",
    unlabelled: pa.LargeStringArray | None = None,
    *,
    many: bool,
    own_tokenizer: bool,
) -> Facts:
    """Return the facts about the texts.

    Args:
        unlabelled: texts without labels, as from `read_unlabelled`. The tokenizer reads them, too.
        many: whether a text has several labels.
        own_tokenizer: whether the tokenizer is learned from the texts; that of an encoder is not.
    """
    targets = Targets.fit(dataset.labels, TargetOptions(type="multilabel" if many else "auto"), multilabel=many)
    texts, size = dataset.sample(SAMPLE_ROWS).texts, size_for(len(dataset))
    if unlabelled is not None:
        texts = stored_texts([texts, unlabelled])
    scripts = script_shares(count_characters(texts))
    lengths, counts = _count_words(texts)
    unspaced = sum(scripts.get(script, 0) for script in IN_PIECES) >= MUCH_OF_A_SCRIPT
    in_pieces = own_tokenizer and (unspaced or _are_rare(texts, lengths.mean()))
    if in_pieces:
        lengths, counts = _count_pieces(_sample(texts, PIECE_ROWS), size.pieces)
    return Facts(
        dataset=dataset,
        targets=targets,
        size=size,
        tokenizer="byte_pair" if in_pieces else "word",
        scripts=scripts,
        lengths=lengths,
        distinct_tokens=len(counts),
        repeated_tokens=int((counts > 1).sum()),
        characters=pc.mean(pc.utf8_length(texts)).as_py() * len(dataset),
        time=time,
        unlabelled=0 if unlabelled is None else len(unlabelled),
    )


def _sample(texts: pa.LargeStringArray, most: int) -> pa.LargeStringArray:
    """Return at most `most` texts at equal distances."""
    return texts if len(texts) <= most else texts.take(pa.array(np.arange(most) * len(texts) // most))


def _count_words(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of words of each text, and the number of occurrences of each word."""
    lengths: list[np.ndarray] = []

    def split_and_measure(chunk: pa.LargeStringArray) -> TokenSpans:
        tokens = word.split(chunk, word.Options())
        lengths.append(tokens.lengths)  # in any order
        return tokens

    counts = count_tokens(texts, split_and_measure).counts
    return np.concatenate(lengths), counts


def _are_rare(texts: pa.LargeStringArray, words_a_text: float) -> bool:
    """Return whether many words occur once, as in languages whose words have many forms."""
    rows = math.ceil(COUNTED_WORDS / max(words_a_text, 1))
    if rows > len(texts):
        return False
    _, counts = _count_words(_sample(texts, rows))
    return bool((counts == 1).sum() >= RARE_WORDS * counts.sum())


def _count_pieces(texts: pa.LargeStringArray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for pieces of words."""
    options = byte_pair.Options(vocabulary_size=most)
    rows = byte_pair.load(byte_pair.learn(texts, options), options).encode(texts)
    return rows.lengths, np.unique(rows.values, return_counts=True)[1]
