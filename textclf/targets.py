"""Labels <-> numbers, and everything that depends on the type of the answer. Nothing else compares the type."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from textclf.errors import DataError, RunError
from textclf.options import Options

MOST_LABELS_SHOWN = 10
LONGEST_NUMBER = 20  # Python refuses to read numbers of thousands of digits


class TargetOptions(Options):
    """The kind of answer."""

    type: Literal["auto", "binary", "multiclass"] = Field(
        "auto",
        description="binary (2 labels), multiclass (2 or more, one of them right), or found by looking.",
    )


class TargetType(NamedTuple):
    """What a network for one type of answer looks like."""

    one_unit: bool  # one unit for two labels, otherwise a unit a label
    activation: str  # logits -> probabilities
    loss: str  # a class of keras.losses that takes from_logits
    accuracy: str  # a class of keras.metrics


TYPES = {
    "binary": TargetType(True, "sigmoid", "BinaryCrossentropy", "BinaryAccuracy"),
    "multiclass": TargetType(False, "softmax", "SparseCategoricalCrossentropy", "SparseCategoricalAccuracy"),
}


class Targets:
    """The labels of one classifier, in a fixed order, and the type of its answers.

    Args:
        labels: of a binary classifier the second is the positive one.
        counts: rows of each label in the training data.
    """

    def __init__(self, type: str, labels: Sequence[str], counts: Sequence[int]):
        self.type = type
        self.labels = list(labels)
        self.counts = list(counts)
        self._indices = {label: index for index, label in enumerate(self.labels)}

    @classmethod
    def fit(cls, labels: Sequence[str], options: TargetOptions) -> "Targets":
        """Find labels and type in the training labels.

        Raises:
            DataError: fewer than two labels, or more than the type allows.
        """
        counts = dict.fromkeys(sorted(set(labels), key=_label_order), 0)
        for label in labels:
            counts[label] += 1
        if len(counts) < 2:
            raise DataError(
                f"expected at least two different labels to learn, received {_named(counts) or 'none'}. "
                "Check data.label_column, or add rows of another label."
            )
        if options.type == "binary" and len(counts) > 2:
            raise DataError(
                f"targets.type is binary: expected two labels, received {len(counts)} ({_named(counts)}). "
                "Set targets.type to multiclass or auto."
            )
        found = "binary" if len(counts) == 2 else "multiclass"
        return cls(found if options.type == "auto" else options.type, list(counts), list(counts.values()))

    @property
    def num_units(self) -> int:
        """Width of the layer named `logits`."""
        return 1 if TYPES[self.type].one_unit else len(self.labels)

    @property
    def activation(self) -> str:
        """What turns logits into probabilities: sigmoid or softmax."""
        return TYPES[self.type].activation

    @property
    def majority_label(self) -> str:
        """The most frequent training label: what a classifier without any skill answers."""
        return self.labels[int(np.argmax(self.counts))]

    def loss(self):
        """The Keras loss on logits."""
        import keras

        return getattr(keras.losses, TYPES[self.type].loss)(from_logits=True)

    def accuracy(self):
        """The Keras accuracy on logits."""
        import keras

        metric = getattr(keras.metrics, TYPES[self.type].accuracy)
        return metric(name="accuracy", threshold=0.0) if TYPES[self.type].one_unit else metric(name="accuracy")

    def encode(self, labels: Sequence[str], *, rows: Sequence[int], name: str) -> np.ndarray:
        """Labels -> class indices, int32 (rows,).

        Raises:
            DataError: a label that was not among the training labels; names the file and its rows.
        """
        first_rows = dict(zip(reversed(labels), reversed(rows), strict=True))
        unknown = {label: row for label, row in first_rows.items() if label not in self._indices}
        if unknown:
            label, row = min(unknown.items(), key=lambda item: item[1])
            others = f" and {len(unknown) - 1} more such labels" if len(unknown) > 1 else ""
            raise DataError(
                f"{name}: expected the labels of the training data ({_named(self.labels)}), received '{label}' "
                f"in row {row}{others}. Correct the label, or add rows of it to the training data."
            )
        return np.array([self._indices[label] for label in labels], np.int32)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """What the activation gives, (rows, num_units) -> a probability for every label, (rows, labels)."""
        return np.concatenate([1 - outputs, outputs], axis=1) if TYPES[self.type].one_unit else outputs

    def decode(self, probabilities: np.ndarray) -> list[str]:
        """Probabilities (rows, labels) -> the most probable label of each row."""
        return [self.labels[index] for index in np.argmax(probabilities, axis=1)]

    def to_dict(self) -> dict:
        """As plain JSON, for `labels.json`."""
        return {"type": self.type, "labels": self.labels, "counts": self.counts}

    @classmethod
    def from_dict(cls, content: dict) -> "Targets":
        """Read what `to_dict` wrote, from a file that may come from anywhere.

        Raises:
            RunError: it is not that.
        """
        match content:
            case {"type": str(type), "labels": [_, _, *_] as labels, "counts": list(counts)} if (
                type in TYPES
                and all(isinstance(label, str) for label in labels)
                and len(set(labels)) == len(labels) == len(counts)
                and all(isinstance(count, int) for count in counts)
                and (len(labels) == 2 or not TYPES[type].one_unit)
            ):
                return cls(type, labels, counts)
        raise RunError("expected type, labels and counts in the file of labels, received something else")


def _label_order(label: str) -> tuple:
    """Whole numbers by value and before names, everything else by code point: the same in every run."""
    is_number = label.removeprefix("-").isdecimal() and len(label) <= LONGEST_NUMBER
    return (0, int(label), label) if is_number else (1, 0, label)


def _named(labels: Sequence[str]) -> str:
    """The first few labels, for a message."""
    shown = ", ".join(f"'{label}'" for label in list(labels)[:MOST_LABELS_SHOWN])
    return f"{shown} …" if len(labels) > MOST_LABELS_SHOWN else shown
