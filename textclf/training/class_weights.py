"""What a mistake costs in training, by its true label."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from textclf.core.errors import ConfigError, did_you_mean, named

# A label of one row in a thousand would outweigh all others: its probabilities would mean nothing any more.
LARGEST_LABEL_WEIGHT = 10.0


def label_weights(
    wanted: Literal["balanced"] | dict[str, float] | None,
    names: Sequence[str],
    counts: Sequence[int],
    num_rows: int,
    *,
    many: bool,
) -> np.ndarray | None:
    """What a mistake costs by true label, float32 (labels,), or `None` if all cost the same.

    Args:
        wanted: the setting `targets.class_weights`.
        counts: rows of each label.
        many: whether a text has any number of labels.

    Raises:
        ConfigError: a weight for a label that there is not, or one that is no weight.
    """
    if wanted is None:
        return None
    rows_of = np.array(counts, np.float64)
    if wanted == "balanced" and many:  # a label against its absence
        return np.clip((num_rows - rows_of) / rows_of, 1.0, LARGEST_LABEL_WEIGHT).astype(np.float32)
    if wanted == "balanced":  # as scikit-learn does
        return (num_rows / (len(names) * rows_of)).astype(np.float32)
    for name, weight in wanted.items():
        if name not in names:
            meant = did_you_mean(name, names, otherwise=".")
            raise ConfigError(
                f"targets.class_weights: expected labels of the data ({named(names)}), received '{name}'{meant}"
            )
        if not 0 < weight < float("inf"):
            raise ConfigError(f"targets.class_weights.{name}: expected a number above 0, received {weight}.")
    return np.array([wanted.get(name, 1.0) for name in names], np.float32)
