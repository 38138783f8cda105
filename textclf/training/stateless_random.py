"""Random numbers that are a function of what they are drawn for: nothing runs on, so that nothing has to be saved."""

import hashlib

import numpy as np

from textclf.core.text_hashing import GOLDEN_GAMMA, mix64


def draw(purpose: tuple, rows: np.ndarray, positions: np.ndarray | int = 0) -> np.ndarray:
    """Numbers from 0 to below 1, float64: the same for the same purpose, row and position, whatever else is drawn.

    Args:
        purpose: what tells this drawing from all others, such as (seed, epoch, "deletion").
        rows, positions: whole numbers from 0 on, below 2**32.
    """
    key = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    numbers = np.asarray(rows, np.uint64) << np.uint64(32) | np.asarray(positions, np.uint64)
    mixed = mix64((mix64(numbers + GOLDEN_GAMMA) ^ np.frombuffer(key, np.uint64)) + GOLDEN_GAMMA)
    return (mixed >> np.uint64(11)) * 2.0**-53
