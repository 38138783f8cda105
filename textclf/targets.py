"""Labels <-> numbers, and everything that depends on the type of the answer. Nothing else compares the type."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from textclf.errors import ConfigError, DataError, RunError, did_you_mean
from textclf.label_column import Labels
from textclf.losses import binary_loss, multiclass_loss, multilabel_loss
from textclf.metrics import classification_metrics, multilabel_metrics
from textclf.options import Options

MOST_LABELS_SHOWN = 10
LONGEST_NUMBER = 20  # Python refuses to read numbers of thousands of digits
# A label of one row in a thousand would outweigh all others: its probabilities would mean nothing any more.
LARGEST_LABEL_WEIGHT = 10.0


class TargetOptions(Options):
    """The kind of answer, and what mistakes cost in training."""

    type: Literal["auto", "binary", "multiclass", "multilabel"] = Field(
        "auto",
        description="binary (2 labels), multiclass (one of several), multilabel (any number of them a text), "
        "or found by looking at the labels.",
    )
    separator: str = Field("|", min_length=1, description="Between the labels of a text, where it has several.")
    class_weights: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="What a mistake costs by its true label: balanced (rare labels cost more, as often as they are "
        "rarer), or a weight above 0 by name, 1 for the others.",
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of the truth given to all labels alike (Szegedy et al. 2016)."
    )


class TargetType(NamedTuple):
    """What a network for one type of answer looks like, and how its answers are measured."""

    one_unit: bool  # one unit for two labels, otherwise a unit a label
    many: bool  # any number of labels a text
    activation: str  # logits -> probabilities
    accuracy: str  # a class of keras.metrics
    loss: Callable  # (label_smoothing, weights of labels) -> a Keras loss on logits
    measure: Callable  # (encoded labels, probabilities, label names) -> metrics


TYPES = {
    "binary": TargetType(True, False, "sigmoid", "BinaryAccuracy", binary_loss, classification_metrics),
    "multiclass": TargetType(
        False, False, "softmax", "SparseCategoricalAccuracy", multiclass_loss, classification_metrics
    ),
    "multilabel": TargetType(False, True, "sigmoid", "BinaryAccuracy", multilabel_loss, multilabel_metrics),
}


class Targets:
    """The labels of one classifier, in a fixed order, and the type of its answers.

    Args:
        labels: of a binary classifier the second is the positive one.
        counts: rows of each label in the training data.
        majority: the most frequent answer in the training data: what one without any skill gives.
        separator: between several labels of a text, in files.
        weights: what a mistake costs by its true label, float32 (labels,); for training only.
    """

    def __init__(
        self,
        type: str,
        labels: Sequence[str],
        counts: Sequence[int],
        majority: Sequence[str],
        separator: str = "|",
        weights: np.ndarray | None = None,
        label_smoothing: float = 0.0,
    ):
        self.type = type
        self.labels = list(labels)
        self.counts = list(counts)
        self.majority = tuple(majority)
        self.separator = separator
        self.weights = weights
        self.label_smoothing = label_smoothing
        self._indices = {label: index for index, label in enumerate(self.labels)}

    @classmethod
    def fit(
        cls, labels: Labels | Iterable[tuple[str, ...]], options: TargetOptions, *, many: bool = False
    ) -> "Targets":
        """Find labels and type in the training labels.

        Args:
            labels: of each text: exactly one, or any number where the type has many.
            many: whether `separator_for` found several labels a text.

        Raises:
            DataError: fewer than two labels, or more than the type allows.
            ConfigError: a weight for a label that there is not.
        """
        labels = Labels.of(labels)
        found = labels.count()
        names = sorted(found, key=_label_order)
        if len(names) < 2:
            raise DataError(
                f"expected at least two different labels to learn, received {_named(names) or 'none'}. "
                "Check data.label_column, or add rows of another label."
            )
        if options.type == "binary" and len(names) > 2:
            raise DataError(
                f"targets.type is binary: expected two labels, received {len(names)} ({_named(names)}). "
                "Set targets.type to multiclass or auto."
            )
        found_type = "multilabel" if many else "binary" if len(names) == 2 else "multiclass"
        chosen = found_type if options.type == "auto" else options.type
        counts = [found[name] for name in names]
        majority = labels.map(lambda answer: tuple(sorted(answer))).count_answers().most_common(1)[0][0]
        weights = _weights(names, counts, len(labels), options, many=TYPES[chosen].many)
        return cls(chosen, names, counts, majority, options.separator, weights, options.label_smoothing)

    @property
    def many(self) -> bool:
        """Whether a text has any number of labels."""
        return TYPES[self.type].many

    @property
    def num_units(self) -> int:
        """Width of the layer named `logits`."""
        return 1 if TYPES[self.type].one_unit else len(self.labels)

    @property
    def activation(self) -> str:
        """What turns logits into probabilities: sigmoid or softmax."""
        return TYPES[self.type].activation

    def loss(self):
        """The Keras loss on logits."""
        return TYPES[self.type].loss(self.label_smoothing, self.weights)

    def accuracy(self):
        """The Keras accuracy on logits."""
        import keras

        metric = getattr(keras.metrics, TYPES[self.type].accuracy)
        name = "label_accuracy" if self.many else "accuracy"  # of single labels, not of whole answers
        return metric(name=name, threshold=0.0) if self.activation == "sigmoid" else metric(name=name)

    def row_weights(self, encoded: np.ndarray) -> np.ndarray | None:
        """What a mistake costs for each row, float32 (rows,); `None` where the loss has it, or all cost the same."""
        return None if self.weights is None or self.many else self.weights[encoded]

    def encode(
        self, labels: Labels | Iterable[tuple[str, ...]], *, rows: Sequence[int] | np.ndarray, name: str
    ) -> np.ndarray:
        """Labels -> class indices, int32 (rows,); or 0 and 1 for every label, float32 (rows, labels).

        Raises:
            DataError: a label that was not among the training labels; names the file and its rows.
        """
        labels = Labels.of(labels)
        unknown = np.flatnonzero(labels.where(lambda answer: not self._indices.keys() >= set(answer)))
        if len(unknown):
            found = labels.count().keys() - self._indices.keys()
            first = next(label for label in labels[unknown[0]] if label in found)
            others = f" and {len(found) - 1} more such labels" if len(found) > 1 else ""
            raise DataError(
                f"{name}: expected the labels of the training data ({_named(self.labels)}), received '{first}' "
                f"in row {rows[unknown[0]]}{others}. Correct the label, or add rows of it to the training data."
            )
        if not self.many:
            return np.array([self._indices[label] for (label,) in labels.answers], np.int32)[labels.codes]
        encoded = np.zeros((len(labels.answers), len(self.labels)), np.float32)
        for number, answer in enumerate(labels.answers):
            encoded[number, [self._indices[label] for label in answer]] = 1
        return encoded[labels.codes]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """What the activation gives, (rows, num_units) -> a probability for every label, (rows, labels)."""
        return np.concatenate([1 - outputs, outputs], axis=1) if TYPES[self.type].one_unit else outputs

    def decode(self, probabilities: np.ndarray, threshold: float | None = None) -> list[tuple[str, ...]]:
        """Probabilities (rows, labels) -> the labels of each row.

        Args:
            threshold: least probability of the positive label (binary), or of every label (multilabel);
                otherwise the most probable label, and labels from one half on.

        Raises:
            DataError: a threshold where one of several labels is the answer.
        """
        if self.many:
            chosen = probabilities >= (0.5 if threshold is None else threshold)
            return [tuple(self.labels[index] for index in np.flatnonzero(row)) for row in chosen]
        if threshold is None:
            return [(self.labels[index],) for index in np.argmax(probabilities, axis=1)]
        if not TYPES[self.type].one_unit:
            raise DataError(f"a threshold needs a binary or multilabel classifier; this one has {self.type} labels.")
        return [(self.labels[int(row[1] >= threshold)],) for row in probabilities]

    def measure(self, encoded: np.ndarray, probabilities: np.ndarray) -> dict:
        """All metrics of the answers, beside those of always giving the majority's answer."""
        metrics = TYPES[self.type].measure(encoded, probabilities, self.labels)
        majority = self.encode([self.majority], rows=[0], name="majority")[0]
        same = (encoded == majority).reshape(len(encoded), -1).all(axis=1)
        return {**metrics, "majority_label": self.joined(self.majority), "majority_accuracy": float(same.mean())}

    def joined(self, labels: Iterable[str]) -> str:
        """The labels of one text in one field."""
        return self.separator.join(labels)

    def to_dict(self) -> dict:
        """As plain JSON, for `labels.json`."""
        return {
            "type": self.type,
            "labels": self.labels,
            "counts": self.counts,
            "majority": list(self.majority),
            "separator": self.separator,
        }

    @classmethod
    def from_dict(cls, content: dict) -> "Targets":
        """Read what `to_dict` wrote, from a file that may come from anywhere.

        Raises:
            RunError: it is not that.
        """
        match content:
            case {
                "type": str(type),
                "labels": [_, _, *_] as labels,
                "counts": list(counts),
                "majority": list(majority),
                "separator": str(separator),
            } if (
                type in TYPES
                and all(isinstance(label, str) for label in labels)
                and len(set(labels)) == len(labels) == len(counts)
                and all(isinstance(count, int) for count in counts)
                and (len(labels) == 2 or not TYPES[type].one_unit)
                and all(label in labels for label in majority)
                and (len(majority) == 1 or TYPES[type].many)
            ):
                return cls(type, labels, counts, majority, separator)
        raise RunError("expected type, labels, counts, majority and separator, received something else")


