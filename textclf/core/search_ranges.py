"""The values of a setting that a search tries, beside its limits: `setting(default=64, tuned=Around(4), ...)`."""

from typing import Any, NamedTuple


class Around(NamedTuple):
    """From a `factor`-th of the configured value to `factor` times it, on a logarithmic scale.

    With a limit of size, a setting that decides the size goes down to the `smaller`-th part.
    """

    factor: float
    smaller: float | None = None


class Between(NamedTuple):
    """From `low` to `high`, evenly."""

    low: float
    high: float


class OneOf(NamedTuple):
    """One of these values."""

    values: tuple[Any, ...]


Tuned = Around | Between | OneOf
