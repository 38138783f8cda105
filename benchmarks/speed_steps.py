"""Single measurements of `speed.py`, each in a process of its own; prints JSON.

python benchmarks/speed_steps.py STEP ARGUMENTS…
"""

import json
import resource
import sys
import time
from pathlib import Path

SINGLES = {"textclf": 500, "keras": 60, "scikit-learn": 500}


def encode_textclf(texts: list[str], words: int, tokens: int) -> None:
    """Vocabulary and ids."""
    from textclf.preprocessing.preprocessor import Preprocessor
    from textclf.preprocessing.ragged import concatenate_arrays
    from textclf.preprocessing.tokenizers import TOKENIZERS

    options = TOKENIZERS["word"].Options(vocabulary_size=words, sequence_length=tokens)
    _, parts = Preprocessor.fit_encode(options, texts)
    concatenate_arrays(list(parts), ["token_ids"])


def encode_keras(texts: list[str], words: int, tokens: int) -> None:
    """The same with Keras's Tokenizer and pad_sequences."""
    import keras
    from keras_script import Tokenizer, padded

    del keras
    tokenizer = Tokenizer(num_words=words)
    tokenizer.fit_on_texts(texts)
    padded(tokenizer, texts, tokens)


def encode_scikit_learn(texts: list[str], words: int, tokens: int) -> None:
    """Counts of words: a vocabulary and ids, without their order."""
    from sklearn.feature_extraction.text import CountVectorizer

    del tokens
    CountVectorizer(max_features=words).fit_transform(texts)


def answer_textclf(run: str, train: str):
    """A classifier of ours."""
    import textclf

    del train
    return textclf.load(run).predict


def answer_keras(folder: str, train: str):
    """The saved model of the script."""
    from keras_script import load

    del train
    return load(folder)


def answer_scikit_learn(folder: str, train: str):
    """TF-IDF and logistic regression, fitted here."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    del folder
    texts, labels = read(train)
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels).predict


ENCODERS = {"textclf": encode_textclf, "keras": encode_keras, "scikit-learn": encode_scikit_learn}
ANSWERERS = {"textclf": answer_textclf, "keras": answer_keras, "scikit-learn": answer_scikit_learn}


def read(path: str) -> tuple[list[str], list[str]]:
    """Texts and labels, without importing what would count as memory of another."""
    import csv

    csv.field_size_limit(10**9)
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def encode(system: str, path: str, words: str, tokens: str) -> dict:
    """Seconds of learning a vocabulary and encoding, imports left out."""
    texts, _ = read(path)
    ENCODERS[system](texts[:100], int(words), int(tokens))  # imports, and what is compiled once
    timed = clocks()
    ENCODERS[system](texts, int(words), int(tokens))
    return timed()


def answer(system: str, folder: str, train: str, path: str, repeats: str) -> dict:
    """Seconds of many texts at once, several times, and of each of some alone."""
    texts, truth = read(path)
    predict = ANSWERERS[system](folder, train)
    predict(texts[:300])
    predict(texts[:1])
    every = []
    for _ in range(int(repeats)):
        timed = clocks()
        answers = predict(texts)
        every.append({"texts": len(texts), **timed()})
        every[-1]["accuracy"] = sum(map(str.__eq__, map(str, answers), truth)) / len(texts)
    singles = []
    for text in texts[: SINGLES[system]]:
        started = time.perf_counter()
        predict([text])
        singles.append(time.perf_counter() - started)
    return {"all": every, "singles": singles}


def clocks():
    """A function that says what has passed since: seconds of the wall and of processors."""
    wall, processor = time.perf_counter(), time.process_time()

    def passed() -> dict:
        # Other processes of the step, which textclf does not start, are not counted.
        return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor}

    return passed


if __name__ == "__main__":
    step, *arguments = sys.argv[1:]
    figures = {"encode": encode, "answer": answer}[step](*arguments)
    print(json.dumps({**figures, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
