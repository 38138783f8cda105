"""The vectors of a vocabulary, collected from a file that has many more."""

from collections.abc import Mapping

import numpy as np

from textclf.core.errors import DataError

MISSING, BY_SUBWORDS, BY_LOWER_CASE, EXACT = range(4)  # how a token was found; a better way replaces a worse one


class VocabularyVectors:
    """One row for each token, filled while the words of a file pass by.

    A word of the file fills the row of the token that it equals. It also fills the row of a token that differs only
    in case, unless the file has an equal word. Of several candidates the first wins: files begin with frequent words.

    Args:
        ids: token -> row.
        dim: numbers of a vector.
        num_ids: number of rows.

    Attributes:
        vectors: float32 (num_ids, dim); zero where a token was not found.
        found: how each token was found, int8 (num_ids,).
    """

    def __init__(self, ids: Mapping[str, int], dim: int, num_ids: int):
        self.vectors = np.zeros((num_ids, dim), np.float32)
        self.found = np.full(num_ids, MISSING, np.int8)
        self.dim = dim
        self.ids = ids
        self._exact = {token.encode("utf-8", "surrogatepass"): row for token, row in ids.items()}
        self._lower: dict[str, list[int]] = {}
        for token, row in ids.items():
            self._lower.setdefault(token.lower(), []).append(row)

    def rows_for(self, word: bytes) -> list[tuple[int, int]]:
        """Return the rows that the vector of a word fills, each with the way it was found; mostly none."""
        exact = self._exact.get(word)
        rows = self._lower.get(word.decode("utf-8", "replace").lower(), ())
        lower = [(row, BY_LOWER_CASE) for row in rows if self.found[row] < BY_LOWER_CASE]
        return [(exact, EXACT), *lower] if exact is not None and self.found[exact] < EXACT else lower

    def fill(self, rows: list[tuple[int, int]], vector: np.ndarray, where: str) -> None:
        """Fill rows from `rows_for`.

        Args:
            rows: each with the way it was found.
            vector: (dim,).
            where: the file and the number of the vector, for a message.

        Raises:
            DataError: the vector has a value that is not finite.
        """
        if not np.isfinite(vector).all():
            raise DataError(f"{where}: expected finite numbers, got NaN or infinity.")
        for row, way in rows:
            if self.found[row] < way:
                self.vectors[row], self.found[row] = vector, way
