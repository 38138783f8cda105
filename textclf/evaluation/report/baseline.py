"""The baseline of the report: a linear model on tf-idf weights of words and word pairs, trained in seconds."""

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.text_column import text_array
from textclf.data.dataset import Dataset
from textclf.data.targets import Targets
from textclf.preprocessing.ngrams import Ngrams, learn_ngrams, sparse_matrix
from textclf.preprocessing.options import NgramOptions, NormalizedOptions

# A report should take seconds: of longer data, texts at equal distances are taken.
MOST_TRAINED, MOST_PREDICTED = 15_000_000, 5_000_000  # characters
MOST_CELLS = 500_000  # texts x labels of a multi-label classifier, where each label has its own model


def linear_baseline(train: Dataset, texts: list[str], targets: Targets) -> tuple[int, np.ndarray, np.ndarray]:
    """Train a linear support vector machine on the training texts, and predict the labels of other texts.

    Returns:
        The number of texts it was trained on; the positions of the texts whose labels it predicted; the predicted class
        indices, or bool (predicted texts, labels).
    """
    from sklearn.svm import LinearSVC

    columns = len(targets.labels) if targets.multilabel else 1
    train = train.sample(min(_affordable(train.texts, MOST_TRAINED), MOST_CELLS // columns))
    others = text_array(texts)
    most = _affordable(others, MOST_PREDICTED)
    chosen = np.arange(most) * len(texts) // most
    classes = targets.encode(train.labels, rows=train.rows, name=train.name)
    options, normalization = NgramOptions(longest_characters=0), NormalizedOptions()
    ngrams = Ngrams(options, normalization, learn_ngrams(train.texts, options, normalization))
    columns_of_text = train.texts, others.take(pa.array(chosen))
    train_matrix, other_matrix = (sparse_matrix(ngrams.encode(part), ngrams.num_ids) for part in columns_of_text)

    def predicted_by(column: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(action="ignore"):  # scikit-learn's advice, such as for few texts a label
            return LinearSVC(C=1).fit(train_matrix, column).predict(other_matrix)

    if not targets.multilabel:
        return len(train), chosen, predicted_by(classes)
    predicted = np.zeros((len(chosen), columns), bool)
    for label in np.flatnonzero(classes.any(axis=0) & ~classes.all(axis=0)):
        predicted[:, label] = predicted_by(classes[:, label])
    return len(train), chosen, predicted


def _affordable(texts: pa.LargeStringArray, characters: int) -> int:
    """Return how many texts have this many characters in total, at their mean length."""
    total = pc.sum(pc.utf8_length(texts)).as_py() or 1
    return max(2, min(len(texts), len(texts) * characters // total))
