"""N-grams of words and of characters, with tf-idf weights: the input of the architecture `ngrams`.

An n-gram is known by its hash only: the classifier stores no strings. Each step is arithmetic on whole columns, so a
text alone gets the same n-grams as among others.
"""

import base64
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from textclf.core.parallel import map_chunks
from textclf.preprocessing.compact_numbers import numbers_from_text, numbers_to_text
from textclf.preprocessing.ngram_hashing import CHARACTER_BUCKETS, Counted, count_ngrams
from textclf.preprocessing.options import BUCKETS, NgramOptions, NormalizedOptions
from textclf.preprocessing.ragged import Ragged, RaggedArrays, concatenate
from textclf.preprocessing.vocabulary import FIRST_ID, UNKNOWN_ID

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NGRAM_ARRAYS = ("ngram_ids", "ngram_weights")
FEW = 50_000  # n-grams that are searched for one by one; for more of them, a table of all buckets pays


class Ngrams:
    """Learned n-grams: their buckets, ascending, and the number of training texts that have each.

    Args:
        state: as from `learn_ngrams`, or from a file of unknown origin.

    Raises:
        ValueError: `learn_ngrams` cannot have made the state.
    """

    def __init__(self, options: NgramOptions, normalization: NormalizedOptions, state: dict):
        self.options = options
        self.normalization = normalization
        if type(state["texts"]) is not int:
            raise ValueError("expected the number of training texts")
        self.texts = state["texts"]
        self.buckets, self.frequencies = _read_state(state)
        if len(self.buckets) != len(self.frequencies) or np.any(np.diff(self.buckets) <= 0):
            raise ValueError("expected ascending buckets of n-grams, and a frequency for each")
        if np.any(self.buckets >= BUCKETS) or not np.all((self.frequencies > 0) & (self.frequencies <= self.texts)):
            raise ValueError("expected buckets and frequencies of n-grams within their limits")
        self._bordered = np.append(self.buckets, BUCKETS)  # so that every search ends at a bucket
        inverse = np.log((1 + self.texts) / (1 + self.frequencies)) + 1
        self.inverse_frequencies = np.concatenate([np.ones(FIRST_ID), inverse])  # by id

    @property
    def state(self) -> dict:
        """What `tokenizer.json` has of the n-grams."""
        return ngrams_state(self.texts, self.buckets, self.frequencies)

    def keep(self, places: np.ndarray) -> "Ngrams":
        """Return only some of the n-grams, with new ids in the same order.

        Args:
            places: ascending, (n-grams,).
        """
        state = ngrams_state(self.texts, self.buckets[places], self.frequencies[places])
        return Ngrams(self.options, self.normalization, state)

    @property
    def num_ids(self) -> int:
        """Number of rows that an embedding of the n-grams needs."""
        return FIRST_ID + len(self.buckets)

    def encode(self, texts: pa.LargeStringArray) -> dict[str, Ragged]:
        """Return `ngram_ids` and `ngram_weights` of the texts. The squares of a row's weights add up to 1.

        A text without a known n-gram gets the id of unknown tokens, so no row is empty.
        """
        parts = [self._weighted(part) for part in count_ngrams(texts, self.options, self.normalization)]
        ids = concatenate([rows for rows, _ in parts])
        weights = np.concatenate([np.empty(0, np.float32), *(values for _, values in parts)])
        return {"ngram_ids": ids, "ngram_weights": Ragged(weights, ids.offsets)}

    def _weighted(self, counted: Counted) -> tuple[Ragged, np.ndarray]:
        ids = self._ids_of(counted.buckets)
        known = ids > 0
        rows, ids = counted.rows[known], ids[known]
        weights = (1 + np.log(counted.counts[known])) * self.inverse_frequencies[ids]
        # Each kind by itself first: so the few n-grams of words weigh as much as the many of characters.
        weights = _of_length_one(weights, 2 * rows + (counted.buckets[known] >= CHARACTER_BUCKETS))
        heaviest = _heaviest(rows, weights, self.options.most_per_text)
        rows, ids, weights = rows[heaviest], ids[heaviest], _of_length_one(weights[heaviest], rows[heaviest])
        lengths = np.bincount(rows, minlength=counted.num_rows)
        places = np.cumsum(lengths)[lengths == 0]
        filled = Ragged.from_lengths(np.insert(ids, places, UNKNOWN_ID), np.maximum(lengths, 1))
        return filled, np.insert(weights, places, 1).astype(np.float32)

    def _ids_of(self, buckets: np.ndarray) -> np.ndarray:
        """Return the id of each bucket, 0 for a bucket that was not learned."""
        if len(buckets) > FEW:
            return self._table[buckets]
        places = np.searchsorted(self._bordered, buckets)
        found = self._bordered[places] == buckets
        return np.where(found, places + FIRST_ID, 0)

    @cached_property
    def _table(self) -> np.ndarray:
        table = np.zeros(BUCKETS, np.int32)
        table[self.buckets] = np.arange(FIRST_ID, self.num_ids)
        return table


