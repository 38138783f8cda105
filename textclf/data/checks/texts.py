"""Check the characters of the texts: empty texts, damaged texts, and other writing systems."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.formatting import counted, percent
from textclf.core.parallel import map_chunks
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, rows_by_split, severity_of
from textclf.data.writing_systems import script_shares

MOST_SCRIPTS_SHOWN = 4
LEAST_SCRIPT_SHOWN = 0.001  # single foreign names are in most files
OTHER_LANGUAGE = 0.2  # more of one script in a split than in train


class Pattern(NamedTuple):
    """A pattern that texts should not match."""

    subject: str
    pattern: str  # RE2
    found: str
    advice: str


PATTERNS = (
    Pattern(
        "replacement characters",
        "\ufffd",
        "With U+FFFD, the character for bytes that could not be decoded",
        "Convert the file again from its source with the right encoding, if you have it.",
    ),
    Pattern(
        "control characters",
        r"[\x00-\x08\x0E-\x1F\x7F]",
        "With control characters",
        "Remove them. They are invisible, and each becomes a token.",
    ),
    Pattern(
        "markup",
        r"<(?:br|/?p|/?div|/?span|/?b|/?i|/?a)\b[^<>]{0,200}>|&(?:amp|lt|gt|quot|nbsp|#\d{2,5});",
        "With HTML in them",
        "Remove it from all files and, later, from the texts to predict. It takes the place of words.",
    ),
)


def sample(context: CheckContext) -> Iterator[Finding]:
    """Say which splits are sampled. Labels and duplicate texts are counted in all rows."""
    looked_into = [
        f"{len(dataset)} of {counted(len(context.splits[split]), 'row')} of {split}"
        for split, dataset in context.sampled.items()
        if len(dataset) < len(context.splits[split])
    ]
    if looked_into:
        yield Finding(
            "note",
            "sample",
            f"Sampled for characters, tokens and near duplicates: {', '.join(looked_into)}, evenly spaced.",
            "",
        )


def empty_texts(context: CheckContext) -> Iterator[Finding]:
    """Find texts that are empty or only spaces."""
    described, share = rows_by_split(context.splits, context.blank)
    if share:
        yield Finding(
            severity_of(share),
            "empty texts",
            f"Without a text: {described}.",
            "Remove the rows, or check data.text_column. The prediction for an empty text is a guess.",
        )


def damaged_texts(context: CheckContext) -> Iterator[Finding]:
    """Find rows that match one of `PATTERNS`."""
    for pattern in PATTERNS:
        matched = {split: _matches(dataset.texts, pattern.pattern) for split, dataset in context.sampled.items()}
        described, share = rows_by_split(context.sampled, matched)
        if share:
            yield Finding(severity_of(share), pattern.subject, f"{pattern.found}: {described}.", pattern.advice)


def scripts(context: CheckContext) -> Iterator[Finding]:
    """Give the writing systems of each split, and find splits that differ from train."""
    shares = {split: script_shares(counts) for split, counts in context.characters.items()}
    described = [f"{split} {_shown(found)}" for split, found in shares.items() if found]
    if described:
        yield Finding("note", "scripts", f"Letters: {'; '.join(described)}.", "")
    for split, found in list(shares.items())[1:]:
        more = {script: share - shares["train"].get(script, 0) for script, share in found.items()}
        script = max(more, key=more.__getitem__, default=None)
        if script and more[script] >= OTHER_LANGUAGE:
            yield Finding(
                "warning",
                "other scripts",
                f"{split}: {percent(found[script])} of the letters are {script}, in train "
                f"{percent(shares['train'].get(script, 0))}.",
                f"Check that {split} and train hold texts of the same language.",
            )


def _matches(texts: pa.LargeStringArray, pattern: str) -> np.ndarray:
    parts = map_chunks(lambda chunk: pc.match_substring_regex(chunk, pattern).to_numpy(zero_copy_only=False), texts)
    return np.concatenate([np.empty(0, bool), *parts]).astype(bool)


def _shown(shares: dict[str, float]) -> str:
    shown = [f"{script} {percent(share)}" for script, share in shares.items() if share >= LEAST_SCRIPT_SHOWN]
    return ", ".join(shown[:MOST_SCRIPTS_SHOWN])
