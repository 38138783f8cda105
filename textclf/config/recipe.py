"""The settings for a file of texts by its size and kind, each with its reason. What they gave: docs/experiments.md."""

import math
from typing import NamedTuple

import numpy as np

from textclf.core.formatting import counted, percent
from textclf.data.dataset import Dataset
from textclf.data.targets import Targets

SHORTEST, LONGEST, LONG = 16, 512, 128  # tokens read of a text; from LONG on, the longest 5 % are cut instead of 1 %
SMALLEST_VOCABULARY, LARGEST_VOCABULARY = 1_000, 30_000
UNEVEN = 0.75  # of the rows have the same label
MOST_NGRAMS, MOST_NGRAM_LOGITS = 2**19, 2**25  # a row of logits for each n-gram: 134 MB at most
HEADING = object()  # in place of a value: settings follow below

Line = tuple[str, object, str]  # a setting, its value, the reason


class Size(NamedTuple):
    """Settings for a file of up to so many rows."""

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
    Size(1_000,    0.2,  10, 30, 5, 16,  0.5, "few texts: half is hidden in each step"),
    Size(5_000,    0.15, 6,  20, 4, 32,  0.5, "not many texts: half is hidden in each step"),
    Size(20_000,   0.1,  5,  15, 2, 32,  0.5, "half is hidden in each step"),
    Size(100_000,  0.1,  5,  8,  1, 64,  0.4, "many texts are hard to learn by heart"),
    Size(math.inf, 0.05, 4,  3,  1, 128, 0.3, "very many texts are hard to learn by heart"),
)  # fmt: skip


class Facts(NamedTuple):
    """What the settings depend on."""

    dataset: Dataset
    targets: Targets
    size: Size
    tokenizer: str
    scripts: dict[str, float]
    lengths: np.ndarray  # tokens of each text
    distinct_tokens: int
    repeated_tokens: int


def size_for(rows: int) -> Size:
    """The settings for so many rows."""
    return next(size for size in SIZES if rows <= size.most_rows)


def preprocessing(facts: Facts) -> list[Line]:
    """From texts to token ids and n-grams."""
    scripts = ", ".join(f"{script} {percent(share)}" for script, share in list(facts.scripts.items())[:2])
    split_by = {
        "word": "words; Chinese and Japanese by character",
        "character": "characters, where words are too many or unspaced",
    }
    middle, most, nearly_all = (int(value) for value in np.quantile(facts.lengths, [0.5, 0.95, 0.99], method="higher"))
    length = min(max(8 * math.ceil((nearly_all if nearly_all <= LONG else most) / 8), SHORTEST), LONGEST)
    cut = float((facts.lengths > length).mean())
    cut_by_it = f"{percent(cut)} are longer and cut" if cut else "none is cut"
    vocabulary = 1_000 * math.ceil((facts.repeated_tokens + 2) / 1_000)
    vocabulary = min(max(vocabulary, SMALLEST_VOCABULARY), LARGEST_VOCABULARY)
    ngrams = min(MOST_NGRAMS, MOST_NGRAM_LOGITS // facts.targets.num_units)
    return [
        ("tokenizer", facts.tokenizer, f"{split_by[facts.tokenizer]} (letters: {scripts or 'none'})"),
        ("vocabulary_size", vocabulary, f"{facts.distinct_tokens} different tokens, {facts.repeated_tokens} of them "
                                        "more than once"),
        ("sequence_length", length, f"median {middle} tokens, 95 % have at most {most}; {cut_by_it}"),
        ("truncating", "right", "what is too long loses its end; left keeps the end"),
        ("ngrams", HEADING, "of the whole text, however long"),
        ("  longest_words", 2, "words and pairs of words"),
        ("  longest_characters", 5, "parts of words, in any language and with any spelling"),
        ("  most_ngrams", ngrams, "those in the most texts; each has a number for every label"),
    ]  # fmt: skip


def model(facts: Facts) -> list[Line]:
    """Two networks that err differently, joined late."""
    widths = [2, 3, 4] if facts.tokenizer == "word" else [2, 3, 4, 5]
    if _is_uneven(facts):
        dropout = (0.0, "none is hidden: few texts of the rare label decide")
        loss = ("squared_hinge", "log loss answers a rare label too seldom")
    else:
        dropout = (0.5, "half of the n-grams of a text are hidden, so that all learn to speak")
        loss = ("log_loss", "the probabilities have to be right, not only the answers")
    return [
        ("architecture", "ensemble", "networks that err differently: joined they are right more often"),
        ("members", HEADING, "how much each counts is found on validation"),
        ("- model", HEADING, "first: what each word and each part of a word says"),
        ("    architecture", "ngrams", "a linear model, hard to beat on few or short texts"),
        ("    dropout", *dropout),
        ("  training", HEADING, "how it is fitted"),
        ("    loss", *loss),
        ("    optimizer", "adagrad", "rare n-grams take larger steps than frequent ones"),
        ("    learning_rate", 0.25, "falls to 0:"),
        ("    schedule", "linear", "rough at first, exact in the end"),
        ("    initial_accumulator", 1e-06, "the first step of each n-gram is a whole one"),
        ("    clip_norm", None, "steps are bounded by Adagrad already"),
        ("    batch_size", 32, "texts a step"),
        ("    epochs", facts.size.ngram_epochs, "all of them are gone through: the last is the best"),
        ("    early_stopping", None, "as said"),
        ("- model", HEADING, "second: which phrases there are"),
        ("    architecture", "cnn", "as good as an LSTM here, in a third of its time"),
        ("    embedding_dim", 100, "numbers that stand for a token"),
        ("    filters", 100, "phrases of each width that it looks for"),
        ("    widths", widths, "tokens of a phrase"),
        ("    dropout", facts.size.dropout, facts.size.reason),
    ]


def training(facts: Facts) -> list[Line]:
    """How networks are fitted that have no settings of their own, and what happens in the end."""
    size = facts.size
    metric = (
        ("f1_macro", "every label counts the same: the loss is that of the frequent ones")
        if _is_uneven(facts)
        else ("loss", "the probabilities have to be right, not only the answers")
    )
    steps = math.ceil((1 - size.validation) * len(facts.dataset) / size.batch_size)
    return [
        ("epochs", size.epochs, "at most: the best one is kept"),
        ("batch_size", size.batch_size, f"{counted(steps, 'step')} an epoch"),
        ("learning_rate", 0.001, "of Adam; try half and twice as much"),
        ("clip_norm", 1.0, "of the gradients of all weights together"),
        ("early_stopping", HEADING, "when to stop before the last epoch"),
        ("  metric", *metric),
        ("  patience", size.patience, "epochs without a better one"),
        ("refit", True, "in the end all learn from the validation rows too; it doubles the time"),
    ]


def _is_uneven(facts: Facts) -> bool:
    return not facts.targets.many and max(facts.targets.counts) >= UNEVEN * len(facts.dataset)