def learn_ngrams(texts: pa.LargeStringArray, options: NgramOptions, normalization: NormalizedOptions) -> dict:
    """Learn the n-grams that most training texts have; of equally frequent ones those with the lowest buckets."""
    totals, lock = np.zeros(BUCKETS, np.uint32), Lock()

    def count(chunk: pa.LargeStringArray) -> int:
        for part in count_ngrams(chunk, options, normalization):
            with lock:
                np.add.at(totals, part.buckets, np.uint32(1))  # with a Python number 40x slower
        return len(chunk)

    num_texts = sum(map_chunks(count, texts))
    kept = np.flatnonzero(totals >= options.min_frequency)
    if len(kept) > options.most_ngrams:
        kept = np.sort(kept[np.argsort(-totals[kept].astype(np.int64), kind="stable")[: options.most_ngrams]])
    return ngrams_state(num_texts, kept, totals[kept])


def ngrams_state(texts: int, buckets: np.ndarray, frequencies: np.ndarray) -> dict:
    """Return plain JSON of n-grams, two to three bytes for each.

    Args:
        texts: the number of training texts.
        buckets: of the n-grams, ascending.
        frequencies: the number of training texts that have each.
    """
    gaps = np.diff(buckets.astype(np.int64), prepend=0)
    return {
        "texts": texts,
        "ngrams": len(buckets),
        "gaps": numbers_to_text(gaps),
        "frequencies": numbers_to_text(frequencies),
    }


def _read_state(state: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return buckets and frequencies from a file of unknown origin."""
    if "buckets" in state:  # until format 1
        return _from_text(state["buckets"]), _from_text(state["frequencies"])
    if type(state["ngrams"]) is not int or not 0 <= state["ngrams"] <= BUCKETS:
        raise ValueError("expected the number of n-grams")
    gaps, frequencies = (numbers_from_text(state[name], state["ngrams"]) for name in ("gaps", "frequencies"))
    return np.cumsum(gaps), frequencies


def sparse_matrix(arrays: RaggedArrays, num_ids: int) -> "csr_matrix":
    """Return `ngram_weights` as a matrix of SciPy, float32 (texts, num_ids)."""
    from scipy.sparse import csr_matrix

    ids, weights = arrays["ngram_ids"], arrays["ngram_weights"].values
    offsets = np.asarray(ids.offsets)
    if offsets[-1] <= np.iinfo(np.int32).max:
        offsets = offsets.astype(np.int32)  # otherwise SciPy makes the ids int64, which LIBLINEAR does not read
    return csr_matrix((np.asarray(weights), np.asarray(ids.values), offsets), shape=(len(offsets) - 1, num_ids))


def _of_length_one(weights: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Scale the weights so that the squares of each group add up to 1."""
    return weights / np.sqrt(np.bincount(groups, weights**2))[groups]


def _heaviest(rows: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray | slice:
    """Return the entries to keep if no row may have more than `most`. Of equal weights the first stay."""
    too_long = np.bincount(rows) > most
    if not too_long.any():
        return slice(None)
    stays = ~too_long[rows]
    of_long_rows = np.flatnonzero(~stays)
    stays[of_long_rows] = _are_heaviest(rows[of_long_rows], weights[of_long_rows], most)
    return np.flatnonzero(stays)


def _are_heaviest(rows: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Do the same for rows that all have more than `most`, bool (entries,)."""
    lengths = np.bincount(rows)
    starts = np.cumsum(lengths) - lengths
    # Positive float32 have the order of their bits. Sorting the keys is 6x faster than `argsort`.
    keys = (rows.astype(np.uint64) << np.uint64(32)) + (~weights.astype(np.float32).view(np.uint32))
    border = np.sort(keys)[starts[lengths > 0] + most - 1]  # the last key that stays, of each row
    border = np.repeat(border, lengths[lengths > 0])
    equal = keys == border
    passed = np.cumsum(equal)
    before = np.bincount(rows, keys < border).astype(np.int64)
    rank = passed - (passed - equal)[starts[rows]]  # among the entries at the border, from 1
    return (keys < border) | (equal & (rank <= most - before[rows]))


def _from_text(text: str) -> np.ndarray:
    """Return numbers that classifiers of format 1 have as base 64 of uint32."""
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), "<u4").astype(np.int64)
    except (ValueError, TypeError) as error:
        raise ValueError(f"expected numbers in base 64: {error}") from None
