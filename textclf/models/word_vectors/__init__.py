"""Pretrained word vectors: the rows of a vocabulary from a file of word2vec, GloVe or fastText.

Files may come from a stranger and may be larger than memory. They are read once, front to back, and only the vectors
of the vocabulary are kept.
"""

from collections.abc import Mapping
from pathlib import Path

from textclf.core.compression import without_compression
from textclf.core.errors import ConfigError
from textclf.models.word_vectors import fasttext, text, word2vec
from textclf.models.word_vectors.stream import ByteStream
from textclf.models.word_vectors.vocabulary_vectors import VocabularyVectors

# A format module offers
#   read_header(stream) -> the header, with `dim`
#   read_vectors(stream, header, vectors), which fills the vectors of the vocabulary
FORMATS = {"text": text, "word2vec": word2vec, "fasttext": fasttext}


def check_vectors(path: str | Path, dim: int) -> None:
    """Check that a file of vectors exists and has `dim` numbers a vector. Reads only the header.

    Raises:
        DataError: the file cannot be read, or is not a file of vectors.
        ConfigError: its vectors have more or fewer numbers.
    """
    with ByteStream(path) as stream:
        _read_header(stream, dim)


def read_vectors(path: str | Path, ids: Mapping[str, int], *, num_ids: int, dim: int) -> VocabularyVectors:
    """Return the vectors of a vocabulary.

    Args:
        path: a file of any of `FORMATS`, which may be compressed.
        ids: token -> row.
        num_ids: number of rows.
        dim: numbers of a vector.

    Raises:
        DataError: the file cannot be read, or is damaged.
        ConfigError: its vectors have more or fewer numbers than `dim`.
    """
    with ByteStream(path) as stream:
        module, header = _read_header(stream, dim)
        vectors = VocabularyVectors(ids, dim, num_ids)
        module.read_vectors(stream, header, vectors)
    return vectors


def _read_header(stream: ByteStream, dim: int):
    module = FORMATS[_format_of(stream)]
    header = module.read_header(stream)
    if header.dim != dim:
        raise ConfigError(
            f"model.embedding_dim: expected {header.dim}, the dimension of the vectors in {stream.name}, got {dim}. "
            f"--set model.embedding_dim={header.dim}"
        )
    return module, header


def _format_of(stream: ByteStream) -> str:
    if stream.peek(4) == fasttext.MAGIC:
        return "fasttext"
    return "word2vec" if without_compression(stream.name).lower().endswith(".bin") else "text"
