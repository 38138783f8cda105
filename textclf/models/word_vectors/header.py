"""The header of a file of vectors."""

from typing import NamedTuple

from textclf.core.errors import DataError
from textclf.models.word_vectors.stream import ByteStream

LARGEST_DIM = 100_000


class Header(NamedTuple):
    """The number of vectors, `None` where the file does not say, and their dimension."""

    count: int | None  # type: ignore[assignment]  # hides tuple.count
    dim: int


def parse_counts(line: bytes) -> Header | None:
    """Return the header of a line such as `2000000 300`, as in word2vec and fastText; None for any other line."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 16 for field in fields):
        return None
    count, dim = map(int, fields)
    return Header(count, dim) if 0 < dim <= LARGEST_DIM else None


def check_size(stream: ByteStream, header: Header, *, row: int) -> None:
    """Check that the file is large enough for its header.

    Args:
        stream: the file.
        header: number and dimension of the vectors.
        row: the minimum bytes of a vector.

    Raises:
        DataError: the file is too small.
    """
    if stream.size is not None and (header.count or 0) * row > stream.size:
        raise DataError(
            f"{stream.name}: its header says {header.count:,} vectors of {header.dim:,} numbers, but its "
            f"{stream.size:,} bytes cannot hold them. Is the file truncated, or not a file of word vectors?"
        )
