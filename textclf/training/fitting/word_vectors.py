"""Word vectors of a file, or of the training texts: put into the embedding of a network, with their coverage."""

import logging

import keras
import numpy as np

from textclf.models.embedding import VectorOptions
from textclf.models.word_vectors import read_vectors
from textclf.models.word_vectors.vocabulary_vectors import BY_LOWER_CASE, BY_SUBWORDS, MISSING, VocabularyVectors
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import Ragged, concatenate_arrays_on_disk
from textclf.training.fitting.cooccurrence import cooccurrence_vectors

log = logging.getLogger(__name__)
TOKENS_AT_ONCE = 2**20  # of a mapped file


def load_word_vectors(
    model: keras.Model,
    options: VectorOptions,
    preprocessor: Preprocessor,
    token_ids: Ragged,
    seed: int,
    unlabelled: Ragged | None = None,
) -> None:
    """Put the vectors of the vocabulary into the layer `embedding`, and log their coverage.

    Tokens without a vector stay random, scaled to the standard deviation of the vectors.

    Args:
        token_ids: of all training texts.
        seed: of the vectors that are learned from them, if the options name no file.
        unlabelled: token ids of texts without labels, from which these vectors are learned, too.

    Raises:
        DataError, ConfigError: the file cannot be used.
    """
    table = model.get_layer("embedding")
    num_ids, dim = table.input_dim, table.output_dim
    if options.file is None:
        rows, texts = token_ids, "the training texts"
        if unlabelled is not None:
            rows = concatenate_arrays_on_disk([{"token_ids": part} for part in (rows, unlabelled)])["token_ids"]
            texts += f" and {len(unlabelled.lengths):,} unlabelled texts"
        vectors = cooccurrence_vectors(rows, num_ids, dim, seed)
        found = np.asarray(vectors.any(axis=1))
        log.info("vectors for %s tokens, learned from %s", f"{found.sum():,}", texts)
    else:
        read = read_vectors(options.file, preprocessor.tokenizer.ids(), num_ids=num_ids, dim=dim)
        log.info(coverage(read, token_ids.values, options.file))
        vectors, found = read.vectors, read.found > MISSING
    random, *rest = table.get_weights()
    scale = vectors[found].std() / random.std() if found.any() else 1.0
    table.set_weights([np.where(found[:, None], vectors, random * scale), *rest])


def coverage(vectors: VocabularyVectors, token_ids: np.ndarray, name: str) -> str:
    """Return in words which share of the vocabulary and of the training tokens has a vector, and how it was found."""
    counts = np.zeros(len(vectors.found), np.int64)
    for start in range(0, len(token_ids), TOKENS_AT_ONCE):
        counts += np.bincount(token_ids[start : start + TOKENS_AT_ONCE], minlength=len(counts))
    found = vectors.found > MISSING
    share = counts[found].sum() / max(counts.sum(), 1)
    ways = {"by their lower-case form": BY_LOWER_CASE, "from their subwords": BY_SUBWORDS}
    counted = {text: (vectors.found == way).sum() for text, way in ways.items()}
    how = "".join(f", {count:,} of them {text}" for text, count in counted.items() if count)
    return (
        f"{name}: vectors for {found.sum():,} of {len(vectors.ids):,} tokens of the vocabulary{how}; "
        f"{share:.1%} of the tokens of the training texts"
    )


class UnfreezeEmbedding(keras.callbacks.Callback):
    """Trains the embedding only after some intervals.

    Args:
        frozen_intervals: for so many the embedding stays as it is.
    """

    def __init__(self, frozen_intervals: int):
        super().__init__()
        self.frozen_intervals = frozen_intervals

    def on_epoch_begin(self, interval, logs=None):
        """Freeze or unfreeze. Only the number of the interval decides, so a resumed fit needs no other state."""
        self.model.get_layer("embedding").tuned.assign(float(interval >= self.frozen_intervals))
