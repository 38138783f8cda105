"""Labels <-> numbers. What depends on the type of the labels stands in tables keyed by the type, here and elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textclf.core.errors import DataError, RunError, named
from textclf.core.memmap import concatenate_on_disk
from textclf.data.labels import Labels
from textclf.data.numeric_labels import are_numbers, in_order, without_fraction

if TYPE_CHECKING:  # predicting does not need it
    from textclf.data.target_options import TargetOptions

CHUNK_ROWS = 8192  # encoded at a time, where a text has a number for every label
HALF = 0.5  # the threshold of a probability, unless another is set or chosen


class TargetType(NamedTuple):
    """The shape of the network's last layer for one type of labels."""

    single_output: bool  # one output for two labels, otherwise an output for each label
    multilabel: bool  # any number of labels a text
    activation: str  # logits -> probabilities


TYPES = {
    "binary": TargetType(True, False, "sigmoid"),
    "multiclass": TargetType(False, False, "softmax"),
    "multilabel": TargetType(False, True, "sigmoid"),
}


class Unknown(NamedTuple):
    """The labels in a file that a classifier does not have."""

    by_text: np.ndarray  # number of such labels of each text, int64 (rows,)
    by_label: dict[str, int]  # number of texts of each such label, the most frequent first


@dataclass(frozen=True)
class Targets:
    """The labels of one classifier in a fixed order, and their type.

    Args:
        type: a key of `TYPES`.
        labels: the second label of a binary classifier is the positive one.
        counts: training rows of each label.
        majority: the most frequent labels of a text in the training data, which a classifier without skill predicts.
        separator: between several labels of a text, in files.
    """

    type: str
    labels: list[str]
    counts: list[int]
    majority: tuple[str, ...]
    separator: str = "|"

    @classmethod
    def fit(
        cls, labels: Labels | Iterable[tuple[str, ...]], options: "TargetOptions", *, multilabel: bool = False
    ) -> "Targets":
        """Find labels and type in the training labels.

        Args:
            labels: of each text: exactly one, or any number where the type is multilabel.
            multilabel: whether `separator_for` found several labels a text.

        Raises:
            DataError: fewer than two labels, or more than the type allows.
            ConfigError: a setting that these labels cannot have, see `check_options`.
        """
        from textclf.data.target_options import check_options

        labels = Labels.of(labels)
        found = labels.count()
        names = in_order(found)
        if len(names) < 2:
            raise DataError(
                f"expected at least two different labels to learn, got {named(names) or 'none'}. "
                "Check data.label_column, or add rows of another label."
            )
        if options.type == "binary" and len(names) > 2:
            raise DataError(
                f"targets.type is binary: expected two labels, got {len(names)} ({named(names)}). "
                "Set targets.type to multiclass or auto."
            )
        found_type = "multilabel" if multilabel else "binary" if len(names) == 2 else "multiclass"
        chosen = found_type if options.type == "auto" else options.type
        check_options(options, names, multilabel=TYPES[chosen].multilabel, single_output=TYPES[chosen].single_output)
        if options.positive_label is not None:  # the second of two
            names.sort(key=options.positive_label.__eq__)
        majority = labels.map(lambda answer: tuple(sorted(answer))).count_categories().most_common(1)[0][0]
        return cls(chosen, names, [found[name] for name in names], majority, options.separator)

    @property
    def multilabel(self) -> bool:
        """Return whether a text has any number of labels."""
        return TYPES[self.type].multilabel

    @property
    def single_output(self) -> bool:
        """Return whether the network has one output for two labels."""
        return TYPES[self.type].single_output

    @property
    def num_outputs(self) -> int:
        """The width of the layer named `logits`."""
        return 1 if self.single_output else len(self.labels)

    @property
    def activation(self) -> str:
        """The function from logits to probabilities: sigmoid or softmax."""
        return TYPES[self.type].activation

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {label: index for index, label in enumerate(self.labels)}

    def encode(
        self, labels: Labels | Iterable[tuple[str, ...]], *, rows: Sequence[int] | np.ndarray, name: str
    ) -> np.ndarray:
        """Return class indices, int32 (rows,); or 0 and 1 for every label, float32 (rows, labels).

        Args:
            rows: the number of each row in its file, for messages.
            name: of the file.

        Raises:
            DataError: a label that was not among the training labels; names the file and the first row.
        """
        labels = self.respell(labels)
        unknown = np.flatnonzero(labels.where(lambda answer: not self._indices.keys() >= set(answer)))
        if len(unknown):
            found = labels.count().keys() - self._indices.keys()
            first = next(label for label in labels[unknown[0]] if label in found)
            others = f" and {len(found) - 1} more such labels" if len(found) > 1 else ""
            raise DataError(
                f"{name}: expected the labels of the training data ({named(self.labels)}), got '{first}' "
                f"in row {rows[unknown[0]]}{others}. Correct the label, or add rows of it to the training data."
            )
        encoded = self._encoded(labels.categories)
        if not self.multilabel:
            return encoded[labels.codes]
        chunks = (encoded[labels.codes[start : start + CHUNK_ROWS]] for start in range(0, len(labels), CHUNK_ROWS))
        return concatenate_on_disk(chunks, encoded.dtype).reshape(-1, len(self.labels))  # a row of numbers a text

    def encode_known(
        self, labels: Labels | Iterable[tuple[str, ...]], *, rows: Sequence[int] | np.ndarray, name: str
    ) -> tuple[np.ndarray, Unknown]:
        """Return classes as `encode` does, and the unknown labels.

        A text with an unknown label has class -1; with a multilabel classifier it has its known labels.

        Raises:
            DataError: no text has a label of the training data.
        """
        labels = self.respell(labels)
        numbers = np.array([len(set(category) - self._indices.keys()) for category in labels.categories], np.int64)
        by_text = numbers[labels.codes]
        unknown = Unknown(by_text, {one: count for one, count in labels.count().items() if one not in self._indices})
        if not unknown.by_label or not any(self._indices.keys() & set(category) for category in labels.categories):
            return self.encode(labels, rows=rows, name=name), unknown
        replacement = () if self.multilabel else (self.labels[0],)
        known = labels.map(lambda category: tuple(filter(self._indices.__contains__, category)) or replacement)
        encoded = self.encode(known, rows=rows, name=name)
        if not self.multilabel:
            encoded[by_text > 0] = -1
        return encoded, unknown

    def respell(self, labels: Labels | Iterable[tuple[str, ...]]) -> Labels:
        """Return the labels with `2` for `2.0`, or the reverse, where only the other spelling is a label here."""
        labels = Labels.of(labels)
        if not self._spellings:
            return labels

        def known(label: str) -> str:
            return label if label in self._indices else self._spellings.get(without_fraction(label), label)

        return labels.map(lambda category: tuple(dict.fromkeys(map(known, category))))

    def as_predicted(self, labels: Labels) -> Labels:
        """Return labels in the spelling and the order of a prediction, unknown ones last."""
        last = len(self.labels)
        return self.respell(labels).map(
            lambda found: tuple(sorted(found, key=lambda one: self._indices.get(one, last)))
        )

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Whole number -> label, if all labels are numbers and no two are the same number."""
        short = {without_fraction(label): label for label in self.labels}
        return short if len(short) == len(self.labels) and are_numbers(self.labels) else {}

    def _encoded(self, answers: list[tuple[str, ...]]) -> np.ndarray:
        if not self.multilabel:
            return np.array([self._indices[label] for (label,) in answers], np.int32)
        encoded = np.zeros((len(answers), len(self.labels)), np.float32)
        for number, answer in enumerate(answers):
            encoded[number, [self._indices[label] for label in answer]] = 1
        return encoded

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return a probability for every label, (rows, labels), from what the activation gives, (rows, num_outputs)."""
        return np.concatenate([1 - outputs, outputs], axis=1) if self.single_output else outputs

    def joined(self, labels: Iterable[str]) -> str:
        """Join the labels of one text into one field."""
        return self.separator.join(labels)

    def named(self, encoded: np.ndarray) -> str:
        """Return the labels of one encoded text in one field: of a class index, or of a row of 0 and 1."""
        return self.joined(self.labels[label] for label in (np.flatnonzero(encoded) if self.multilabel else [encoded]))

    def to_dict(self) -> dict:
        """Return plain JSON, for `labels.json`."""
        return {
            "type": self.type,
            "labels": self.labels,
            "counts": self.counts,
            "majority": list(self.majority),
            "separator": self.separator,
        }

    @classmethod
    def from_dict(cls, content: object) -> "Targets":
        """Read what `to_dict` wrote, from a file that may come from anywhere. Other keys are ignored.

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
            } if type in TYPES and _are_consistent(TYPES[type], labels, counts, majority):
                return cls(type, labels, counts, tuple(majority), separator)
        raise RunError("expected type, labels, counts, majority and separator, got something else")


def _are_consistent(type: TargetType, labels: list, counts: list, majority: list) -> bool:
    return (
        all(isinstance(label, str) for label in labels)
        and len(set(labels)) == len(labels) == len(counts)
        and all(isinstance(count, int) for count in counts)
        and (len(labels) == 2 or not type.single_output)
        and all(label in labels for label in majority)
        and (len(majority) == 1 or type.multilabel)
    )


def separator_for(labels: Labels | Iterable[tuple[str, ...]], options: "TargetOptions") -> str | None:
    """Return what to split label fields by, or `None` where every text has exactly one label.

    Args:
        labels: as they stand in the file. A list of labels says that a text may have several, also where none has.
    """
    from textclf.data.label_lists import has_list_literals  # predicting does not need it

    labels = Labels.of(labels)
    looks_multilabel = (
        labels.lists
        or has_list_literals(labels)
        or any(len(answer) > 1 or (answer and options.separator in answer[0]) for answer in labels.categories)
    )
    return options.separator if options.type == "multilabel" or (options.type == "auto" and looks_multilabel) else None
