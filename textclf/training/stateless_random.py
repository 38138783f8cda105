"""Random numbers that are a function of what they are drawn for: nothing runs on, so that nothing has to be saved."""

import hashlib

import numpy as np


def draw(purpose: tuple, rows: np.ndarray, positions: np.ndarray | int = 0) -> np.ndarray:
    """Numbers from 0 to below 1, float64: the same for the same purpose, row and position, whatever else is drawn.

    Args:
        purpose: what tells this drawing from all others, such as (seed, epoch, "deletion").
        rows, positions: whole numbers from 0 on, below 2**32.
    """
    key = hashlib.blake2b(repr(purpose).encode(), digest_size=8).digest()
    numbers = np.asarray(rows, np.uint64) << np.uint64(32) | np.asarray(positions, np.uint64)
    return (_mixed(_mixed(numbers) ^ np.frombuffer(key, np.uint64)) >> np.uint64(11)) * 2.0**-53


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """A step of SplitMix64 (Steele et al. 2014): every bit of the input changes half of the bits of the output."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ numbers >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ numbers >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return numbers ^ numbers >> np.uint64(31)
