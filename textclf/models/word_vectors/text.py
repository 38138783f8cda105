"""Vectors as text, one word and its numbers a line: GloVe; word2vec and fastText begin with a line of counts."""

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import Header, check_size, parse_counts
from textclf.models.word_vectors.stream import ByteStream
from textclf.models.word_vectors.vocabulary_vectors import VocabularyVectors

LONGEST_HEADER, LONGEST_WORD, LONGEST_NUMBER = 2**20, 10_000, 40  # bytes


def read_header(stream: ByteStream) -> Header:
    """Return the counts of the first line, or the dimension of the first vector.

    Raises:
        DataError: it is not such a file.
    """
    start = stream.peek(LONGEST_HEADER)
    line, newline, _ = start.partition(b"\n")
    counts = parse_counts(line)
    if counts:
        stream.read(len(line) + 1)
        check_size(stream, counts, row=2 * counts.dim + 1)
        return counts
    values = line.split()[1:]
    if len(values) < 2 or (not newline and len(start) == LONGEST_HEADER):
        raise DataError(
            f"{stream.name}: expected a word and its numbers in each line, got {line[:60]!r}. The name of a binary "
            "file must end in .bin."
        )
    _parse_numbers(values, f"{stream.name}: vector 1")
    return Header(None, len(values))


def read_vectors(stream: ByteStream, header: Header, vectors: VocabularyVectors) -> None:
    """Fill the vectors of the vocabulary; the numbers of other words are not parsed.

    Raises:
        DataError: a line that is not a vector, or fewer lines than the header says.
    """
    number = 0
    while (line := stream.read_until(b"\n", LONGEST_WORD + header.dim * LONGEST_NUMBER)) is not None:
        word, *rest = line.split(None, 1) or [b""]
        number += bool(word)
        if rows := vectors.rows_for(word):
            values = rest[0].split() if rest else []
            if len(values) == header.dim:
                where = f"{stream.name}: vector {number:,}"
                vectors.fill(rows, _parse_numbers(values, where), where)
            elif len(values) < header.dim:
                raise DataError(
                    f"{stream.name}: vector {number:,}: expected {header.dim} numbers after the word, got "
                    f"{len(values)}."
                )
            # More values belong to a word with a space, as GloVe has some: it is not in the vocabulary.
    if header.count is not None and number < header.count:
        raise stream.truncated()


def _parse_numbers(values: list[bytes], where: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # too large a number becomes infinity, which `fill` reports
            return np.array([float(value) for value in values], np.float64).astype(np.float32)
    except ValueError as error:
        raise DataError(f"{where}: expected numbers after the word: {error}.") from None
