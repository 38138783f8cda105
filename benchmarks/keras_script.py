"""What a user of Keras would write: `speed.py` compares with it. Reads CSV with the columns text and label.

python benchmarks/keras_script.py train TRAIN VALIDATION FOLDER --words N --tokens N --epochs N
python benchmarks/keras_script.py predict FOLDER TEXT
"""

import argparse
import csv
import json
import os
import pickle
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras.src.legacy.preprocessing.text import Tokenizer

csv.field_size_limit(10**9)


def read(path: str) -> tuple[list[str], list[str]]:
    """Texts and labels."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def padded(tokenizer: Tokenizer, texts: list[str], tokens: int) -> np.ndarray:
    """Texts -> (texts, tokens)."""
    return keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=tokens)


def train(arguments) -> None:
    """Tokenizer, fixed padding, Embedding 64, LSTM 64, Dense; the usual settings of `fit`."""
    keras.utils.set_random_seed(arguments.seed)
    texts, labels = read(arguments.train)
    validation_texts, validation_labels = read(arguments.validation)
    tokenizer = Tokenizer(num_words=arguments.words)
    tokenizer.fit_on_texts(texts)
    names = sorted(set(labels))
    rows, validation_rows = (padded(tokenizer, part, arguments.tokens) for part in (texts, validation_texts))
    classes, validation_classes = (np.array([names.index(label) for label in part])
                                   for part in (labels, validation_labels))  # fmt: skip
    several = len(names) > 2
    output = keras.layers.Dense(len(names) if several else 1, activation="softmax" if several else "sigmoid")
    model = keras.Sequential([keras.layers.Embedding(arguments.words, 64), keras.layers.LSTM(64), output])
    loss = "sparse_categorical_crossentropy" if several else "binary_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    said = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: print(f"epoch {epoch + 1} accuracy {logs['val_accuracy']:.4f}", flush=True)
    )
    model.fit(
        rows, classes, batch_size=32, epochs=arguments.epochs, verbose=0, callbacks=[said],
        validation_data=(validation_rows, validation_classes),
    )  # fmt: skip
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    (folder / "tokenizer.pickle").write_bytes(pickle.dumps(tokenizer))
    (folder / "about.json").write_text(json.dumps({"labels": names, "tokens": arguments.tokens}))


def load(folder: str):
    """A function from texts to labels."""
    about = json.loads((Path(folder) / "about.json").read_text())
    model = keras.models.load_model(Path(folder) / "model.keras")
    tokenizer = pickle.loads((Path(folder) / "tokenizer.pickle").read_bytes())

    def answer(texts: list[str]) -> list[str]:
        outputs = model.predict(padded(tokenizer, texts, about["tokens"]), verbose=0)
        chosen = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(int)
        return [about["labels"][number] for number in chosen]

    return answer


def main() -> None:
    """Train, or answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    for name in ("train", "validation", "folder"):
        training.add_argument(name)
    for name, default in (("words", 20000), ("tokens", 256), ("epochs", 3), ("seed", 42)):
        training.add_argument(f"--{name}", type=int, default=default)
    predicting = commands.add_parser("predict")
    predicting.add_argument("folder")
    predicting.add_argument("text")
    arguments = parser.parse_args()
    if arguments.command == "train":
        train(arguments)
    else:
        print(load(arguments.folder)([arguments.text])[0])


if __name__ == "__main__":
    main()
