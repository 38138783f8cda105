"""Linear models by LIBLINEAR (Fan et al. 2008), as scikit-learn has it: one output after the other, until converged."""

import logging
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textclf.core.errors import TrainingError
from textclf.training.fitting.ngram_vectors import NgramVectors

if TYPE_CHECKING:  # TensorFlow is imported without SciPy (`tensorflow_import.py`), and this module with TensorFlow
    from scipy.sparse import csr_matrix

log = logging.getLogger(__name__)
MOST_PASSES = 1000  # over the texts; usual are 10 to 100
# The logit of a label that all of so many training texts have; of a label that none has, it is negative. Logits of a
# hinge lie near -1 and 1. Those of a log loss are as low as the share of a label: with 40 labels, many are below -1.
CERTAIN: dict[str, Callable[[int], float]] = {
    "squared_hinge": lambda _: 1.0,
    "log_loss": lambda num_texts: math.log(2 * num_texts + 1),  # of half a text more on the other side
}


class Problem(NamedTuple):
    """The training texts of a linear model."""

    rows: "csr_matrix | np.ndarray"  # float64 (texts, numbers of a text)
    units: np.ndarray  # 0 and 1 for each output, (texts, outputs)
    weights: np.ndarray | None  # in the loss, (texts, outputs or 1); None: all are 1
    loss: str  # a key of `losses.LOSSES`
    scaling: str  # a key of `SCALINGS`
    seed: int  # of the order in which the solver visits the texts
    vectors: NgramVectors | None = None  # that the solver reads beside the n-grams


class LinearModel(NamedTuple):
    """A solution: the logits of a text are the sum of its numbers, times their weights, plus the bias."""

    weights: np.ndarray  # float32 (numbers of a text, outputs)
    bias: np.ndarray  # float32 (outputs,)


def solve(problem: Problem, strength: float) -> LinearModel:
    """Solve a problem, one output against the others.

    Args:
        strength: inverse of the strength of the L2 regularization, `C` of LIBLINEAR.

    Raises:
        TrainingError: the solution is not finite.
    """
    num_outputs = problem.units.shape[1]
    solution = LinearModel(
        np.empty((problem.rows.shape[1], num_outputs), np.float32), np.empty(num_outputs, np.float32)
    )
    for output in range(num_outputs):
        weights = problem.weights
        of_output = None if weights is None else weights[:, output % weights.shape[1]]
        row, bias = _solve_one(problem, problem.units[:, output], of_output, strength)
        solution.weights[:, output], solution.bias[output] = row, bias
    if not all(np.isfinite(part).all() for part in solution):
        raise TrainingError(
            f"training.inverse_regularization: expected a value that LIBLINEAR can solve, got {strength:g}, of which "
            "the weights are not finite. Remove it, or use a lower value."
        )
    return solution


def predict(model: LinearModel, rows: "csr_matrix | np.ndarray") -> np.ndarray:
    """Return the logits, (texts, outputs)."""
    return np.asarray(rows @ model.weights) + model.bias


def _solve_one(
    problem: Problem, unit: np.ndarray, weights: np.ndarray | None, strength: float
) -> tuple[np.ndarray, float]:
    """Return the weights of the n-grams for one output, and its bias."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    if weights is not None and not weights.all():  # LIBLINEAR leaves out these texts, but counts their labels
        used = weights > 0
        problem, unit, weights = _take(problem, used), unit[used], weights[used]
    if unit.all() or not unit.any():  # a label that every training text has, or none
        return np.zeros(problem.rows.shape[1]), CERTAIN[problem.loss](len(unit)) * (1.0 if unit.any() else -1.0)
    scales = SCALINGS[problem.scaling](problem.rows, unit)
    settings: dict[str, Any] = {
        "C": strength,
        "dual": not isinstance(problem.rows, np.ndarray),  # 4x slower than the primal problem for few dense numbers
        "max_iter": MOST_PASSES,
        "random_state": problem.seed % 2**31,
    }
    hinge = problem.loss == "squared_hinge"
    solver = LinearSVC(**settings) if hinge else LogisticRegression(solver="liblinear", **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said below, in our words
        solver.fit(_with_vectors(_scaled(problem.rows, scales), problem.vectors), unit, weights)
    if np.max(solver.n_iter_) >= MOST_PASSES:
        log.warning("inverse regularization %g: no convergence in %d passes. Try a lower value.", strength, MOST_PASSES)
    num_ngrams = problem.rows.shape[1]
    found = solver.coef_[0, :num_ngrams] * scales
    if problem.vectors:
        found += problem.vectors.of_ngrams @ solver.coef_[0, num_ngrams:].astype(np.float32)
    return found, float(solver.intercept_[0])


def _take(problem: Problem, used: np.ndarray) -> Problem:
    vectors = problem.vectors and problem.vectors._replace(of_rows=problem.vectors.of_rows[used])
    return problem._replace(rows=problem.rows[used], vectors=vectors)


def _with_vectors(rows: "csr_matrix | np.ndarray", vectors: NgramVectors | None) -> "csr_matrix | np.ndarray":
    """Return the rows with the vectors of the texts behind the n-grams."""
    if vectors is None:
        return rows
    from scipy.sparse import csr_matrix, hstack

    return hstack([rows, csr_matrix(vectors.of_rows, dtype=np.float64)], format="csr")


def _scaled(rows: "csr_matrix", scales: np.ndarray | float) -> "csr_matrix":
    """Return the rows with every n-gram scaled; the ids are those of `rows`, not a copy."""
    if isinstance(scales, float):
        return rows
    return type(rows)((rows.data * scales[rows.indices], rows.indices, rows.indptr), shape=rows.shape)


def _naive_bayes(rows: "csr_matrix", unit: np.ndarray) -> np.ndarray:
    """Return the log-count ratio of each n-gram: how much more frequent it is in texts with the label than without.

    The penalty is then smaller for n-grams that separate the labels (NB-SVM, Wang & Manning 2012). They divide each
    row by its length afterwards, for which the sum of n-grams has no place. Here all rows are divided by their mean.
    """
    of_entries = np.repeat(unit, np.diff(rows.indptr))
    positive = 1 + np.bincount(rows.indices, of_entries, minlength=rows.shape[1])
    negative = 2 + np.bincount(rows.indices, minlength=rows.shape[1]) - positive
    ratios = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    length = np.sqrt(np.sum((rows.data * ratios[rows.indices]) ** 2) / rows.shape[0])
    return ratios / length if length > 0 else ratios


# Factors of the n-grams for an output: (rows, 0 and 1 for each row) -> (ngrams,), or 1.0.
SCALINGS: dict[str, Callable] = {"none": lambda *_: 1.0, "naive_bayes": _naive_bayes}
