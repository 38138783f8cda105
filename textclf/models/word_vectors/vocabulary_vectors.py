"""The vectors of a vocabulary, gathered from a file that has many more."""

from collections.abc import Mapping

import numpy as np

from textclf.core.errors import DataError

MISSING, BY_PIECES, BY_LOWER_CASE, EXACT = range(4)  # how a token was found; a better way replaces a worse one


class Wanted:
    """A row for each token, filled as the words of a file pass by.

    A word of the file is for the token that it equals; and for one that it differs from in upper and lower case only,
    while there is no equal one. Of several words that are for a token the first wins: files have frequent ones first.

    Args:
        ids: token -> row.
        dim: numbers of a vector.
    """

    def __init__(self, ids: Mapping[str, int], dim: int, num_ids: int):
        self.vectors = np.zeros((num_ids, dim), np.float32)
        self.found = np.full(num_ids, MISSING, np.int8)
        self.dim = dim
        self.ids = ids
        self._exact = {token.encode("utf-8", "surrogatepass"): number for token, number in ids.items()}
        self._lower: dict[str, list[int]] = {}
        for token, number in ids.items():
            self._lower.setdefault(token.lower(), []).append(number)

    def places(self, word: bytes) -> list[tuple[int, int]]:
        """Where the vector of a word belongs, as rows with the way they were found by; mostly nowhere."""
        exact = self._exact.get(word)
        if exact is not None and self.found[exact] < EXACT:
            return [(exact, EXACT), *self._like(word)]
        return self._like(word)

    def _like(self, word: bytes) -> list[tuple[int, int]]:
        rows = self._lower.get(word.decode("utf-8", "replace").lower(), ())
        return [(row, BY_LOWER_CASE) for row in rows if self.found[row] < BY_LOWER_CASE]

    def put(self, places: list[tuple[int, int]], vector: np.ndarray, where: str) -> None:
        """Fill rows from `places`.

        Args:
            where: of the file the vector comes from, for a message.

        Raises:
            DataError: a number that is none.
        """
        if not np.isfinite(vector).all():
            raise DataError(f"{where}: expected numbers, received one that is infinite or none at all.")
        for row, way in places:
            if self.found[row] < way:
                self.vectors[row], self.found[row] = vector, way
