"""Write toy_vectors/english.vec: word vectors learned from the English toy training texts. Needs numpy only.

Positive pointwise mutual information of words at most four tokens apart, reduced to 16 numbers a word by a singular
value decomposition (Levy & Goldberg 2014). The file has the text format of word2vec and fastText.
"""

import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent
SETS = ("toy_en", "toy_topics", "toy_aspects")
DIM, WINDOW, MIN_COUNT = 16, 4, 2


def read_tokens() -> list[list[str]]:
    """Return the lower-case tokens of every training text; test texts are not read."""
    texts = []
    for name in SETS:
        with (DATA / name / "train.csv").open(encoding="utf-8", newline="") as stream:
            texts += [re.findall(r"\w+|[^\w\s]", row["text"].lower()) for row in csv.DictReader(stream)]
    return texts


def learn_vectors(texts: list[list[str]]) -> tuple[list[str], np.ndarray]:
    """Return the words that occur at least MIN_COUNT times, most frequent first, and a row of DIM numbers for each."""
    counts = Counter(token for text in texts for token in text)
    words = sorted((word for word in counts if counts[word] >= MIN_COUNT), key=lambda word: (-counts[word], word))
    rows = {word: row for row, word in enumerate(words)}
    pairs = np.zeros((len(words), len(words)))
    for text in texts:
        ids = [rows.get(token) for token in text]
        for place, row in enumerate(ids):
            for other in ids[place + 1 : place + 1 + WINDOW]:
                if row is not None and other is not None:
                    pairs[row, other] += 1
                    pairs[other, row] += 1
    totals = np.maximum(pairs.sum(axis=1), 1)
    expected = np.outer(totals, totals) / totals.sum()
    left, sizes, _ = np.linalg.svd(np.log(np.maximum(pairs / expected, 1)))
    vectors = left[:, :DIM] * np.sqrt(sizes[:DIM])
    return words, vectors / vectors.std()


def write_vectors() -> None:
    """Write the vectors with two decimals."""
    words, vectors = learn_vectors(read_tokens())
    rows = [" ".join([word, *(f"{number:.2f}" for number in row)]) for word, row in zip(words, vectors, strict=True)]
    (DATA / "toy_vectors/english.vec").write_text("\n".join([f"{len(words)} {DIM}", *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    write_vectors()
