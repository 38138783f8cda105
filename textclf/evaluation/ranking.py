"""One label's texts, ranked by the probability of the label: hits and false alarms at every threshold."""

from typing import NamedTuple

import numpy as np

from textclf.evaluation.metrics import f1_score


class Ranking(NamedTuple):
    """The counts of one label at each of its probabilities, from the highest to the lowest.

    A text is predicted to have the label if its probability is at least the threshold.
    """

    probabilities: np.ndarray  # distinct ones, (thresholds,)
    hits: np.ndarray  # texts with the label from this probability on, (thresholds,)
    false_alarms: np.ndarray  # texts without it, (thresholds,)
    positives: int  # texts with the label
    negatives: int

    @property
    def thresholds(self) -> np.ndarray:
        """Return the middle between each probability and the next lower one."""
        return (self.probabilities + np.append(self.probabilities[1:], 0)) / 2

    @property
    def precision(self) -> np.ndarray:
        """Return the precision at every threshold."""
        return self.hits / (self.hits + self.false_alarms)

    @property
    def recall(self) -> np.ndarray:
        """Return the recall at every threshold; 0 if no text has the label."""
        return self.hits / max(self.positives, 1)

    @property
    def f1(self) -> np.ndarray:
        """Return the F1 of the label at every threshold."""
        return f1_score(self.hits, self.hits + self.false_alarms, self.positives)

    @property
    def opposite_f1(self) -> np.ndarray:
        """Return the F1 of the label's absence at every threshold."""
        rejected = self.positives + self.negatives - self.hits - self.false_alarms
        return f1_score(self.negatives - self.false_alarms, rejected, self.negatives)


def rank(truth: np.ndarray, probabilities: np.ndarray) -> Ranking:
    """Return the ranking of one label.

    Args:
        truth: whether each text has the label, 0 and 1 or bool (texts,).
        probabilities: of the label, (texts,).
    """
    order = np.argsort(-probabilities, kind="stable")
    values, hits = probabilities[order].astype(np.float64), np.cumsum(truth[order] > 0)
    last = np.append(values[1:] != values[:-1], True)  # of equal probabilities
    predicted = np.arange(1, len(values) + 1)[last]
    return Ranking(values[last], hits[last], predicted - hits[last], int(hits[-1]), int(len(values) - hits[-1]))


def average_precision(ranking: Ranking) -> float | None:
    """Return the mean precision, each weighted by the recall it adds; `None` if no text has the label."""
    if not ranking.positives:
        return None
    return float(np.sum(np.diff(ranking.recall, prepend=0) * ranking.precision))


def roc_curve(ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Return false-alarm rate and hit rate from (0, 0) to (1, 1), each (thresholds + 1,)."""
    false_alarm_rate = np.append(0, ranking.false_alarms) / max(ranking.negatives, 1)
    return false_alarm_rate, np.append(0, ranking.hits) / max(ranking.positives, 1)
