"""Pretrained word vectors: the rows of a vocabulary from a file of word2vec, GloVe or fastText."""

from collections.abc import Mapping
from pathlib import Path

from textclf.core.compression import without_compression
from textclf.core.errors import ConfigError
from textclf.models.word_vectors import fasttext, text, word2vec
from textclf.models.word_vectors.stream import Blocks
from textclf.models.word_vectors.vocabulary_vectors import Wanted

# A format module offers
#   header(blocks) -> what the file says of itself, with `dim`
#   read(blocks, header, wanted), which fills what is wanted
FORMATS = {"text": text, "word2vec": word2vec, "fasttext": fasttext}


def check_vectors(path: str | Path, dim: int) -> None:
    """Whether a file of vectors is there and has as many numbers a word as the embedding. Only its beginning is read.

    Raises:
        DataError: it cannot be read.
        ConfigError: it has more or fewer numbers.
    """
    with Blocks(path) as blocks:
        _checked_header(blocks, dim)


def read_vectors(path: str | Path, ids: Mapping[str, int], *, num_ids: int, dim: int) -> Wanted:
    """The vectors of the tokens in `ids`; all others pass by, so that memory is that of the vocabulary.

    Args:
        ids: token -> row.
        num_ids: rows there are.
        dim: numbers of a vector.

    Raises:
        DataError, ConfigError: as `check_vectors`, or something further on is wrong.
    """
    with Blocks(path) as blocks:
        module, header = _checked_header(blocks, dim)
        wanted = Wanted(ids, dim, num_ids)
        module.read(blocks, header, wanted)
    return wanted


def _checked_header(blocks: Blocks, dim: int):
    module = FORMATS[_format_of(blocks)]
    header = module.header(blocks)
    if header.dim != dim:
        raise ConfigError(
            f"model.embedding_dim: expected {header.dim}, as many numbers as a vector of {blocks.name} has, "
            f"received {dim}. --set model.embedding_dim={header.dim}"
        )
    return module, header


def _format_of(blocks: Blocks) -> str:
    if blocks.peek(4) == fasttext.MAGIC:
        return "fasttext"
    return "word2vec" if without_compression(blocks.name).lower().endswith(".bin") else "text"