def separator_for(labels: Labels | Iterable[tuple[str, ...]], options: TargetOptions) -> str | None:
    """What to split label fields by; `None` where every text has exactly one label.

    Args:
        labels: as they stand in the file.
    """
    answers = Labels.of(labels).answers
    looks_many = any(len(answer) > 1 or (answer and options.separator in answer[0]) for answer in answers)
    return options.separator if options.type == "multilabel" or (options.type == "auto" and looks_many) else None


def _weights(names: list[str], counts: list[int], num_rows: int, options: TargetOptions, *, many: bool):
    """What a mistake costs by true label, float32 (labels,), or `None` if all cost the same."""
    wanted = options.class_weights
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
                f"targets.class_weights: expected labels of the data ({_named(names)}), received '{name}'{meant}"
            )
        if not 0 < weight < float("inf"):
            raise ConfigError(f"targets.class_weights.{name}: expected a number above 0, received {weight}.")
    return np.array([wanted.get(name, 1.0) for name in names], np.float32)


def _label_order(label: str) -> tuple:
    """Whole numbers by value and before names, everything else by code point: the same in every run."""
    is_number = label.removeprefix("-").isdecimal() and len(label) <= LONGEST_NUMBER
    return (0, int(label), label) if is_number else (1, 0, label)


def _named(labels: Sequence[str]) -> str:
    """The first few labels, for a message."""
    shown = ", ".join(f"'{label}'" for label in list(labels)[:MOST_LABELS_SHOWN])
    return f"{shown} …" if len(labels) > MOST_LABELS_SHOWN else shown
