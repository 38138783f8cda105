"""Successive halving without waiting (ASHA, Li et al. 2020): stop a trial that is not among the best so far.

A trial is compared after 1, 3, 9 … validations with the trials before it at the same point. It goes on if it is in the
best third. The answer depends on the record alone, never on the time.
"""

from collections.abc import Sequence

FACTOR = 3  # of the trials go on, and so many times as long
FEWEST = 3  # earlier trials that make a comparison worth something


def is_hopeless(curve: Sequence[float], earlier: Sequence[Sequence[float]], sign: int) -> bool:
    """Return whether a trial should stop after its last validation.

    Args:
        curve: the metric after each of its validations.
        earlier: the same of the trials before it.
        sign: see `Goal.sign`.
    """
    length = len(curve)
    if not _is_rung(length):
        return False
    own = min(sign * value for value in curve)
    others = sorted(min(sign * value for value in other[:length]) for other in earlier if len(other) >= length)
    return len(others) >= FEWEST and own > others[max(1, len(others) // FACTOR) - 1]


def _is_rung(length: int) -> bool:
    while length % FACTOR == 0:
        length //= FACTOR
    return length == 1
