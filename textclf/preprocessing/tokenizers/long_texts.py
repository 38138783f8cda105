"""What the tokenizer `pretrained` reads of long texts, and the special tokens around it.

Rows are token ids (`Ragged`): special tokens, the tokens of the text, special tokens.
"""

from typing import NamedTuple

import numpy as np

from textclf.preprocessing.ragged import Ragged, positions

MOST_WINDOWS = 8  # of a text; the rest is not read. It bounds time and memory
HEAD = 0.25  # share of a long text's tokens that is taken from its beginning, as in Sun et al. 2019 (128 of 510)


class SpecialTokens(NamedTuple):
    """The ids before and after every text."""

    before: list[int]
    after: list[int]


def with_special_tokens(rows: Ragged, special: SpecialTokens) -> Ragged:
    """Return the rows with the special tokens before and after each."""
    before, after = map(len, special)
    whole = Ragged.from_lengths(
        np.empty(len(rows.values) + len(rows.lengths) * (before + after), np.int32), rows.lengths + before + after
    )
    starts, ends = whole.offsets[:-1], whole.offsets[1:]
    for place, number in enumerate(special.before):
        whole.values[starts + place] = number
    for place, number in enumerate(reversed(special.after), start=1):
        whole.values[ends - place] = number
    whole.values[positions(starts + before, rows.lengths)] = rows.values
    return whole


def truncated(rows: Ragged, special: SpecialTokens, length: int, part: str) -> Ragged:
    """Return rows of at most `length` ids, with their special tokens.

    Args:
        part: that is kept: head, tail, or head_tail.
    """
    before, after = map(len, special)
    if not (rows.lengths > length).any():
        return rows
    room = length - before - after
    head = {"head": room, "tail": 0, "head_tail": int(HEAD * room)}[part]
    firsts = np.minimum(rows.lengths, before + head)  # from the beginning of each row
    lengths = np.minimum(rows.lengths, length)
    lasts = lengths - firsts
    starts = np.stack([rows.offsets[:-1], rows.offsets[1:] - lasts], axis=1).ravel()
    kept = rows.values[positions(starts, np.stack([firsts, lasts], axis=1).ravel())]
    return Ragged.from_lengths(kept, lengths)


def windows(rows: Ragged, special: SpecialTokens, length: int) -> Ragged:
    """Return rows of windows, one after the other: each has the special tokens, and `length` ids in a long text.

    The last window of a text ends where the text ends. It overlaps with the one before, so that no window is short.
    """
    if not (rows.lengths > length).any():
        return rows
    room = length - sum(map(len, special))
    inner = np.minimum(rows.lengths - (length - room), MOST_WINDOWS * room)
    counts = np.maximum(-(-inner // room), 1)
    texts = np.repeat(np.arange(len(counts)), counts)
    numbers = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    skipped = np.minimum(numbers * room, np.maximum(inner - room, 0)[texts])
    starts, lengths = (rows.offsets[:-1] + len(special.before))[texts] + skipped, np.minimum(inner, room)[texts]
    parts = Ragged.from_lengths(rows.values[positions(starts, lengths)], lengths)
    found = with_special_tokens(parts, special)
    return Ragged(found.values, found.offsets[np.concatenate([[0], np.cumsum(counts)])])


def longest(special: SpecialTokens, length: int, part: str) -> int:
    """Return the tokens of the longest text that is read whole."""
    around = sum(map(len, special))
    return around + (MOST_WINDOWS if part == "windows" else 1) * (length - around)
