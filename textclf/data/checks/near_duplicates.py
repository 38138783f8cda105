"""Find near-duplicate texts by MinHash over pairs of words, with banding.

Two texts are near when about 80 % of their pairs of neighbouring words are the same (Broder 1997): about one word
in twenty was changed. Case and punctuation do not count, and a Chinese or Japanese character is a word.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.parallel import map_chunks
from textclf.core.text_hashing import GOLDEN_GAMMA, mix64
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, rows_by_split, severity_of
from textclf.preprocessing.token_spans import token_keys
from textclf.preprocessing.tokenizers import word

NEAR = 0.8  # share of equal pairs of words
FEWEST_WORDS = 5  # shorter texts are alike by chance
HASHES = 64  # the share is known to about 5 points
BAND = 4  # hashes that must all be equal in one of 16 bands: of pairs at 80 %, 2 in 10,000 are missed
NEIGHBOURS = 3  # compared with each text of a bucket, besides its first: n texts cost 4 n, not n * n
PAIRS_AT_ONCE = 100_000
FACTORS = mix64(np.arange(1, HASHES + 1, dtype=np.uint64) * GOLDEN_GAMMA) | np.uint64(1)  # odd


def near_duplicates(context: CheckContext) -> Iterator[Finding]:
    """Find rows that are near an earlier row of their split, or near a row of an earlier split, and equal to none."""
    present = {split: _present(context, split) for split in context.sampled}
    first, second = near_pairs(context.distinct_texts)
    again = {
        split: np.isin(numbers, second[present[split][first] & present[split][second]])
        for split, numbers in context.distinct_numbers.items()
    }
    described, share = rows_by_split(context.sampled, again)
    if share:
        yield Finding(
            "note",
            "near duplicates",
            f"Almost the same as an earlier row, by an estimate: {described}.",
            "Look at a few of them. Each copy of a text or a template counts again.",
        )
    for earlier, later in combinations(context.sampled, 2):
        partners = np.concatenate([second[present[earlier][first]], first[present[earlier][second]]])
        numbers = context.distinct_numbers[later]
        near = np.isin(numbers, partners) & ~present[earlier][numbers]
        described, share = rows_by_split(context.sampled, {later: near})
        if share:
            yield Finding(
                severity_of(share),
                "near duplicates in two splits",
                f"Almost the same as a row of {earlier}, by an estimate: {described}.",
                f"Look at a few of them, and remove copies from {earlier}. On them {later} measures memorization.",
            )


def near_pairs(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of texts that are near each other, as two arrays; the first of each pair is the smaller.

    Of many texts that are all near each other, each is in a pair with an earlier one, but not every pair is there.
    """
    parts = list(map_chunks(_signatures, texts))
    usable = np.concatenate([np.empty(0, bool), *(usable for usable, _ in parts)])
    signatures = np.concatenate([np.empty((0, HASHES), np.uint32), *(part for _, part in parts)])
    positions = np.flatnonzero(usable)
    pairs = np.empty(0, np.int64)
    for start in range(0, HASHES, BAND):
        keys = signatures[:, start : start + BAND].astype(np.uint64) @ FACTORS[:BAND]
        pairs = np.union1d(pairs, _candidates(keys))
    first, second = np.divmod(pairs, max(1, len(positions)))
    near = np.zeros(len(pairs), bool)
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = slice(start, start + PAIRS_AT_ONCE)
        near[some] = (signatures[first[some]] == signatures[second[some]]).mean(axis=1) >= NEAR
    return positions[first[near]], positions[second[near]]


def _signatures(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return which texts are long enough, bool (texts,), and their MinHash signatures, uint32 (long texts, HASHES)."""
    tokens = word.split(texts, word.Options())
    words = pc.match_substring_regex(tokens.values, r"[\p{L}\p{N}]").to_numpy(zero_copy_only=False).astype(bool)
    row_of = np.repeat(np.arange(len(texts)), tokens.lengths)
    num_words = np.bincount(row_of[words], minlength=len(texts))
    usable = num_words >= FEWEST_WORDS
    kept = words & usable[row_of]
    hashes, row_of = mix64(token_keys(tokens)[kept] * GOLDEN_GAMMA), row_of[kept]
    pairs = mix64((hashes[:-1] * FACTORS[0] + hashes[1:])[row_of[:-1] == row_of[1:]] * GOLDEN_GAMMA)
    ends = np.cumsum(num_words[usable] - 1)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    signatures = np.empty((len(ends), HASHES), np.uint32)
    for number, factor in enumerate(FACTORS if len(ends) else ()):
        signatures[:, number] = np.minimum.reduceat(((pairs * factor) >> np.uint64(32)).astype(np.uint32), starts)
    return usable, signatures


def _candidates(keys: np.ndarray) -> np.ndarray:
    """Pairs of positions with the same key, as `first * len(keys) + second`: neighbours, and each with the first."""
    order = np.argsort(keys, kind="stable")  # within a bucket in the order of the texts
    keys = keys[order]
    new = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    bucket_start = np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
    found = [(order[bucket_start[~new]], order[~new])]
    for distance in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(keys[distance:] == keys[:-distance])
        found.append((order[same], order[same + distance]))
    return np.unique(np.concatenate([first * len(keys) + second for first, second in found]))


def _present(context: CheckContext, split: str) -> np.ndarray:
    """Return which of the distinct texts are in a split."""
    present = np.zeros(len(context.distinct_texts), bool)
    present[context.distinct_numbers[split]] = True
    return present
