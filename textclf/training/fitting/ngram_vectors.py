"""Vectors of n-grams for a linear model, learned from texts with and without labels.

The vector of a text is the mean vector of its tokens (`cooccurrence.py`), that of an n-gram the mean of the texts which
have it, and so n-grams of similar texts are similar. A linear model of n-grams and of these vectors has one weight for
each n-gram in the end: what labelled texts say about an n-gram, it believes of similar ones, too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textclf.preprocessing.ngrams import sparse_matrix
from textclf.preprocessing.ragged import Ragged, RaggedArrays, concatenate
from textclf.preprocessing.vocabulary import FIRST_ID
from textclf.training.fitting.cooccurrence import singular_vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_array, csr_matrix

# Texts without a direction that each n-gram counts beside its own, so that rare n-grams have short vectors.
NEUTRAL_TEXTS = 10
MOST_PAIRS = 30_000_000  # of two tokens in a text, of evenly spaced texts


class NgramVectors(NamedTuple):
    """What a linear model reads beside the n-grams."""

    of_rows: np.ndarray  # of each training text, float32 (texts, dim)
    of_ngrams: np.ndarray  # of which a new text has the sum, times their weights, float32 (num_ngrams, dim)


def learn_ngram_vectors(
    train: RaggedArrays, unlabelled: RaggedArrays | None, sizes: tuple[int, int], dim: int, seed: int
) -> NgramVectors:
    """Learn the vectors of n-grams, and those of the training texts.

    A training text counts for the vectors of its own n-grams. Its vector leaves this out, because no new text has it:
    the model would rely on rare n-grams, whose vectors are mostly that of this text.

    Args:
        train, unlabelled: `token_ids`, `ngram_ids` and `ngram_weights` of the texts.
        sizes: the number of ids of tokens, and of n-grams.
        seed: of the singular vectors.
    """
    from scipy.sparse import csr_matrix

    num_ids, num_ngrams = sizes
    parts = [train] if unlabelled is None else [train, unlabelled]
    texts = _text_vectors([part["token_ids"] for part in parts], num_ids, dim, seed)
    of_ngrams, counts = np.zeros((num_ngrams, texts.shape[1]), np.float32), np.zeros(num_ngrams, np.float32)
    for part in reversed(parts):  # the matrix of train is used below
        rows = sparse_matrix(part, num_ngrams)
        of_part = texts[: rows.shape[0]] if part is train else texts[-rows.shape[0] :]
        has = _binary(rows)
        of_ngrams += has.T @ of_part
        counts += np.asarray(has.sum(axis=0)).ravel()
    others = (1 / np.maximum(counts - 1 + NEUTRAL_TEXTS, 1)).astype(np.float32)
    shares = csr_matrix((rows.data * others[rows.indices], rows.indices, rows.indptr), shape=rows.shape)
    of_rows = shares @ of_ngrams - np.asarray(shares.sum(axis=1)) * texts[: rows.shape[0]]
    of_ngrams /= (counts + NEUTRAL_TEXTS)[:, None]
    # Rows with their own text have length 1, as those of n-grams. The others are shorter, and the fewer texts there
    # are, the shorter: then the vectors know little.
    length = np.sqrt(np.mean(np.sum((rows @ of_ngrams) ** 2, axis=1)))
    scale = np.float32(1 / length if length > 0 else 1)
    of_ngrams *= scale
    return NgramVectors(of_rows * scale, of_ngrams)


def _text_vectors(token_ids: Sequence[Ragged], num_ids: int, dim: int, seed: int) -> np.ndarray:
    """Return the vector of each text of all parts: of length 1, then without their mean, float32 (texts, dim)."""
    has = _tokens(concatenate(token_ids), num_ids)
    sizes = np.asarray(has.sum(axis=1)).ravel()
    shares = has.multiply(1 / np.maximum(sizes, 1)[:, None]).tocsr()
    step = max(1, -(-int((sizes.astype(np.float64) ** 2).sum()) // MOST_PAIRS))
    tokens = singular_vectors((has[::step].T @ shares[::step]).tocsr(), dim, seed)
    texts = shares @ tokens
    texts /= np.maximum(np.sqrt((texts**2).sum(axis=1)), 1e-12)[:, None]
    return texts - texts.mean(axis=0)


def _tokens(rows: Ragged, num_ids: int) -> "csr_array":
    """Return which tokens of the vocabulary each text has, 0 and 1, float32 (texts, num_ids)."""
    from scipy.sparse import csr_array

    known = (np.asarray(rows.values) >= FIRST_ID).astype(np.float32)
    matrix = csr_array((known, np.asarray(rows.values), np.asarray(rows.offsets)), shape=(len(rows.lengths), num_ids))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return _binary(matrix)


def _binary(matrix: "csr_matrix | csr_array") -> "csr_matrix | csr_array":
    return type(matrix)((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
