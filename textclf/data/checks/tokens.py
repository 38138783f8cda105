"""Check the tokens of the texts: lengths, truncation, unknown tokens, and a tokenizer that does not split."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc

from textclf.core.formatting import percent
from textclf.data.blank_texts import blank_texts
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding
from textclf.data.writing_systems import WITHOUT_SPACES, script_shares

MUCH_CUT = 0.5  # of the texts of a split
MUCH_UNKNOWN = 0.2  # of the tokens of a split
LONG_TOKEN = 6  # characters of a token in the middle text: words of scripts without spaces are shorter
MUCH_OF_A_SCRIPT = 0.3  # of all letters
ONE_TOKEN, SEVERAL_WORDS = 2, 8  # fewer tokens than this in the middle text, more characters than that


def lengths(context: CheckContext) -> Iterator[Finding]:
    """Give the tokens of a text by split, and the texts that are truncated or read in windows."""
    options: Any = context.preprocessor.options
    length = options.sequence_length
    limit = context.preprocessor.tokenizer.longest or length
    described, cut, in_windows = [], {}, {}
    for split, rows in context.token_ids.items():
        if len(rows.lengths):
            middle, most, longest = (int(value) for value in np.quantile(rows.lengths, [0.5, 0.95, 1], method="higher"))
            described.append(f"{split} median {middle}, 95 % at most {most}, longest {longest}")
            cut[split] = float((rows.lengths > limit).mean())
            in_windows[split] = float((rows.lengths > length).mean())
    if not described:
        return
    yield Finding(
        "note", "lengths", f"Tokens of a text: {'; '.join(described)}.", f"preprocessing.sequence_length is {length}."
    )
    if options.reads_windows and any(in_windows.values()):
        yield Finding("note", "windows", f"Read in several windows of {length} tokens: {_by_split(in_windows)}.", "")
    if any(cut.values()):
        setting, how = _cutting(options, limit)
        yield Finding(
            "warning" if max(cut.values()) >= MUCH_CUT else "note",
            "cut texts",
            f"Longer than {how}: {_by_split(cut)}.",
            f"Raise preprocessing.sequence_length to read more. This takes more time. preprocessing.{setting} decides "
            "which part of a text is cut.",
        )


def _cutting(options: Any, limit: int) -> tuple[str, str]:
    """Return the setting that decides what of a long text is read, and how long texts are cut."""
    most = f"preprocessing.sequence_length {limit} and cut"
    if options.reads_windows:
        return "long_texts", f"the windows together, {limit:,} tokens, and cut after them"
    if hasattr(options, "long_texts"):
        return "long_texts", f"{most} to its {options.long_texts.replace('_', ' and ')}"
    return "truncating", f"{most} on the {options.truncating}"


def unknown_words(context: CheckContext) -> Iterator[Finding]:
    """Give the share of unknown tokens by split."""
    unknown_id = context.preprocessor.tokenizer.unknown_id
    shares = {
        split: float((rows.values == unknown_id).mean())
        for split, rows in context.token_ids.items()
        if len(rows.values)
    }
    if any(shares.values()):
        much = max(shares.values()) >= MUCH_UNKNOWN
        yield Finding(
            "warning" if much else "note",
            "unknown words",
            f"Tokens that are not in the vocabulary: {_by_split(shares)}.",
            _advice_on_unknown(context) if much else "",
        )


def _advice_on_unknown(context: CheckContext) -> str:
    if context.preprocessor.options.tokenizer == "pretrained":  # its vocabulary is that of the encoder
        return "Choose an encoder that was trained on the language of the texts: see docs/encoders.md."
    return "If train has many too, raise preprocessing.vocabulary_size. Otherwise add texts like those of the others."


def wrong_tokenizer(context: CheckContext) -> Iterator[Finding]:
    """Find texts that stay whole: the tokenizer splits on spaces, and the script has none."""
    train = context.sampled["train"]
    used = np.flatnonzero(~blank_texts(train.texts))
    if not len(used):
        return
    tokens = context.token_ids["train"].lengths[used]
    characters = pc.utf8_length(train.texts).to_numpy(zero_copy_only=False)[used]
    scripts = script_shares(context.characters["train"])
    without_spaces = sum(scripts.get(script, 0) for script in WITHOUT_SPACES)
    whole = np.median(tokens) < ONE_TOKEN and np.median(characters) > SEVERAL_WORDS
    unsplit = without_spaces >= MUCH_OF_A_SCRIPT and np.median(characters / np.maximum(tokens, 1)) >= LONG_TOKEN
    if whole or unsplit:
        tokenizer = context.preprocessor.options.tokenizer
        yield Finding(
            "warning",
            "tokenizer",
            f"train: tokenizer {tokenizer} makes {np.median(tokens):g} tokens of a text of {np.median(characters):g} "
            f"characters (medians); {percent(without_spaces)} of the letters are of scripts written without spaces.",
            "Set preprocessing.tokenizer to word, which makes a token of every Chinese and Japanese character. "
            "For other scripts choose a tokenizer that needs no spaces, or put spaces between the words.",
        )


def _by_split(shares: dict[str, float]) -> str:
    return ", ".join(f"{percent(share)} of {split}" for split, share in shares.items())
