"""What one would pick instead of textclf, with fixed settings: TF-IDF with linear models, and the fastText program."""

import csv
import re
import subprocess
import sys
from pathlib import Path

CJK = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
WORDS = r"(?u)\w+|[^\w\s]"
FASTTEXT = "fastText"
UNLABELLED = "unlabelled.csv"  # beside train.csv: texts without labels


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Texts and the labels of each."""
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row.get("label", "").split("|") for row in rows]


def word_tfidf():
    """Words and pairs of words; Chinese and Japanese characters are words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORDS, preprocessor=spaced)


def character_tfidf():
    """Two to five characters within words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=1_000_000)


def joined_tfidf():
    """Words and characters side by side."""
    from sklearn.pipeline import FeatureUnion

    return FeatureUnion([("words", word_tfidf()), ("characters", character_tfidf())])


def spaced(text: str) -> str:
    """Lower case, with spaces around Chinese and Japanese characters."""
    return CJK.sub(r" \1 ", text.lower())


class Linear:
    """A vectorizer and a linear model; one for each label where there are several a text."""

    def __init__(self, vectorizer, several: bool, model=None):
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.preprocessing import MultiLabelBinarizer
        from sklearn.svm import LinearSVC

        self.vectorizer = vectorizer()
        model = model or LinearSVC(C=1)
        self.model = OneVsRestClassifier(model) if several else model
        self.labels = MultiLabelBinarizer() if several else None

    def fit(self, texts: list[str], labels: list[list[str]]) -> None:
        """Learn."""
        truth = self.labels.fit_transform(labels) if self.labels else [label for (label,) in labels]
        self.model.fit(self.vectorizer.fit_transform(texts), truth)

    def predict(self, texts: list[str]) -> list[list[str]]:
        """The labels of each text."""
        answers = self.model.predict(self.vectorizer.transform(texts))
        return [list(row) for row in self.labels.inverse_transform(answers)] if self.labels else [[x] for x in answers]

    def size(self) -> int:
        """Bytes of the pickled pipeline."""
        import pickle

        return len(pickle.dumps((self.vectorizer, self.model)))


def logistic_regression():
    """Logistic regression with C 10, one label against the rest."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    return OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear"))


class SelfTrained(Linear):
    """Logistic regression that learns from its own answers to texts without labels, if it is certain of them."""

    def __init__(self):
        super().__init__(joined_tfidf, False)

    def fit_more(self, texts: list[str], labels: list[list[str]], unlabelled: list[str]) -> None:
        """Learn."""
        import numpy as np
        from sklearn.semi_supervised import SelfTrainingClassifier

        names = sorted({label for (label,) in labels})
        truth = np.array([names.index(label) for (label,) in labels] + [-1] * len(unlabelled))
        rows = self.vectorizer.fit_transform([*texts, *unlabelled])
        self.model = SelfTrainingClassifier(logistic_regression(), threshold=0.75).fit(rows, truth)
        self.names = names

    def predict(self, texts: list[str]) -> list[list[str]]:
        """The label of each text."""
        return [[self.names[number]] for number in self.model.predict(self.vectorizer.transform(texts))]


class FastText:
    """The command-line program: 25 epochs, learning rate 0.5, pairs of words; several labels by one-vs-all."""

    def __init__(self, program: str, several: bool):
        self.program, self.several = program, several

    def fit(self, texts: list[str], labels: list[list[str]]) -> None:
        """Learn."""
        self.write(texts, labels, Path("train.txt"))
        loss = ["-loss", "ova"] if self.several else []
        settings = ["-epoch", "25", "-lr", "0.5", "-wordNgrams", "2", "-thread", "2", *loss]
        command = [self.program, "supervised", "-input", "train.txt", "-output", "model", *settings]
        subprocess.run(command, check=True, capture_output=True)

    def write(self, texts: list[str], labels: list[list[str]], path: Path) -> None:
        """Write texts and labels in the form of the program."""
        lines = (
            f"{' '.join(f'__label__{_name(x)}' for x in row)} {_separated(text)}"
            for text, row in zip(texts, labels, strict=True)
        )
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.names = {_name(label): label for row in labels for label in row}

    def predict(self, texts: list[str]) -> list[list[str]]:
        """The labels of each text: the best, or those of at least one half."""
        Path("test.txt").write_text("\n".join(map(_separated, texts)) + "\n", encoding="utf-8")
        how = ["-1", "0.5"] if self.several else ["1"]
        command = [self.program, "predict", "model.bin", "test.txt", *how]
        answers = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        return [[self.names[part.removeprefix("__label__")] for part in line.split()] for line in answers]

    def size(self) -> int:
        """Bytes of the model file."""
        return Path("model.bin").stat().st_size


def _name(label: str) -> str:
    return label.replace(" ", "_")


def _separated(text: str) -> str:
    return " ".join(re.findall(WORDS, spaced(text)))


# Name -> (path of the fastText program, whether a text has several labels) -> what fits and predicts.
BASELINES = {
    "TF-IDF of words": lambda _, several: Linear(word_tfidf, several),
    "TF-IDF of characters": lambda _, several: Linear(character_tfidf, several),
    "TF-IDF of both": lambda _, several: Linear(joined_tfidf, several),
    "TF-IDF of both, logistic": lambda _, several: Linear(joined_tfidf, several, logistic_regression()),
    FASTTEXT: FastText,
}
SELF_TRAINED = "TF-IDF of both, self-trained"  # of sets with texts without labels
