"""How much of the difference between two systems on one test file is chance: a paired bootstrap over its texts."""

from collections.abc import Sequence

import numpy as np

RESAMPLES, BATCH = 1_000, 50
INTERVAL = (2.5, 97.5)  # percentiles

Answers = Sequence[Sequence[str]]  # the labels of each text


def paired_interval(
    truth: Answers, ours: Sequence[Answers], others: Sequence[Answers], by_f1: bool
) -> tuple[float, float]:
    """Return the 95 % interval of the score of ours minus that of the other, in points.

    Args:
        truth: the right labels.
        ours: the answers of one system with each of its seeds, whose scores are averaged.
        others: those of the other system.
        by_f1: the score is macro F1 instead of accuracy.
    """
    labels = sorted({label for answers in (truth, *ours, *others) for row in answers for label in row})
    columns = {label: column for column, label in enumerate(labels)}
    true = _indicators(truth, columns)
    score = _macro_f1 if by_f1 else _accuracy
    systems = [[_counts(true, _indicators(answers, columns), by_f1) for answers in seeds] for seeds in (ours, others)]
    random = np.random.default_rng(1)
    differences = []
    for _ in range(RESAMPLES // BATCH):
        drawn = random.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), size=BATCH).astype(np.float32)
        mine, theirs = [np.mean([score(drawn, counts) for counts in seeds], axis=0) for seeds in systems]
        differences.append(100 * (mine - theirs))
    low, high = np.percentile(np.concatenate(differences), INTERVAL)
    return float(low), float(high)


def _indicators(answers: Answers, columns: dict[str, int]) -> np.ndarray:
    found = np.zeros((len(answers), len(columns)), np.float32)
    for row, labels in enumerate(answers):
        found[row, [columns[label] for label in labels]] = 1
    return found


def _counts(true: np.ndarray, answered: np.ndarray, by_f1: bool) -> np.ndarray:
    """Return what the score of a resample is a sum of: right texts, or hits and the labels of both, (rows, columns)."""
    if by_f1:
        return np.hstack([true * answered, true + answered])
    return (true == answered).all(axis=1, keepdims=True).astype(np.float32)


def _accuracy(drawn: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return (drawn @ counts)[:, 0] / drawn.sum(axis=1)


def _macro_f1(drawn: np.ndarray, counts: np.ndarray) -> np.ndarray:
    hits, both = np.split(drawn @ counts, 2, axis=1)
    return (2 * hits / np.maximum(both, 1)).mean(axis=1)
