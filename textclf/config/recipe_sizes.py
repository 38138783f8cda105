"""The settings of the recipe of `textclf new` that depend on the number of rows."""

import math
from typing import NamedTuple


class Size(NamedTuple):
    """Settings for data of at most `most_rows` rows."""

    most_rows: float
    validation: float
    pieces: int
    ngram_epochs: int
    epochs: int
    patience: int
    batch_size: int
    dropout: float
    reason: str


SIZES = (
    #    most rows, validation, pieces, n-gram epochs, epochs, patience, batch, dropout
    Size(1_000,    0.2,  2_000,  10, 30, 5, 16,  0.5, "strong, because there are few texts"),
    Size(5_000,    0.15, 4_000,  6,  20, 4, 32,  0.5, "strong, because there are not many texts"),
    Size(20_000,   0.1,  4_000,  5,  15, 2, 32,  0.5, "strong"),
    Size(100_000,  0.1,  8_000,  5,  8,  1, 64,  0.4, "less, because many texts overfit less"),
    Size(math.inf, 0.05, 10_000, 4,  3,  1, 128, 0.3, "weak, because very many texts overfit little"),
)  # fmt: skip


def size_for(rows: int) -> Size:
    """Return the settings for a number of rows."""
    return next(size for size in SIZES if rows <= size.most_rows)
