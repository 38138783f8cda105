"""Count the characters of texts by writing system."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.text_column import text_array

# Scripts of living languages with many texts, by their Unicode names; letters of all others count as "other".
SCRIPTS = (
    "Latin", "Han", "Cyrillic", "Arabic", "Hangul", "Hiragana", "Katakana", "Devanagari", "Bengali", "Thai", "Greek",
    "Hebrew", "Armenian", "Georgian", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi", "Oriya",
    "Sinhala", "Lao", "Khmer", "Myanmar", "Tibetan", "Mongolian", "Ethiopic",
)  # fmt: skip
WITHOUT_SPACES = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan")
ALL_CODE_POINTS = 0x110000
CHUNK_ROWS = 8192


def count_characters(texts: pa.LargeStringArray) -> np.ndarray:
    """Return how often each code point occurs in the texts, int64 (0x110000,)."""
    counts = np.zeros(ALL_CODE_POINTS, np.int64)
    for start in range(0, len(texts), CHUNK_ROWS):
        joined = "".join(texts.slice(start, CHUNK_ROWS).to_pylist())
        occurred = np.bincount(np.frombuffer(joined.encode("utf-32-le"), np.uint32))
        counts[: len(occurred)] += occurred
    return counts


def script_shares(counts: np.ndarray) -> dict[str, float]:
    """Return the share of each script in all letters, the largest first; empty without letters.

    Args:
        counts: of code points, from `count_characters`.
    """
    points = np.flatnonzero(counts)
    # RE2 knows the script of every character. Only those that occur are looked up, which are few.
    characters = text_array(map(chr, points))
    letters = _matches(characters, r"\p{L}")
    totals = {
        script: int(counts[points[letters & _matches(characters, rf"\p{{{script}}}")]].sum()) for script in SCRIPTS
    }
    totals["other"] = int(counts[points[letters]].sum()) - sum(totals.values())
    all_letters = sum(totals.values())
    found = sorted(((count, script) for script, count in totals.items() if count), key=lambda pair: -pair[0])
    return {script: count / all_letters for count, script in found}


def _matches(characters: pa.LargeStringArray, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(characters, pattern).to_numpy(zero_copy_only=False).astype(bool)
