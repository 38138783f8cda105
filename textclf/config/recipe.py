"""The recipe of `textclf new`: settings by the size and kind of the data, each with its reason.

docs/experiments.md has the measurements behind them.
"""

import math
from typing import NamedTuple

import numpy as np

from textclf.config.recipe_sizes import Size
from textclf.core.formatting import counted, percent
from textclf.data.dataset import Dataset
from textclf.data.targets import Targets

SHORTEST, LONGEST, LONG = 16, 512, 128  # tokens per text; above LONG, the longest 5 % are truncated instead of 1 %
SMALLEST_VOCABULARY, LARGEST_VOCABULARY = 1_000, 30_000
UNEVEN = 0.75  # share of the rows with the same label
MOST_NGRAMS, MOST_NGRAM_LOGITS = 2**19, 2**25  # one row of logits per n-gram: at most 134 MB
WORDS, CHARACTERS = 2, 5  # of the longest n-grams
# LIBLINEAR keeps 44 bytes for each n-gram of each text (0.9 GB), and reads all of them again for each output.
MOST_SOLVED, MOST_SOLVED_OUTPUTS = 20_000_000, 250_000_000
FEW = 1_000  # rows, of which a convolution learns nothing
INNER_FOLDS = 5  # whose out-of-fold predictions decide in place of validation
FOLDED, FEWEST_FOLDED = 10_000, 2 * INNER_FOLDS  # rows up to which they do, texts of the middle label from which
FEW_OF_LABEL = 30  # rows for each label, with which n-grams of characters alone are better than with words
CHARACTER_WORDS = ("Han", "Hiragana", "Katakana")  # scripts of which each character is a word here
MOSTLY = 0.8  # of all letters
RARE_COUNTS = 20_000  # rows up to which n-grams of a single text are kept
RATIOS = 10  # outputs: with more of them, each has too few texts for the ratios of n-grams
# Filter widths of the convolutions, in tokens, by `textclf new --time`; characters have one more.
TIMES: dict[str, tuple[list[int], ...]] = {
    "quick": (),
    "usual": ([2, 3, 4],),
    "thorough": ([2, 3, 4], [1, 2, 3], [3, 4, 5]),
}
VECTORS = (100, "numbers for each n-gram: what labels say about it counts for similar ones")
SVM = ("squared_hinge", "the loss of a linear SVM, 0 for easy texts")
HEADING = object()  # in place of the value of a setting that has settings below it

Line = tuple[str, object, str]  # setting, value, comment


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
    characters: float  # of all texts
    time: str = "usual"  # a key of `TIMES`
    unlabelled: int = 0  # texts without labels

    @property
    def solved(self) -> bool:
        """Whether LIBLINEAR solves the linear models: one label a text, and data for which it is fast."""
        entries = self.characters * (CHARACTERS - 1) + float(self.lengths.mean()) * len(self.dataset) * WORDS
        few_enough = entries <= MOST_SOLVED and entries * self.targets.num_outputs <= MOST_SOLVED_OUTPUTS
        return few_enough and not self.targets.multilabel

    @property
    def few(self) -> bool:
        """Whether there are so few texts that one linear model learns all that they show."""
        return self.solved and len(self.dataset) <= FEW

    @property
    def convolutions(self) -> tuple[list[int], ...]:
        """The filter widths of each convolution."""
        return () if self.few else TIMES[self.time]


