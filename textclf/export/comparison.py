"""Compare an exported classifier with the one it was made of, on labelled texts: what a lower precision costs."""

import logging
import time
from typing import NamedTuple

import numpy as np

from textclf.core.parallel import chunks_of
from textclf.data.dataset import Dataset
from textclf.evaluation.metrics import measure
from textclf.inference.classifier import ROWS_AT_ONCE, Classifier
from textclf.preprocessing.ragged import RaggedArrays, concatenate_arrays, num_rows, take_rows

log = logging.getLogger(__name__)

SCORES = ("accuracy", "f1_macro", "log_loss")
MOST_ROWS = 20_000  # texts at equal distances: enough to see what changes
TIMED_ROWS, TIMED_SINGLE, TIMES = 2_000, 50, 5
MOST_SECONDS = 1.0  # of one timing: of a large network fewer texts are timed


class Measured(NamedTuple):
    """What one classifier does on the texts."""

    bytes: int  # of its model, tokenizer and labels
    scores: dict[str, float]  # by the names of `SCORES`
    texts_a_second: float  # all texts in one call
    seconds_alone: float  # of a text by itself


class Comparison(NamedTuple):
    """Two classifiers on the same texts."""

    source: str  # where the texts are from
    rows: int
    original: Measured
    exported: Measured
    changed: int  # texts that get another label
    largest_difference: float  # of a probability

    @property
    def changed_share(self) -> float:
        """Return the share of texts that get another label."""
        return self.changed / self.rows

    def to_dict(self) -> dict:
        """Return what `classifier.json` keeps: all but the times, which would differ from export to export."""
        parts = {"original": self.original, "exported": self.exported}
        return {
            "texts": self.source,
            "rows": self.rows,
            **{name: {"bytes": part.bytes, **_rounded(part.scores)} for name, part in parts.items()},
            "changed": self.changed,
            "largest_difference": round(self.largest_difference, 6),
        }


def compare(original: Classifier, exported: Classifier, dataset: Dataset, source: str) -> Comparison:
    """Return how the exported classifier differs from the original.

    Args:
        original, exported: with the same tokenizer and labels.
        dataset: labelled texts; of more than `MOST_ROWS` a sample.
        source: what to call them.
    """
    dataset = dataset.sample(MOST_ROWS)
    classes, unknown = original.targets.encode_known(dataset.labels, rows=dataset.rows, name=dataset.name)
    pair = (original, exported)
    arrays = [_encode(classifier, dataset) for classifier in pair]
    log.info("predicting %s texts with both classifiers", f"{len(dataset):,}")
    started = time.perf_counter()
    probabilities = [classifier.predict_encoded(of) for classifier, of in zip(pair, arrays, strict=True)]
    seconds_a_text = (time.perf_counter() - started) / (2 * len(dataset))
    labels = [classifier.decode(of) for classifier, of in zip(pair, probabilities, strict=True)]
    scores = [measure(classes, of, original.targets, original.decision, unknown) for of in probabilities]
    many, alone = _speeds(pair, arrays, seconds_a_text)
    first, second = (
        Measured(num_bytes(classifier), {name: of[name] for name in SCORES}, *speeds)
        for classifier, of, *speeds in zip(pair, scores, many, alone, strict=True)
    )
    changed = sum(before != after for before, after in zip(*labels, strict=True))
    difference = float(np.abs(probabilities[0] - probabilities[1]).max())
    return Comparison(source, len(dataset), first, second, changed, difference)


def num_bytes(classifier: Classifier) -> int:
    """Return the size of the model, the tokenizer and the labels of a classifier."""
    return sum(entry["bytes"] for entry in classifier.metadata["files"].values())


def _encode(classifier: Classifier, dataset: Dataset) -> RaggedArrays:
    parts = [classifier.preprocessor.encode_arrays(block) for block in chunks_of(dataset.texts, ROWS_AT_ONCE)]
    return concatenate_arrays(parts, classifier.preprocessor.names)


def _speeds(
    pair: tuple[Classifier, Classifier], arrays: list[RaggedArrays], seconds_a_text: float
) -> tuple[list[float], list[float]]:
    """Return texts a second and seconds for one text, of both classifiers in turns, each the best of a few."""
    many, alone = [0.0, 0.0], [np.inf, np.inf]
    rows = min(num_rows(arrays[0]), max(int(MOST_SECONDS / seconds_a_text), 1))
    places = np.arange(min(rows, TIMED_ROWS))
    batches = [take_rows(of, places) for of in arrays]
    singles = [[take_rows(of, places[place : place + 1]) for place in range(min(rows, TIMED_SINGLE))] for of in arrays]
    for _ in range(TIMES):
        for number, classifier in enumerate(pair):
            started = time.perf_counter()
            classifier.predict_encoded(batches[number])
            many[number] = max(many[number], len(places) / (time.perf_counter() - started))
            started = time.perf_counter()
            for single in singles[number]:
                classifier.predict_encoded(single)
            alone[number] = min(alone[number], (time.perf_counter() - started) / len(singles[number]))
    return many, alone


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in scores.items()}
