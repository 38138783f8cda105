"""The binary format of word2vec: a line of counts, then each word, a space, and its numbers as float32."""

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import Header, check_size, parse_counts
from textclf.models.word_vectors.stream import ByteStream
from textclf.models.word_vectors.vocabulary_vectors import VocabularyVectors

LONGEST_HEADER, LONGEST_WORD = 100, 10_000  # bytes


def read_header(stream: ByteStream) -> Header:
    """Return the counts of the first line.

    Raises:
        DataError: it is not such a file, or too small for its counts.
    """
    line = stream.peek(LONGEST_HEADER).partition(b"\n")[0]
    counts = parse_counts(line)
    if not counts:
        raise DataError(
            f"{stream.name}: expected a binary file of word2vec or fastText, got {line[:60]!r}. The name of a text "
            "file must end in .txt or .vec."
        )
    stream.read(len(line) + 1)
    check_size(stream, counts, row=4 * counts.dim + 1)
    return counts


def read_vectors(stream: ByteStream, header: Header, vectors: VocabularyVectors) -> None:
    """Fill the vectors of the vocabulary.

    Raises:
        DataError: fewer vectors than the header says, or a value that is not finite.
    """
    for number in range(1, (header.count or 0) + 1):
        word = stream.read_until(b" ", LONGEST_WORD)
        if word is None:
            raise stream.truncated()
        rows = vectors.rows_for(word.lstrip(b"\n"))  # some programs write a line break after each vector
        if rows:
            vector = np.frombuffer(stream.read(4 * header.dim), "<f4")
            vectors.fill(rows, vector, f"{stream.name}: vector {number:,}")
        else:
            stream.skip(4 * header.dim)
