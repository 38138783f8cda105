"""The recipe of `textclf new`: settings by the size and kind of the data, each with its reason.

docs/experiments.md has the measurements behind them.
"""

import math
from typing import NamedTuple

import numpy as np

from textclf.core.formatting import counted, percent
from textclf.data.dataset import Dataset
from textclf.data.targets import Targets

SHORTEST, LONGEST, LONG = 16, 512, 128  # tokens per text; above LONG, the longest 5 % are truncated instead of 1 %
SMALLEST_VOCABULARY, LARGEST_VOCABULARY = 1_000, 30_000
UNEVEN = 0.75  # share of the rows with the same label
MOST_NGRAMS, MOST_NGRAM_LOGITS = 2**19, 2**25  # one row of logits per n-gram: at most 134 MB
HEADING = object()  # in place of the value of a setting that has settings below it

Line = tuple[str, object, str]  # setting, value, comment


class Size(NamedTuple):
    """Settings for data of at most `most_rows` rows."""

    most_rows: float
    validation: float
    ngram_epochs: int
    epochs: int
    patience: int
    batch_size: int
    dropout: float
    reason: str


SIZES = (
    #    most rows, validation, n-gram epochs, epochs, patience, batch, dropout
    Size(1_000,    0.2,  10, 30, 5, 16,  0.5, "few texts: strong dropout"),
    Size(5_000,    0.15, 6,  20, 4, 32,  0.5, "not many texts: strong dropout"),
    Size(20_000,   0.1,  5,  15, 2, 32,  0.5, "strong dropout"),
    Size(100_000,  0.1,  5,  8,  1, 64,  0.4, "many texts: less overfitting"),
    Size(math.inf, 0.05, 4,  3,  1, 128, 0.3, "very many texts: little overfitting"),
)  # fmt: skip


class Facts(NamedTuple):
    """The facts about the data that the settings depend on."""

    dataset: Dataset
    targets: Targets
    size: Size
    tokenizer: str
    scripts: dict[str, float]
    lengths: np.ndarray  # tokens of each text
    distinct_tokens: int
    repeated_tokens: int


def size_for(rows: int) -> Size:
    """Return the settings for a number of rows."""
    return next(size for size in SIZES if rows <= size.most_rows)


def preprocessing(facts: Facts) -> list[Line]:
    """Return the section `preprocessing`."""
    scripts = ", ".join(f"{script} {percent(share)}" for script, share in list(facts.scripts.items())[:2])
    split_by = {
        "word": "words; Chinese and Japanese by character",
        "character": "characters: words are unspaced or too many",
    }
    middle, most, nearly_all = (int(value) for value in np.quantile(facts.lengths, [0.5, 0.95, 0.99], method="higher"))
    length = min(max(8 * math.ceil((nearly_all if nearly_all <= LONG else most) / 8), SHORTEST), LONGEST)
    cut = float((facts.lengths > length).mean())
    cut_by_it = f"{percent(cut)} are longer and truncated" if cut else "none is truncated"
    vocabulary = 1_000 * math.ceil((facts.repeated_tokens + 2) / 1_000)
    vocabulary = min(max(vocabulary, SMALLEST_VOCABULARY), LARGEST_VOCABULARY)
    ngrams = min(MOST_NGRAMS, MOST_NGRAM_LOGITS // facts.targets.num_outputs)
    return [
        ("tokenizer", facts.tokenizer, f"{split_by[facts.tokenizer]} (letters: {scripts or 'none'})"),
        ("vocabulary_size", vocabulary, f"{facts.distinct_tokens} distinct tokens, {facts.repeated_tokens} of them "
                                        "more than once"),
        ("sequence_length", length, f"median {middle} tokens, 95 % have at most {most}; {cut_by_it}"),
        ("truncating", "right", "long texts lose their end; left keeps the end"),
        ("ngrams", HEADING, "of the whole text, however long"),
        ("  longest_words", 2, "single words and pairs of words"),
        ("  longest_characters", 5, "parts of words: any language, any spelling"),
        ("  most_ngrams", ngrams, "those in the most texts; each has a weight per label"),
    ]  # fmt: skip


def model(facts: Facts) -> list[Line]:
    """Return the section `model`: an ensemble of two networks that make different errors."""
    widths = [2, 3, 4] if facts.tokenizer == "word" else [2, 3, 4, 5]
    if _is_uneven(facts):
        dropout = (0.0, "no dropout: few texts of the rare label decide")
        loss = ("squared_hinge", "log loss predicts a rare label too seldom")
    else:
        dropout = (0.5, "drop half of the n-grams of a text, so that all are learned")
        loss = ("log_loss", "probabilities must be right, not only labels")
    return [
        ("architecture", "ensemble", "networks with different errors: better together"),
        ("members", HEADING, "their weights are fitted on validation"),
        ("- model", HEADING, "first: a weight per word and part of a word"),
        ("    architecture", "ngrams", "a linear model, hard to beat on few or short texts"),
        ("    dropout", *dropout),
        ("  training", HEADING, "how it is trained"),
        ("    loss", *loss),
        ("    optimizer", "adagrad", "rare n-grams take larger steps than frequent ones"),
        ("    learning_rate", 0.25, "decays to 0:"),
        ("    schedule", "linear", "large steps at first, small ones at the end"),
        ("    initial_accumulator", 1e-06, "a full first step for each n-gram"),
        ("    clip_norm", None, "Adagrad bounds the steps already"),
        ("    batch_size", 32, "texts per step"),
        ("    epochs", facts.size.ngram_epochs, "all of them: the last one is the best"),
        ("    early_stopping", None, "never stop early"),
        ("- model", HEADING, "second: phrases"),
        ("    architecture", "cnn", "as accurate as an LSTM here, in a third of the time"),
        ("    embedding_dim", 100, "dimension of the token embeddings"),
        ("    filters", 100, "phrases per width"),
        ("    widths", widths, "tokens per phrase"),
        ("    dropout", facts.size.dropout, facts.size.reason),
    ]


def training(facts: Facts) -> list[Line]:
    """Return the section `training`, for the networks without settings of their own."""
    size = facts.size
    metric = (
        ("f1_macro", "every label counts the same; the loss follows the frequent ones")
        if _is_uneven(facts)
        else ("loss", "probabilities must be right, not only labels")
    )
    steps = math.ceil((1 - size.validation) * len(facts.dataset) / size.batch_size)
    return [
        ("epochs", size.epochs, "maximum; the best epoch is kept"),
        ("batch_size", size.batch_size, f"{counted(steps, 'step')} per epoch"),
        ("learning_rate", 0.001, "of Adam; try half and double"),
        ("clip_norm", 1.0, "gradient clipping"),
        ("early_stopping", HEADING, "when to stop before the last epoch"),
        ("  metric", *metric),
        ("  patience", size.patience, "epochs without improvement"),
        ("refit", True, "train on validation too in the end; doubles the time"),
    ]


def _is_uneven(facts: Facts) -> bool:
    return not facts.targets.multilabel and max(facts.targets.counts) >= UNEVEN * len(facts.dataset)