def preprocessing(facts: Facts, most_weights: int = MOST_NGRAM_LOGITS) -> list[Line]:
    """Return the section `preprocessing`.

    Args:
        most_weights: of a linear model of n-grams, whose number it limits.
    """
    scripts = ", ".join(f"{script} {percent(share)}" for script, share in list(facts.scripts.items())[:2])
    split_by = {
        "word": "words, and characters of Chinese and Japanese",
        "byte_pair": "pieces of words, because words are unspaced or have many forms",
    }
    middle, most, nearly_all = (int(value) for value in np.quantile(facts.lengths, [0.5, 0.95, 0.99], method="higher"))
    length = min(max(8 * math.ceil((nearly_all if nearly_all <= LONG else most) / 8), SHORTEST), LONGEST)
    cut = float((facts.lengths > length).mean())
    cut_by_it = f"{percent(cut)} are longer and truncated" if cut else "none is truncated"
    ngrams = min(MOST_NGRAMS, most_weights // facts.targets.num_outputs)
    rare = facts.solved and len(facts.dataset) <= RARE_COUNTS and not facts.unlabelled
    frequency = (1, "also those of a single text") if rare else (2, "only those of two texts or more")
    return [
        ("tokenizer", facts.tokenizer, f"{split_by[facts.tokenizer]} (letters: {scripts or 'none'})"),
        ("vocabulary_size", *_vocabulary_size(facts)),
        ("sequence_length", length, f"median {middle} tokens, 95 % have at most {most}, {cut_by_it}"),
        ("truncating", "right", "cuts the end of long texts (left: the beginning)"),
        ("ngrams", HEADING, "of the whole text, also of its cut part"),
        *_longest_ngrams(facts),
        ("  min_frequency", *frequency),
        ("  most_ngrams", ngrams, "maximum number: those in the most texts are kept"),
    ]  # fmt: skip


def _vocabulary_size(facts: Facts) -> tuple[int, str]:
    if facts.tokenizer == "byte_pair":
        return facts.size.pieces, "characters, and their most frequent sequences"
    size = 1_000 * math.ceil((facts.repeated_tokens + 2) / 1_000)
    reason = f"{facts.distinct_tokens} distinct tokens, {facts.repeated_tokens} of them more than once"
    return min(max(size, SMALLEST_VOCABULARY), LARGEST_VOCABULARY), reason


def _longest_ngrams(facts: Facts) -> list[Line]:
    """Return the kinds of n-grams. With few texts most n-grams are in one text: then one kind is better than two."""
    words = ("  longest_words", WORDS, "single words and pairs of words")
    characters = ("  longest_characters", CHARACTERS, "parts of words: any language, any spelling")
    if facts.unlabelled:  # then most n-grams are in several texts
        return [words, characters]
    if facts.few and sum(facts.scripts.get(script, 0) for script in CHARACTER_WORDS) >= MOSTLY:
        return [words, ("  longest_characters", 0, "none, because few texts share longer parts than the words")]
    if facts.few and len(facts.dataset) <= FEW_OF_LABEL * len(facts.targets.labels):
        return [("  longest_words", 0, "none, because few texts of a label share words"), characters]
    return [words, characters]


def model(facts: Facts) -> list[Line]:
    """Return the section `model`: linear models and convolutions, which make different errors."""
    members = _members(facts)
    if len(members) == 1:
        return members[0].model
    return [
        ("architecture", "ensemble", "combines models that make different errors"),
        ("members", HEADING, "with fitted weights"),
        *(line for member in members for line in member.lines()),
    ]


def training(facts: Facts) -> list[Line]:
    """Return the section `training`, for the networks without settings of their own."""
    members = _members(facts)
    if len(members) == 1:
        return [*members[0].training, *_decision(facts)]
    return [*(_of_convolutions(facts) if facts.convolutions else []), *_decision(facts)]


def _decision(facts: Facts) -> list[Line]:
    """Return which predictions choose weights, epochs and the temperature, and the refit.

    On a small validation split chance would choose. A fold needs some texts of each label.
    """
    if len(facts.dataset) > FOLDED or np.median(facts.targets.counts) < FEWEST_FOLDED:
        return [("refit", True, "trains again on train and validation, which doubles the time")]
    held_out = percent(facts.size.validation)
    return [
        ("inner_folds", INNER_FOLDS, f"decides by predictions of all texts, not of {held_out}"),
        ("refit", True, "trains on all texts in the end"),
    ]


class Member(NamedTuple):
    """The settings of one network."""

    reason: str
    model: list[Line]
    training: list[Line]  # empty: as the section `training` says

    def lines(self) -> list[Line]:
        """Return the settings as a member of an ensemble."""
        own = [("  training", HEADING, "how it is trained"), *indented(self.training)] if self.training else []
        return [("- model", HEADING, self.reason), *indented(self.model), *own]


def indented(lines: list[Line]) -> list[Line]:
    """Return the settings as those of a member of an ensemble."""
    return [(f"    {name}", value, reason) for name, value, reason in lines]


def linear_members(facts: Facts, *, with_vectors: bool = True) -> list[Member]:
    """Return the linear models of n-grams.

    Args:
        with_vectors: whether the first one may have vectors of n-grams.
    """
    if facts.few:
        loss = ("log_loss", "more accurate than squared_hinge with few texts per label")
        return [_solved("none", [8.0], loss, with_vectors=with_vectors and facts.unlabelled > 0)]
    linear = [_solved("none", [0.5, 2.0], with_vectors=with_vectors)] if facts.solved else [_stepped(facts)]
    if facts.solved and facts.targets.num_outputs <= RATIOS:
        linear.append(_solved("naive_bayes", [0.25]))
    return linear


def _members(facts: Facts) -> list[Member]:
    return [*linear_members(facts), *(_convolution(facts, widths) for widths in facts.convolutions)]


def _solved(scaling: str, strengths: list[float], loss: tuple[str, str] = SVM, *, with_vectors: bool = False) -> Member:
    """Return a linear model by LIBLINEAR."""
    reasons = {
        "none": ("a weight for each n-gram", "no scaling of n-grams"),
        "naive_bayes": ("a weight for each n-gram, scaled by its ratio", "larger for n-grams of mostly one label"),
    }
    about, reason = reasons[scaling]
    chosen = "textclf keeps the best one" if len(strengths) > 1 else "chosen by cross-validation"
    return Member(
        about,
        [("architecture", "ngrams", "a linear model, accurate on few or short texts")],
        [
            ("loss", *loss),
            ("optimizer", "liblinear", "trains until it converges, without epochs"),
            ("inverse_regularization", strengths, chosen),
            ("ngram_scaling", scaling, reason),
            *([("ngram_vectors", *VECTORS)] if with_vectors else []),
        ],
    )


def _stepped(facts: Facts) -> Member:
    """Return a linear model by steps of batches, for several labels a text, and for data that are large."""
    if _is_uneven(facts):
        dropout = (0.0, "no dropout, because few texts of the rare label decide")
        loss = ("squared_hinge", "log loss predicts a rare label too seldom")
    else:
        dropout = (0.5, "drop half of the n-grams of a text, so that all are learned")
        loss = ("log_loss", "measures probabilities, not only labels")
    return Member(
        "a weight for each n-gram",
        [("architecture", "ngrams", "a linear model, accurate on few or short texts"), ("dropout", *dropout)],
        [
            ("loss", *loss),
            ("optimizer", "adagrad", "rare n-grams take larger steps than frequent ones"),
            ("learning_rate", 0.25, "decays to 0 (see schedule)"),
            ("schedule", "linear", "large steps at first, small ones at the end"),
            ("initial_accumulator", 1e-06, "a full first step for each n-gram"),
            ("clip_norm", None, "Adagrad bounds the steps already"),
            ("batch_size", 32, "texts per step"),
            ("epochs", facts.size.ngram_epochs, "no early stopping, because the last one is the best"),
            ("early_stopping", None, "does not stop early"),
        ],
    )


def _convolution(facts: Facts, widths: list[int]) -> Member:
    return Member(
        "phrases",
        [
            ("architecture", "cnn", "as accurate as an LSTM here, in a third of the time"),
            ("embedding_dim", 100, "dimension of the token embeddings"),
            ("filters", 100, "filters per width"),
            ("widths", widths if facts.tokenizer == "word" else [*widths, widths[-1] + 1], "tokens per filter"),
            ("dropout", facts.size.dropout, facts.size.reason),
            *([("vectors", {}, "of the tokens, learned from all texts")] if facts.unlabelled else []),
        ],
        [],
    )


def _of_convolutions(facts: Facts) -> list[Line]:
    """Return how convolutions are trained."""
    size = facts.size
    metric = (
        ("f1_macro", "gives every label the same weight, unlike the loss")
        if _is_uneven(facts)
        else ("loss", "measures probabilities, not only labels")
    )
    steps = math.ceil((1 - size.validation) * len(facts.dataset) / size.batch_size)
    return [
        ("epochs", size.epochs, "maximum, of which the best epoch is kept"),
        ("batch_size", size.batch_size, f"{counted(steps, 'step')} per epoch"),
        ("learning_rate", 0.001, "of Adam (also try half and double)"),
        ("clip_norm", 1.0, "gradient clipping"),
        ("early_stopping", HEADING, "when to stop before the last epoch"),
        ("  metric", *metric),
        ("  patience", size.patience, "epochs without improvement"),
    ]


def _is_uneven(facts: Facts) -> bool:
    return not facts.targets.multilabel and max(facts.targets.counts) >= UNEVEN * len(facts.dataset)
