"""Data augmentation: each epoch deletes and swaps some tokens of the training texts (Wei & Zou 2019).

The changes to a text are a function of the seed, the epoch and its row. They do not depend on the batch, so that a
resumed run repeats them without any saved state.
"""

import hashlib
from collections.abc import Callable

import numpy as np

from textclf.core.text_hashing import GOLDEN_GAMMA, mix64
from textclf.preprocessing.ragged import Ragged, RaggedArrays, take_rows

Draw = Callable[[str], np.ndarray]  # purpose -> a random number from 0 to below 1 for each token


def augmented_rows(arrays: RaggedArrays, options, *, seed: int) -> Callable[[np.ndarray, int], RaggedArrays]:
    """Return a function (row numbers, epoch) -> the rows with their tokens changed.

    Args:
        arrays: the encoded training texts.
        options: `AugmentationOptions`.
    """

    def read_rows(numbers: np.ndarray, epoch: int) -> RaggedArrays:
        rows = take_rows(arrays, numbers)
        if "token_ids" in rows:
            rows["token_ids"] = change_tokens(rows["token_ids"], numbers, options, seed=seed, epoch=epoch)
        return rows

    return read_rows


def change_tokens(rows: Ragged, numbers: np.ndarray, options, *, seed: int, epoch: int) -> Ragged:
    """Return rows of token ids as an epoch reads them.

    Args:
        rows: token ids, no row empty.
        numbers: int64 (rows,), the numbers of the rows among the training texts.
        options: `AugmentationOptions`.
    """
    for name, change in TOKEN_CHANGES.items():
        if share := getattr(options, name):
            positions = np.arange(len(rows.values)) - np.repeat(rows.offsets[:-1], rows.lengths)
            texts = np.repeat(numbers, rows.lengths)

            def draw(purpose: str, texts=texts, positions=positions) -> np.ndarray:
                return stateless_uniform((seed, epoch, purpose), texts, positions)

            rows = change(rows, share, draw)
    return rows


def delete_tokens(rows: Ragged, share: float, draw: Draw) -> Ragged:
    """Delete a share of the tokens, but never the last one of a text."""
    numbers, lengths = draw("deletion"), rows.lengths
    kept = (numbers >= share) | (numbers == np.repeat(np.maximum.reduceat(numbers, rows.offsets[:-1]), lengths))
    return Ragged.from_lengths(rows.values[kept], np.add.reduceat(kept, rows.offsets[:-1], dtype=np.int64))


def swap_tokens(rows: Ragged, share: float, draw: Draw) -> Ragged:
    """Permute a share of the tokens of each text among their places."""
    moved = np.flatnonzero(draw("swap") < share)
    texts = np.repeat(np.arange(len(rows.lengths)), rows.lengths)[moved]
    ids = rows.values.copy()
    ids[moved] = rows.values[moved[np.lexsort((draw("order")[moved], texts))]]
    return Ragged(ids, rows.offsets)


# Setting -> its change, applied in this order.
TOKEN_CHANGES = {"deletion": delete_tokens, "swap": swap_tokens}


def stateless_uniform(purpose: tuple, rows: np.ndarray, positions: np.ndarray | int = 0) -> np.ndarray:
    """Return float64 random numbers from 0 to below 1, each a function of purpose, row and position.

    Args:
        purpose: distinguishes this use from all others, such as (seed, epoch, "deletion").
        rows, positions: integers from 0 to below 2**32.
    """
    key = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    numbers = np.asarray(rows, np.uint64) << np.uint64(32) | np.asarray(positions, np.uint64)
    mixed = mix64(numbers + GOLDEN_GAMMA) ^ np.frombuffer(key, np.uint64)
    return (mix64(mixed + GOLDEN_GAMMA) >> np.uint64(11)) * 2.0**-53
