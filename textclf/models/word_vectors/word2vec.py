"""word2vec's binary form: a line of counts, then each word, a space, and its numbers as float32."""

import numpy as np

from textclf.core.errors import DataError
from textclf.models.word_vectors.header import Header, check_size, parse_counts
from textclf.models.word_vectors.stream import Blocks
from textclf.models.word_vectors.vocabulary_vectors import Wanted

LONGEST_HEADER, LONGEST_WORD = 100, 10_000  # bytes


def header(blocks: Blocks) -> Header:
    """How many vectors there are, and of how many numbers.

    Raises:
        DataError: it is no such file, or too small for them.
    """
    line = blocks.peek(LONGEST_HEADER).partition(b"\n")[0]
    counts = parse_counts(line)
    if not counts:
        raise DataError(
            f"{blocks.name}: expected a binary file of word2vec or fastText, received {line[:60]!r}. Vectors as text "
            "are in a file whose name ends in .txt or .vec."
        )
    blocks.take(len(line) + 1)
    check_size(blocks, counts, row=4 * counts.dim + 1)
    return counts


def read(blocks: Blocks, about: Header, wanted: Wanted) -> None:
    """Fill what is wanted.

    Raises:
        DataError: there are fewer vectors than the header says, or a number that is none.
    """
    for number in range(1, (about.count or 0) + 1):
        word = blocks.until(b" ", LONGEST_WORD)
        if word is None:
            raise blocks.cut_off()
        places = wanted.places(word.lstrip(b"\n"))  # some programs end a vector with a line break
        if places:
            vector = np.frombuffer(blocks.take(4 * about.dim), "<f4")
            wanted.put(places, vector, f"{blocks.name}: vector {number:,}")
        else:
            blocks.skip(4 * about.dim)
