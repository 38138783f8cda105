"""Pretrained vectors into a network: the embedding begins with them, and the log says how many they are."""

import logging

import keras
import numpy as np

from textclf.models.embedding import VectorOptions
from textclf.models.word_vectors import read_vectors
from textclf.models.word_vectors.vocabulary_vectors import BY_LOWER_CASE, BY_SUBWORDS, MISSING, VocabularyVectors
from textclf.preprocessing.preprocessor import Preprocessor

log = logging.getLogger(__name__)
COUNTED_AT_ONCE = 2**20  # tokens of a file that is mapped into memory


def load_word_vectors(
    model: keras.Model, options: VectorOptions, preprocessor: Preprocessor, token_ids: np.ndarray
) -> None:
    """Put the vectors of the vocabulary into the layer `embedding`.

    Tokens without one stay random, in the range of the others.

    Args:
        token_ids: all of the training texts, flat: what share of them has a vector is said.

    Raises:
        DataError, ConfigError: the file cannot be used.
    """
    table = model.get_layer("embedding")
    wanted = read_vectors(options.file, preprocessor.tokenizer.ids(), num_ids=table.input_dim, dim=table.output_dim)
    log.info(coverage(wanted, token_ids, options.file))
    found = wanted.found > MISSING
    random, *rest = table.get_weights()
    spread = wanted.vectors[found].std() / random.std() if found.any() else 1.0
    table.set_weights([np.where(found[:, None], wanted.vectors, random * spread), *rest])


def coverage(wanted: VocabularyVectors, token_ids: np.ndarray, name: str) -> str:
    """How much of the vocabulary, and of the training texts, has a vector, and how it was found."""
    counts = np.zeros(len(wanted.found), np.int64)
    for start in range(0, len(token_ids), COUNTED_AT_ONCE):
        counts += np.bincount(token_ids[start : start + COUNTED_AT_ONCE], minlength=len(counts))
    found = wanted.found > MISSING
    share = counts[found].sum() / max(counts.sum(), 1)
    ways = {"by their lower-case form": BY_LOWER_CASE, "from their pieces": BY_SUBWORDS}
    counted = {text: (wanted.found == way).sum() for text, way in ways.items()}
    how = "".join(f", {count:,} of them {text}" for text, count in counted.items() if count)
    return (
        f"{name}: vectors for {found.sum():,} of {len(wanted.ids):,} tokens of the vocabulary{how}; "
        f"{share:.1%} of the tokens of the training texts"
    )


class UnfreezeEmbedding(keras.callbacks.Callback):
    """Lets the vectors be trained from an epoch on."""

    def __init__(self, frozen_epochs: int):
        super().__init__()
        self.frozen_epochs = frozen_epochs

    def on_epoch_begin(self, epoch, logs=None):
        """The number of the epoch decides alone, so that a resumed training needs to know nothing else."""
        self.model.get_layer("embedding").tuned.assign(float(epoch >= self.frozen_epochs))
