"""What a file of vectors says of itself."""

from typing import NamedTuple

from textclf.core.errors import DataError
from textclf.models.word_vectors.stream import Blocks

LARGEST_DIM = 100_000


class Header(NamedTuple):
    """How many vectors a file has, `None` where it does not say, and how many numbers each."""

    count: int | None  # type: ignore[assignment]  # hides tuple.count
    dim: int


def parse_counts(line: bytes) -> Header | None:
    """`2000000 300`, the first line of word2vec and fastText; None for any other."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 16 for field in fields):
        return None
    count, dim = map(int, fields)
    return Header(count, dim) if 0 < dim <= LARGEST_DIM else None


def check_size(blocks: Blocks, header: Header, *, row: int) -> None:
    """Whether the file can hold what its header says.

    Args:
        row: bytes that a vector takes at least.

    Raises:
        DataError: it is too small.
    """
    if blocks.size is not None and (header.count or 0) * row > blocks.size:
        raise DataError(
            f"{blocks.name}: expected {header.count:,} vectors of {header.dim:,} numbers, as its beginning says, but "
            f"its {blocks.size:,} bytes cannot hold them: it was cut off, or is no file of word vectors."
        )
