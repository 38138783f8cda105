"""Word vectors of the training texts themselves, from the tokens that occur near each other.

The vectors are the singular vectors of the positive pointwise mutual information (PPMI) of tokens and their neighbours,
as accurate as those of word2vec on small texts (Levy, Goldberg & Dagan 2015, https://aclanthology.org/Q15-1016).
"""

from typing import TYPE_CHECKING

import numpy as np

from textclf.preprocessing.ragged import Ragged, take

if TYPE_CHECKING:
    from scipy import sparse

WINDOW = 5  # tokens on each side; a neighbour counts 1 / distance
CONTEXT_POWER = 0.75  # makes rare neighbours less important, as in word2vec
DEVIATION = 0.1  # standard deviation of the vectors
MOST_TOKENS = 2_000_000  # of evenly spaced texts, because each pair of neighbours is in memory (100 MB)


def cooccurrence_vectors(rows: Ragged, num_ids: int, dim: int, seed: int) -> np.ndarray:
    """Return a vector for each token id, float32 (num_ids, dim); zeros for a token without neighbours.

    Args:
        rows: the token ids of the training texts, and of texts without labels.
        seed: of the randomized algorithm (Halko et al. 2011).
    """
    vectors = singular_vectors(_neighbours(_sample(rows), num_ids), dim, seed)
    found = vectors[vectors.any(axis=1)]
    if not len(found):
        return vectors
    spread = max(found.std(), np.abs(found).max() / 1000)  # numbers may be all but equal, as in one dimension
    return vectors * np.float32(DEVIATION / spread)


def singular_vectors(counts: "sparse.csr_array", dim: int, seed: int) -> np.ndarray:
    """Return the singular vectors of the positive mutual information of tokens, float32 (tokens, dim).

    Args:
        counts: how often two tokens are near each other, (tokens, tokens), symmetric.
        seed: of the randomized algorithm.
    """
    from sklearn.utils.extmath import randomized_svd

    vectors = np.zeros((counts.shape[0], dim), np.float32)
    information = _mutual_information(counts)
    if not information.nnz:
        return vectors
    left, values, _ = randomized_svd(information, min(dim, *counts.shape), random_state=seed)
    vectors[:, : len(values)] = left * np.sqrt(values)
    vectors[np.asarray(information.sum(axis=1)).ravel() == 0] = 0
    return vectors


def _sample(rows: Ragged) -> Ragged:
    step = -(-len(rows.values) // MOST_TOKENS)
    return take(rows, np.arange(0, len(rows.offsets) - 1, step)) if step > 1 else rows


def _neighbours(rows: Ragged, num_ids: int) -> "sparse.csr_array":
    """Return how often two tokens are within `WINDOW` of each other in a text, (num_ids, num_ids)."""
    from scipy import sparse  # not while TensorFlow is imported, which would import SciPy

    texts = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
    counts = sparse.csr_array((num_ids, num_ids), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        together = texts[distance:] == texts[:-distance]
        first, second = rows.values[:-distance][together], rows.values[distance:][together]
        weights = np.full(len(first), 1 / distance, np.float32)
        counts += sparse.coo_array((weights, (first, second)), shape=counts.shape).tocsr()
    return counts + counts.T


def _mutual_information(counts: "sparse.csr_array") -> "sparse.csr_array":
    """Return log(P(token, neighbour) / P(token) P(neighbour)) where it is positive."""
    from scipy import sparse

    of_token = np.asarray(counts.sum(axis=1)).ravel()
    of_neighbour = of_token**CONTEXT_POWER
    of_neighbour /= max(of_neighbour.sum(), 1)
    pairs = counts.tocoo()
    information = np.log(pairs.data / (of_token[pairs.row] * of_neighbour[pairs.col]))
    positive = information > 0
    kept = information[positive], (pairs.row[positive], pairs.col[positive])
    return sparse.coo_array(kept, shape=counts.shape).tocsr()
