"""The characters of the texts: nothing there, damaged, of another language."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.formatting import counted, percent
from textclf.core.parallel import map_chunks
from textclf.data.checks.context import Material
from textclf.data.checks.finding import Finding, rows_by_split, severity_of
from textclf.data.writing_systems import script_shares

MOST_SCRIPTS_SHOWN = 4
LEAST_SCRIPT_SHOWN = 0.001  # single foreign names are in most files
OTHER_LANGUAGE = 0.2  # more of one script in a split than in train


class Pattern(NamedTuple):
    """Something that texts should not have."""

    subject: str
    pattern: str  # RE2
    found: str
    advice: str


PATTERNS = (
    Pattern(
        "replacement characters",
        "\ufffd",
        "With U+FFFD, the sign for bytes that could not be read",
        "Convert the file again from its source with the right encoding, if you have it.",
    ),
    Pattern(
        "control characters",
        r"[\x00-\x08\x0E-\x1F\x7F]",
        "With control characters",
        "Remove them: they are invisible, and each is read as a token.",
    ),
    Pattern(
        "wrong encoding",
        # Windows-1252 read as Latin-1; UTF-8 read as either (é, ', ”, a byte order mark, an emoji); U+FFFD read as GBK
        r"[\x{80}-\x{9F}]|Ã[\x{A0}-\x{BF}]|Â[\x{A0}-\x{BF}]|â€|ï»¿|ðŸ|锟斤拷",
        "Like text that was read in a wrong encoding",
        "Convert the file again from its source as UTF-8.",
    ),
    Pattern(
        "markup",
        r"<(?:br|/?p|/?div|/?span|/?b|/?i|/?a)\b[^<>]{0,200}>|&(?:amp|lt|gt|quot|nbsp|#\d{2,5});",
        "With HTML in them",
        "Remove it from all files and, later, from the texts to answer for: it takes the place of words.",
    ),
)


def sample(material: Material) -> Iterator[Finding]:
    """Large splits are looked into in part; labels, and texts that occur twice, are counted in all rows."""
    looked_into = [
        f"{len(dataset)} of {counted(len(material.splits[split]), 'row')} of {split}"
        for split, dataset in material.sampled.items()
        if len(dataset) < len(material.splits[split])
    ]
    if looked_into:
        yield Finding(
            "note",
            "sample",
            f"Looked for characters, tokens and near copies in {', '.join(looked_into)}, taken from everywhere.",
            "",
        )


def empty_texts(material: Material) -> Iterator[Finding]:
    """Texts without anything to read."""
    described, share = rows_by_split(material.splits, material.blank)
    if share:
        yield Finding(
            severity_of(share),
            "empty texts",
            f"Without a text: {described}.",
            "Remove the rows, or check data.text_column: an empty text is answered with a guess.",
        )


def damaged_texts(material: Material) -> Iterator[Finding]:
    """Rows with what `PATTERNS` describes."""
    for pattern in PATTERNS:
        matched = {split: _matches(dataset.texts, pattern.pattern) for split, dataset in material.sampled.items()}
        described, share = rows_by_split(material.sampled, matched)
        if share:
            yield Finding(severity_of(share), pattern.subject, f"{pattern.found}: {described}.", pattern.advice)


def scripts(material: Material) -> Iterator[Finding]:
    """Writing systems by split, and splits that are written differently from train."""
    shares = {split: script_shares(counts) for split, counts in material.characters.items()}
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
