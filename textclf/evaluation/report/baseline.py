"""What anybody gets in a second: a linear model on tf-idf weights of words and pairs of words."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.text_column import text_array
from textclf.data.dataset import Dataset
from textclf.data.targets import Targets
from textclf.preprocessing.ngrams import Ngrams, learn_ngrams
from textclf.preprocessing.options import NgramOptions, NormalizedOptions

# A report should take seconds: of more characters, texts at equal distances are taken.
MOST_LEARNED, MOST_ASKED = 15_000_000, 5_000_000
MOST_CELLS = 500_000  # texts by labels, where each label has a model of its own


def has_scikit_learn() -> bool:
    """Whether there can be a baseline."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return False
    return True


def linear_baseline(train: Dataset, texts: list[str], targets: Targets) -> tuple[int, np.ndarray, np.ndarray]:
    """A linear support vector machine, learned from the training texts.

    Returns:
        From how many texts it learned; the positions of the texts it was asked for; its answers, class indices
        or bool (asked texts, labels).
    """
    from sklearn.svm import LinearSVC

    columns = len(targets.labels) if targets.many else 1
    train = train.sample(min(_affordable(train.texts, MOST_LEARNED), MOST_CELLS // columns))
    asked = text_array(texts)
    most = _affordable(asked, MOST_ASKED)
    chosen = np.arange(most) * len(texts) // most
    classes = targets.encode(train.labels, rows=train.rows, name=train.name)
    options, normalization = NgramOptions(longest_characters=0), NormalizedOptions()
    ngrams = Ngrams(options, normalization, learn_ngrams(train.texts, options, normalization))
    learned, asked = _matrix(ngrams, train.texts), _matrix(ngrams, asked.take(pa.array(chosen)))
    if not targets.many:
        return len(train), chosen, LinearSVC(C=1).fit(learned, classes).predict(asked)
    answers = np.zeros((len(chosen), columns), bool)
    for label in np.flatnonzero(classes.any(axis=0) & ~classes.all(axis=0)):
        answers[:, label] = LinearSVC(C=1).fit(learned, classes[:, label]).predict(asked)
    return len(train), chosen, answers


def _affordable(texts: pa.LargeStringArray, characters: int) -> int:
    """How many of the texts have so many characters together."""
    total = pc.sum(pc.utf8_length(texts)).as_py() or 1
    return max(2, min(len(texts), len(texts) * characters // total))


def _matrix(ngrams: Ngrams, texts: pa.LargeStringArray):
    """Tf-idf weights as a sparse matrix (texts, n-grams)."""
    from scipy.sparse import csr_matrix

    arrays = ngrams.encode(texts)
    ids, weights = arrays["ngram_ids"], arrays["ngram_weights"]
    return csr_matrix((weights.values, ids.values, ids.offsets), (len(texts), ngrams.num_ids))
