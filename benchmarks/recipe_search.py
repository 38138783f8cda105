"""Cross-validate candidates for the recipe of `textclf new` on the train file of every data set below a folder.

    python benchmarks/recipe_search.py --data DIR --work DIR [--sets SET...] [--members MEMBER...]

DIR has a folder for every set with a train.csv (columns text and label; several labels joined by |). No test file is
read. A member is one model: its logits for the rows of every fold, to which it was not fitted, are kept in WORK, and a
line is printed for each. A recipe is a list of members; the weights for each fold are fitted on the other folds. In the
end the script names the recipe with the best mean, and what a set loses when the recipe is chosen without it.
"""

import argparse
import logging
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from accuracy import BY_MACRO_F1, UNEVEN
from baselines import read
from search_members import MEMBERS, Fold

from textclf.training.fitting.ensemble import combine_logits, fit_ensemble_weights

FOLDS = 4
MOST_ROWS, MOST_CHARACTERS = 6_000, 2_000_000  # of a set: so much is measured in minutes
MOST_FITTED = 1_000  # rows to which weights are fitted: as many as a validation split has
DEFAULT = ("adagrad", "all/svm 0.5", "all/svm 2", "all/ratios 0.25", "sklearn/svm 1", "cnn")
RECIPES = {
    "until 2026-11-26": ("adagrad", "cnn"),
    "svm of sklearn": ("sklearn/svm 1",),
    "svm": ("all/svm 2",),
    "svm, ratios": ("all/svm 2", "all/ratios 0.25"),
    "svm, cnn": ("all/svm 2", "cnn"),
    "svm, ratios, cnn": ("all/svm 2", "all/ratios 0.25", "cnn"),
    "svm, nb-svm, cnn": ("all/svm 2", "all/nb-svm 0.25", "cnn"),
    "svm, nb-svm of characters, cnn": ("all/svm 2", "characters/nb-svm 0.25", "cnn"),
    "svm, ratios, nb-svm of characters, cnn": ("all/svm 2", "all/ratios 0.25", "characters/nb-svm 0.25", "cnn"),
}


class Texts(NamedTuple):
    """The rows of a set, and the fold of each."""

    name: str
    texts: list[str]
    labels: list[str]  # as in the file
    truth: np.ndarray  # class indices (rows,), or 0 and 1 for every label
    folds: np.ndarray
    num_outputs: int

    def fold(self, number: int, features: dict) -> Fold:
        """The rows of one fold, and the others with their truth."""
        rest, held_out = np.flatnonzero(self.folds != number), np.flatnonzero(self.folds == number)
        texts, others = [self.texts[row] for row in rest], [self.texts[row] for row in held_out]
        labels = [self.labels[row] for row in rest]
        return Fold(texts, self.truth[rest], labels, others, self.num_outputs, number, features)


def read_set(folder: Path) -> Texts:
    """A sample of the train file, in stratified folds; without rows of labels that a fold would lack."""
    texts, labels = read(folder / "train.csv")
    rows = [row for row in np.random.default_rng(0).permutation(len(texts)) if texts[row].strip()]
    size = np.mean([len(texts[row]) for row in rows])
    rows = rows[: min(MOST_ROWS, int(MOST_CHARACTERS / size))]
    several = any(len(row) != 1 for row in labels)
    names, counts = np.unique([label for row in rows for label in labels[row]], return_counts=True)
    names = [str(name) for name in names[counts >= 2 * FOLDS]]
    rows = [row for row in rows if all(label in names for label in labels[row])]
    folds = np.arange(len(rows)) % FOLDS
    if several:
        truth = np.array([[float(name in labels[row]) for name in names] for row in rows], np.float32)
    else:
        truth = np.array([names.index(labels[row][0]) for row in rows])
        folds[np.argsort(truth, kind="stable")] = np.arange(len(rows)) % FOLDS
    outputs = 1 if not several and len(names) == 2 else len(names)
    of_rows = ["|".join(labels[row]) for row in rows]
    return Texts(folder.name, [texts[row] for row in rows], of_rows, truth, folds, outputs)


