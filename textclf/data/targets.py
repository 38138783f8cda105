"""Labels <-> numbers, and everything that depends on the type of the answer. Nothing else compares the type."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textclf.core.errors import DataError, RunError, named
from textclf.core.memmap import concatenate_on_disk
from textclf.data.labels import Labels
from textclf.inference.decisions import BY_DEFAULT, HALF, Decision, Threshold, chosen_on, decision_for, decision_from

if TYPE_CHECKING:  # answering needs neither this nor what is imported in the functions
    from textclf.data.target_options import TargetOptions

CHUNK_ROWS = 8192  # encoded at a time, where a text has a number for every label
LONGEST_NUMBER = 20  # Python refuses to read numbers of thousands of digits


class TargetType(NamedTuple):
    """What a network for one type of answer looks like, and how its answers are measured."""

    one_unit: bool  # one unit for two labels, otherwise a unit a label
    many: bool  # any number of labels a text
    activation: str  # logits -> probabilities
    accuracy: str  # a class of keras.metrics
    measure: str  # a function of metrics.py: (encoded labels, probabilities, answers, label names) -> metrics


TYPES = {
    "binary": TargetType(True, False, "sigmoid", "BinaryAccuracy", "classification_metrics"),
    "multiclass": TargetType(False, False, "softmax", "SparseCategoricalAccuracy", "classification_metrics"),
    "multilabel": TargetType(False, True, "sigmoid", "BinaryAccuracy", "multilabel_metrics"),
}


class Targets:
    """The labels of one classifier, in a fixed order, and the type of its answers.

    Args:
        labels: of a binary classifier the second is the positive one.
        counts: rows of each label in the training data.
        majority: the most frequent answer in the training data: what one without any skill gives.
        separator: between several labels of a text, in files.
        decision: how probabilities become answers.
    """

    weights: np.ndarray | None = None  # of mistakes by true label, float32 (labels,); for training only
    label_smoothing: float = 0.0  # for training only
    threshold: Threshold = HALF  # what the decision is for; until it is chosen

    def __init__(
        self,
        type: str,
        labels: Sequence[str],
        counts: Sequence[int],
        majority: Sequence[str],
        separator: str = "|",
        decision: Decision = BY_DEFAULT,
    ):
        self.type = type
        self.labels = list(labels)
        self.counts = list(counts)
        self.majority = tuple(majority)
        self.separator = separator
        self.decision = decision
        self._indices = {label: index for index, label in enumerate(self.labels)}

    @classmethod
    def fit(
        cls, labels: Labels | Iterable[tuple[str, ...]], options: "TargetOptions", *, many: bool = False
    ) -> "Targets":
        """Find labels and type in the training labels.

        Args:
            labels: of each text: exactly one, or any number where the type has many.
            many: whether `separator_for` found several labels a text.

        Raises:
            DataError: fewer than two labels, or more than the type allows.
            ConfigError: a weight or cost for a label that there is not, or a threshold that the type does not have.
        """
        from textclf.training.class_weights import label_weights

        labels = Labels.of(labels)
        found = labels.count()
        names = sorted(found, key=_label_order)
        if len(names) < 2:
            raise DataError(
                f"expected at least two different labels to learn, received {named(names) or 'none'}. "
                "Check data.label_column, or add rows of another label."
            )
        if options.type == "binary" and len(names) > 2:
            raise DataError(
                f"targets.type is binary: expected two labels, received {len(names)} ({named(names)}). "
                "Set targets.type to multiclass or auto."
            )
        found_type = "multilabel" if many else "binary" if len(names) == 2 else "multiclass"
        chosen = found_type if options.type == "auto" else options.type
        counts = [found[name] for name in names]
        majority = labels.map(lambda answer: tuple(sorted(answer))).count_categories().most_common(1)[0][0]
        kind = TYPES[chosen]
        targets = cls(chosen, names, counts, majority, options.separator)
        targets.weights = label_weights(options.class_weights, names, counts, len(labels), many=kind.many)
        targets.label_smoothing = options.label_smoothing
        targets.threshold = options.threshold
        targets.decision = decision_for(
            options.threshold, options.abstain_below, names, many=kind.many, one_unit=kind.one_unit
        )
        return targets

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

    def loss(self, kind: str = "log_loss"):
        """The Keras loss on logits.

        Args:
            kind: a key of `LOSSES`.
        """
        from textclf.training.fitting.losses import LOSSES

        return LOSSES[kind][self.type](self.label_smoothing, self.weights)

    def accuracy(self):
        """The Keras accuracy on logits."""
        import keras

        metric = getattr(keras.metrics, TYPES[self.type].accuracy)
        name = "label_accuracy" if self.many else "accuracy"  # of single labels, not of whole answers
        return metric(name=name, threshold=0.0) if self.activation == "sigmoid" else metric(name=name)

    def row_weights(self, encoded: np.ndarray) -> np.ndarray | None:
        """What a mistake costs for each row, float32 (rows,); `None` where the loss has it, or all cost the same."""
        if self.weights is None or self.many:
            return None
        return self.weights[encoded]

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
                f"{name}: expected the labels of the training data ({named(self.labels)}), received '{first}' "
                f"in row {rows[unknown[0]]}{others}. Correct the label, or add rows of it to the training data."
            )
        encoded = self._encoded(labels.categories)
        if not self.many:
            return encoded[labels.codes]
        chunks = (encoded[labels.codes[start : start + CHUNK_ROWS]] for start in range(0, len(labels), CHUNK_ROWS))
        return concatenate_on_disk(chunks, encoded.dtype).reshape(-1, len(self.labels))  # a row of numbers a text

    def _encoded(self, answers: list[tuple[str, ...]]) -> np.ndarray:
        """Different answers as numbers."""
        if not self.many:
            return np.array([self._indices[label] for (label,) in answers], np.int32)
        encoded = np.zeros((len(answers), len(self.labels)), np.float32)
        for number, answer in enumerate(answers):
            encoded[number, [self._indices[label] for label in answer]] = 1
        return encoded

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """What the activation gives, (rows, num_units) -> a probability for every label, (rows, labels)."""
        return np.concatenate([1 - outputs, outputs], axis=1) if TYPES[self.type].one_unit else outputs

    def decided_on(self, encoded: np.ndarray, probabilities: np.ndarray) -> "Targets":
        """The same with thresholds that are chosen on labelled texts, if the config names an aim for them.

        Args:
            encoded: labels of validation texts as from `encode`.
            probabilities: calibrated ones of these texts, (rows, labels).
        """
        decision = chosen_on(self.decision, self.threshold, encoded, probabilities, many=self.many)
        return Targets(self.type, self.labels, self.counts, self.majority, self.separator, decision)

    def decode(self, probabilities: np.ndarray, threshold: float | None = None) -> list[tuple[str, ...]]:
        """Probabilities (rows, labels) -> the labels of each row; none where it is unsure.

        Args:
            threshold: least probability of the positive label (binary), or of every label (multilabel), in place of
                what was decided in training.

        Raises:
            DataError: a threshold where one of several labels is the answer.
        """
        if threshold is not None and not (self.many or TYPES[self.type].one_unit):
            raise DataError(f"a threshold needs a binary or multilabel classifier; this one has {self.type} labels.")
        decision = self.decision
        if threshold is not None:
            decision = Decision((threshold,), None, decision.abstain_below)
        answers = decision.answers(probabilities, self.labels, many=self.many)
        if self.many:
            return [tuple(self.labels[index] for index in np.flatnonzero(row)) for row in answers]
        unsure = decision.unsure(probabilities)
        return [() if row_unsure else (self.labels[index],) for index, row_unsure in zip(answers, unsure, strict=True)]

    def measure(self, encoded: np.ndarray, probabilities: np.ndarray) -> dict:
        """All metrics of the answers, beside those of always giving the majority's answer.

        Where some answers are unsure, `coverage` is the share of the others and `accuracy_covered` their accuracy; all
        other figures are of the answers that would have been given.
        """
        from textclf.evaluation import metrics

        answers = self.decision.answers(probabilities, self.labels, many=self.many)
        found = getattr(metrics, TYPES[self.type].measure)(encoded, probabilities, answers, self.labels)
        if self.decision.abstain_below is not None:
            sure = ~self.decision.unsure(probabilities)
            found["coverage"] = float(sure.mean())
            found["accuracy_covered"] = float((answers == encoded)[sure].mean()) if sure.any() else None
        majority = self.encode([self.majority], rows=[0], name="majority")[0]
        same = (encoded == majority).reshape(len(encoded), -1).all(axis=1)
        return {**found, "majority_label": self.joined(self.majority), "majority_accuracy": float(same.mean())}

    def joined(self, labels: Iterable[str]) -> str:
        """The labels of one text in one field."""
        return self.separator.join(labels)

    def named(self, encoded: np.ndarray) -> str:
        """The labels of one encoded text in one field: of a class index, or of a row of 0 and 1."""
        return self.joined(self.labels[label] for label in (np.flatnonzero(encoded) if self.many else [encoded]))

    def to_dict(self) -> dict:
        """As plain JSON, for `labels.json`."""
        return {
            "type": self.type,
            "labels": self.labels,
            "counts": self.counts,
            "majority": list(self.majority),
            "separator": self.separator,
            "decision": self.decision.to_dict(),
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
                many, one_unit = TYPES[type].many, TYPES[type].one_unit
                # One from before there were decisions has none.
                decision = decision_from(content.get("decision", {}), labels, many=many, one_unit=one_unit)
                return cls(type, labels, counts, majority, separator, decision)
        raise RunError("expected type, labels, counts, majority and separator, received something else")


def separator_for(labels: Labels | Iterable[tuple[str, ...]], options: "TargetOptions") -> str | None:
    """What to split label fields by; `None` where every text has exactly one label.

    Args:
        labels: as they stand in the file. A list of labels says that a text may have several, also where none has.
    """
    labels = Labels.of(labels)
    looks_many = labels.lists or any(
        len(answer) > 1 or (answer and options.separator in answer[0]) for answer in labels.categories
    )
    return options.separator if options.type == "multilabel" or (options.type == "auto" and looks_many) else None


def _label_order(label: str) -> tuple:
    """Whole numbers by value and before names, everything else by code point: the same in every run."""
    is_number = label.removeprefix("-").isdecimal() and len(label) <= LONGEST_NUMBER
    return (0, int(label), label) if is_number else (1, 0, label)
