"""Vectors as text, a word and its numbers a line: GloVe's; word2vec's and fastText's have a line of counts first."""

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import Header, check_size, parse_counts
from textclf.models.word_vectors.stream import Blocks
from textclf.models.word_vectors.vocabulary_vectors import Wanted

LONGEST_HEADER, LONGEST_WORD, LONGEST_NUMBER = 2**20, 10_000, 40  # bytes


def header(blocks: Blocks) -> Header:
    """How many vectors there are, if the first line says so, and of how many numbers they are.

    Raises:
        DataError: it is no such file.
    """
    start = blocks.peek(LONGEST_HEADER)
    line, newline, _ = start.partition(b"\n")
    counts = parse_counts(line)
    if counts:
        blocks.take(len(line) + 1)
        check_size(blocks, counts, row=2 * counts.dim + 1)
        return counts
    values = line.split()[1:]
    if len(values) < 2 or (not newline and len(start) == LONGEST_HEADER):
        raise DataError(
            f"{blocks.name}: expected a word and its numbers in each line, received {line[:60]!r}. A binary file has "
            "a name that ends in .bin."
        )
    _numbers(values, f"{blocks.name}: vector 1")
    return Header(None, len(values))


def read(blocks: Blocks, about: Header, wanted: Wanted) -> None:
    """Fill what is wanted; lines of other words are passed over.

    Raises:
        DataError: a line that is none, or fewer lines than the first one says.
    """
    number = 0
    while (line := blocks.until(b"\n", LONGEST_WORD + about.dim * LONGEST_NUMBER)) is not None:
        word, *rest = line.split(None, 1) or [b""]
        number += bool(word)
        if places := wanted.places(word):
            values = rest[0].split() if rest else []
            if len(values) == about.dim:
                where = f"{blocks.name}: vector {number:,}"
                wanted.put(places, _numbers(values, where), where)
            elif len(values) < about.dim:
                raise DataError(
                    f"{blocks.name}: vector {number:,}: expected {about.dim} numbers after the word, "
                    f"received {len(values)}."
                )
            # More are a word with a space in it (GloVe has such): none of ours.
    if about.count is not None and number < about.count:
        raise blocks.cut_off()


def _numbers(values: list[bytes], where: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # what is too large is infinite, which is found
            return np.array([float(value) for value in values], np.float64).astype(np.float32)
    except ValueError as error:
        raise DataError(f"{where}: expected numbers after the word: {error}.") from None