def logits_of(given: Texts, member: str, work: Path, features: list[dict]) -> tuple[np.ndarray, float]:
    """The out-of-fold logits of a member, (rows, outputs), from the folder if it has them; and seconds, 0 if so."""
    path = work / given.name / f"{member.replace('/', '+')}.npy"
    if path.exists():
        return np.load(path), 0.0
    started, logits = time.perf_counter(), np.empty((len(given.texts), given.num_outputs))
    for number in range(FOLDS):
        logits[given.folds == number] = MEMBERS[member](given.fold(number, features[number]))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, logits)
    return logits, time.perf_counter() - started


def joined(given: Texts, logits: list[np.ndarray]) -> np.ndarray:
    """The sum of logits, for each fold by the weights that are best on rows of the other folds."""
    activation = "softmax" if given.num_outputs > 1 and given.truth.ndim == 1 else "sigmoid"
    sums = np.empty_like(logits[0])
    for number in range(FOLDS):
        own, rest = given.folds == number, np.flatnonzero(given.folds != number)[:MOST_FITTED]
        weights = fit_ensemble_weights([values[rest] for values in logits], given.truth[rest], activation)
        sums[own] = combine_logits([values[own] for values in logits], weights)
    return sums


def score(given: Texts, logits: np.ndarray) -> float:
    """Accuracy at a logit of 0, or macro F1, in percent."""
    from sklearn.metrics import f1_score

    several = given.truth.ndim == 2
    answers = (logits > 0) * 1 if several or given.num_outputs == 1 else logits.argmax(axis=1)
    truth, answers = given.truth.astype(int), answers.reshape(given.truth.shape)
    if given.name in BY_MACRO_F1 or several or np.bincount(truth).max() >= UNEVEN * len(truth):
        return 100 * f1_score(truth, answers, average="macro", zero_division=0)
    return 100 * float((truth == answers).mean())


def without_each(scores: dict[str, dict[str, float]]) -> None:
    """Print the best recipe over all sets, and for each set that of the others, with the points it loses there."""
    recipes = list(next(iter(scores.values())))

    def best(names: list[str]) -> str:
        return max(recipes, key=lambda recipe: np.mean([scores[name][recipe] for name in names]))

    chosen = best(list(scores))
    print(f"best mean of {len(scores)} sets: {chosen}")
    for name in scores:
        of_others = best([other for other in scores if other != name])
        lost = scores[name][chosen] - scores[name][of_others]
        print(f"  chosen without {name}: {of_others}, {lost:.2f} points lost on it")


def main() -> None:
    """Fit what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--sets", nargs="+", default=[])
    parser.add_argument("--members", nargs="+", default=DEFAULT, choices=MEMBERS, metavar="MEMBER")
    given = parser.parse_args()
    data, work = given.data.resolve(), given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    logging.getLogger("textclf").setLevel(logging.ERROR)
    scores: dict[str, dict[str, float]] = {}
    for name in given.sets or sorted(path.parent.name for path in data.glob("*/train.csv")):
        texts, features, logits = read_set(data / name), [{} for _ in range(FOLDS)], {}
        for member in given.members:
            logits[member], seconds = logits_of(texts, member, work, features)
            line = f"{name:20} {len(texts.texts):5} {member:24} {score(texts, logits[member]):6.2f} {seconds:6.1f} s"
            print(line, flush=True)
        scores[name] = {
            recipe: score(texts, joined(texts, [logits[member] for member in members]))
            for recipe, members in RECIPES.items()
            if logits.keys() >= set(members)
        }
        print(f"{name:20}", *(f"{recipe}: {value:.2f};" for recipe, value in scores[name].items()), flush=True)
    if len(scores) > 1 and scores[name]:
        without_each(scores)


if __name__ == "__main__":
    main()
