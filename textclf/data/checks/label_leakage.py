"""Find label leakage: a token that tells the label, such as a mark of the source or the label in the text."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from textclf.core.formatting import counted, percent, short_repr
from textclf.core.text_column import text_array
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, shown_rows
from textclf.data.labels import Labels
from textclf.preprocessing.ragged import Ragged
from textclf.preprocessing.tokenizers import word

FEWEST_ROWS = 20  # of a label: fewer may have a word in common by chance
IN_LABEL = 0.9  # of the label's rows have the word
ONLY_THERE = 0.95  # of the rows with the word have the label


class LeakingToken(NamedTuple):
    """A token that tells a label, and the rows that have both or one of them."""

    token_id: int
    label: str
    together: int
    with_token: int
    with_label: int


def leaking_tokens(context: CheckContext) -> Iterator[Finding]:
    """Find tokens that nearly all rows of a label have, and hardly any other row."""
    rows, train = context.token_ids["train"], context.sampled["train"]
    for found in find_leaking_tokens(rows, train.labels, context.preprocessor.tokenizer.unknown_id):
        first = int(np.searchsorted(rows.offsets, np.argmax(rows.values == found.token_id), side="right")) - 1
        yield Finding(
            "warning",
            "label leakage",
            f"train: {short_repr(_written(context, found.token_id, first))} is in {found.together} of "
            f"{counted(found.with_label, 'row')} of {short_repr(found.label)} "
            f"({percent(found.together / found.with_label)}) and in {found.with_token - found.together} others "
            f"({shown_rows(train.rows[[first]])}).",
            "Make sure that texts have this word when you use the classifier. Otherwise remove it from the file.",
        )


def find_leaking_tokens(rows: Ragged, labels: Labels, unknown_id: int) -> list[LeakingToken]:
    """Return all leaking tokens, by label and token.

    Args:
        rows: the token ids of each text.
        labels: of each text.
        unknown_id: a token id that is left out, as it stands for many tokens.
    """
    names = [label for label, count in labels.count().items() if count >= FEWEST_ROWS]
    if not names or len(labels.count()) < 2:
        return []
    numbers = {label: number for number, label in enumerate(names)}
    of_row = [[numbers[label] for label in set(row) if label in numbers] for row in labels]
    num_labels = np.array([len(row) for row in of_row])
    flat_labels = np.array([number for row in of_row for number in row], np.int64)
    first_label = np.cumsum(num_labels) - num_labels

    width = int(rows.values.max(initial=0)) + 1
    row_of, ids = np.divmod(np.unique(np.repeat(np.arange(len(labels)), rows.lengths) * width + rows.values), width)
    with_token = np.bincount(ids, minlength=width)
    kept = (with_token[ids] >= IN_LABEL * FEWEST_ROWS) & (ids != unknown_id)
    row_of, ids = row_of[kept], ids[kept]
    repeats = num_labels[row_of]  # a row with three labels counts for each of them
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    label_of = flat_labels[np.repeat(first_label[row_of], repeats) + within]
    pairs, together = np.unique(label_of * width + np.repeat(ids, repeats), return_counts=True)
    label_of, ids = np.divmod(pairs, width)

    with_label = np.bincount(flat_labels, minlength=len(names))
    leaks = (together >= IN_LABEL * with_label[label_of]) & (together >= ONLY_THERE * with_token[ids])
    return [
        LeakingToken(
            int(ids[i]), names[label_of[i]], int(together[i]), int(with_token[ids[i]]), int(with_label[label_of[i]])
        )
        for i in np.flatnonzero(leaks)
    ]


def _written(context: CheckContext, token_id: int, index: int) -> str:
    """Return the word of a token id from a text that has it. A hashing tokenizer does not know its words."""
    text = context.sampled["train"].texts.slice(index, 1)
    words = [*word.split(text, word.Options()).values.to_pylist(), *text[0].as_py().split()]
    for written in words:
        ids = context.preprocessor.tokenizer.encode(text_array([written])).values
        if ids.tolist() == [token_id]:
            return written
    return f"token {token_id}"
