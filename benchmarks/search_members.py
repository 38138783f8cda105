"""The candidates of `recipe_search.py`: functions that fit one model to a fold, and return logits of its held-out rows.

Linear models read the n-grams of textclf, each row of length one, unless the name begins with `sklearn`.
"""

import csv
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from baselines import character_tfidf, word_tfidf

import textclf
from textclf.core.text_column import text_array
from textclf.preprocessing.ngrams import Ngrams, learn_ngrams, sparse_matrix
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.tokenizers import TOKENIZERS
from textclf.training.fitting.liblinear import SCALINGS, Problem, predict, solve

SMALLEST = 1e-12  # probability whose logarithm is taken


class Fold(NamedTuple):
    """The texts of one fold, and the other texts with their truth."""

    texts: list[str]
    truth: np.ndarray  # class indices (rows,), or 0 and 1 for every label
    labels: list[str]  # as in the file, of each text
    held_out: list[str]
    num_outputs: int
    seed: int
    features: dict  # of each kind, as they are made

    @property
    def units(self) -> np.ndarray:
        """0 and 1 for every output of the model, (rows, outputs)."""
        if self.truth.ndim == 2:
            return self.truth.astype(np.int8)
        classes = [1] if self.num_outputs == 1 else np.arange(self.num_outputs)
        return (self.truth[:, None] == classes).astype(np.int8)


def ngrams(fold: Fold, **options) -> list[sparse.csr_matrix]:
    """The n-grams of the training texts and of the held-out ones, as rows of length one."""
    settings, normalization = NgramOptions(**options), TOKENIZERS["word"].Options()
    columns = text_array(fold.texts), text_array(fold.held_out)
    learned = Ngrams(settings, normalization, learn_ngrams(columns[0], settings, normalization))
    return [sparse_matrix(learned.encode(column), learned.num_ids).astype(np.float64) for column in columns]


def sklearn_features(fold: Fold) -> list[sparse.csr_matrix]:
    """What a user of scikit-learn writes: words, and characters within words, side by side, each of length one."""
    vectorizers = word_tfidf(), character_tfidf()
    train = sparse.hstack([vectorizer.fit_transform(fold.texts) for vectorizer in vectorizers], format="csr")
    return [train, sparse.hstack([vectorizer.transform(fold.held_out) for vectorizer in vectorizers], format="csr")]


FEATURES: dict[str, Callable[[Fold], list[sparse.csr_matrix]]] = {
    "all": partial(ngrams, min_frequency=1),
    "frequency 2": partial(ngrams, min_frequency=2),
    "words": partial(ngrams, min_frequency=1, longest_characters=0),
    "characters": partial(ngrams, min_frequency=1, longest_words=0),
    "words 1-3": partial(ngrams, min_frequency=1, longest_words=3),
    "characters 1-4": partial(ngrams, min_frequency=1, shortest_characters=1, longest_characters=4),
    "characters 3-5": partial(ngrams, min_frequency=1, shortest_characters=3),
    "characters 2-6": partial(ngrams, min_frequency=1, longest_characters=6),
    "sklearn": sklearn_features,
}


def features_of(fold: Fold, name: str) -> list[sparse.csr_matrix]:
    """The features of the training texts and of the held-out ones, made once a fold."""
    if name not in fold.features:
        fold.features[name] = FEATURES[name](fold)
    return fold.features[name]


# Name -> loss, scaling and inverse regularization.
SOLVERS = {
    **{f"svm {strength:g}": ("squared_hinge", "none", strength) for strength in (0.25, 0.5, 1, 2, 4)},
    **{f"ratios {strength:g}": ("squared_hinge", "naive_bayes", strength) for strength in (0.25, 1)},
    "logistic 8": ("log_loss", "none", 8.0),
}


def linear(fold: Fold, features: str, solver: str) -> np.ndarray:
    """The logits of one of `SOLVERS` on some of `FEATURES`."""
    train, held_out = features_of(fold, features)
    loss, scaling, strength = SOLVERS[solver]
    return predict(solve(Problem(train, fold.units, None, loss, scaling, seed=0), strength), held_out)


def nb_svm(fold: Fold, features: str, strength: float, *, own_length: bool) -> np.ndarray:
    """The logits of NB-SVM (Wang & Manning 2012): each row of ratios is divided by its length to fit the SVM.

    Args:
        own_length: divide held-out rows by their length as well, or all of them by the mean length of training rows.
            Only the second is a linear model of the n-grams.
    """
    from sklearn.preprocessing import normalize
    from sklearn.svm import LinearSVC

    train, held_out = features_of(fold, features)
    logits = np.empty((held_out.shape[0], fold.num_outputs))
    for output in range(fold.num_outputs):
        unit = fold.units[:, output]
        ratios = SCALINGS["naive_bayes"](train, unit)
        rows, others = train * sparse.diags_array(ratios), held_out * sparse.diags_array(ratios)  # mean length 1
        solver = LinearSVC(C=strength, random_state=0).fit(normalize(rows), unit)
        logits[:, output] = solver.decision_function(normalize(others) if own_length else others)
    return logits


def network(fold: Fold, model: dict, training: dict) -> np.ndarray:
    """The logits of a network of textclf, its best epoch found on a tenth of the texts."""
    several = fold.truth.ndim == 2
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *zip(fold.texts, fold.labels, strict=True)])
        config = {
            "seed": fold.seed,
            "data": {"train": str(path), "validation": 0.1, "format": "csv"},
            "targets": {"type": "multilabel"} if several else {},
            "preprocessing": {"sequence_length": 128},
            "model": model,
            "training": training,
        }
        run = textclf.train(config, run=Path(folder).name)
        classifier, temperature = textclf.load(run), run.read_metadata()["temperature"]
    probabilities = np.clip(classifier.predict_proba(fold.held_out).astype(np.float64), SMALLEST, 1 - SMALLEST)
    if several:
        return temperature * np.log(probabilities / (1 - probabilities))
    if fold.num_outputs == 1:
        return temperature * np.log(probabilities[:, 1:] / probabilities[:, :1])
    return temperature * np.log(probabilities)


CNN = {"architecture": "cnn", "embedding_dim": 100, "filters": 100, "widths": [2, 3, 4], "dropout": 0.5}
STOPPING = {"epochs": 15, "batch_size": 32, "clip_norm": 1.0, "early_stopping": {"metric": "loss", "patience": 2}}
ADAGRAD = {
    "optimizer": "adagrad", "learning_rate": 0.25, "schedule": "linear", "initial_accumulator": 1e-6, "clip_norm": None,
    "batch_size": 32, "epochs": 5, "early_stopping": None,
}  # fmt: skip
MEMBERS: dict[str, Callable[[Fold], np.ndarray]] = {
    **{
        f"{features}/{solver}": partial(linear, features=features, solver=solver)
        for features in FEATURES
        for solver in SOLVERS
    },
    **{
        f"{features}/nb-svm {strength:g}{length}": partial(
            nb_svm, features=features, strength=strength, own_length=bool(length)
        )
        for features in ("all", "words", "characters")
        for strength in (0.1, 0.25, 0.5, 1)
        for length in ("", " own length")
    },
    "adagrad": partial(network, model={"architecture": "ngrams", "dropout": 0.5}, training=ADAGRAD),
    "cnn": partial(network, model=CNN, training=STOPPING),
}
