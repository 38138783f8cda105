"""What a user of PyTorch would write for the training of `keras_script.py`: `speed.py` compares with it.

python benchmarks/torch_script.py train TRAIN VALIDATION FOLDER --words N --tokens N --epochs N
"""

import argparse
import csv
import json
import re
from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

csv.field_size_limit(10**9)
WORD = re.compile(r"[\w']+")


class Network(nn.Module):
    """(texts, tokens) -> (texts, outputs), logits."""

    def __init__(self, words: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 64)
        self.lstm = nn.LSTM(64, 64, batch_first=True)
        self.output = nn.Linear(64, outputs)
        draw_as_keras(self)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The last state of the LSTM decides."""
        _, (state, _) = self.lstm(self.embedding(rows))
        return self.output(state[-1])


def draw_as_keras(model: Network) -> None:
    """The first weights as Keras draws them; with PyTorch's own, three epochs leave the accuracy far below Keras's."""
    nn.init.uniform_(model.embedding.weight, -0.05, 0.05)
    nn.init.xavier_uniform_(model.lstm.weight_ih_l0)
    nn.init.orthogonal_(model.lstm.weight_hh_l0)
    nn.init.xavier_uniform_(model.output.weight)
    for bias in (model.lstm.bias_ih_l0, model.lstm.bias_hh_l0, model.output.bias):
        nn.init.zeros_(bias)
    nn.init.ones_(model.lstm.bias_ih_l0.data[64:128])  # of the forget gate


def read(path: str) -> tuple[list[str], list[str]]:
    """Texts and labels."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def learn_vocabulary(texts: list[str], words: int) -> dict[str, int]:
    """The most frequent words, from 1 on; 0 pads."""
    counts = Counter(word for text in texts for word in WORD.findall(text.lower()))
    return {word: number for number, (word, _) in enumerate(counts.most_common(words - 1), start=1)}


def padded(vocabulary: dict[str, int], texts: list[str], tokens: int) -> torch.Tensor:
    """Texts -> (texts, tokens); as in Keras unknown words are left out, cut and padded is the front."""
    rows = []
    for text in texts:
        ids = [vocabulary[word] for word in WORD.findall(text.lower()) if word in vocabulary][-tokens:]
        rows.append([0] * (tokens - len(ids)) + ids)
    return torch.tensor(rows)


def fit_epoch(model: Network, batches: DataLoader, loss_of, optimizer: torch.optim.Optimizer) -> None:
    """One pass over the training texts."""
    model.train()
    for rows, classes in batches:
        optimizer.zero_grad()
        loss_of(model(rows), classes).backward()
        optimizer.step()


def accuracy_of(model: Network, batches: DataLoader) -> float:
    """The share of right answers."""
    model.eval()
    right = 0
    with torch.no_grad():
        for rows, classes in batches:
            logits = model(rows)
            chosen = logits.argmax(dim=1, keepdim=True) if logits.shape[1] > 1 else logits > 0
            right += (chosen == classes.view(-1, 1)).sum().item()
    return right / len(batches.dataset)


def train(arguments) -> None:
    """Vocabulary, fixed padding, Embedding 64, LSTM 64, Linear; the usual loop."""
    torch.manual_seed(arguments.seed)
    texts, labels = read(arguments.train)
    validation_texts, validation_labels = read(arguments.validation)
    vocabulary, names = learn_vocabulary(texts, arguments.words), sorted(set(labels))
    several = len(names) > 2

    def batches(texts: list[str], labels: list[str], *, shuffle: bool) -> DataLoader:
        classes = torch.tensor([names.index(label) for label in labels])
        if not several:
            classes = classes.float().unsqueeze(1)
        rows = padded(vocabulary, texts, arguments.tokens)
        return DataLoader(TensorDataset(rows, classes), batch_size=32, shuffle=shuffle)

    training = batches(texts, labels, shuffle=True)
    validation = batches(validation_texts, validation_labels, shuffle=False)
    model = Network(arguments.words, len(names) if several else 1)
    loss_of = nn.CrossEntropyLoss() if several else nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(arguments.epochs):
        fit_epoch(model, training, loss_of, optimizer)
        print(f"epoch {epoch + 1} accuracy {accuracy_of(model, validation):.4f}", flush=True)
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "about.json").write_text(
        json.dumps({"labels": names, "tokens": arguments.tokens, "vocabulary": vocabulary})
    )


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["train"])
    for name in ("train", "validation", "folder"):
        parser.add_argument(name)
    for name, default in (("words", 20000), ("tokens", 256), ("epochs", 3), ("seed", 42)):
        parser.add_argument(f"--{name}", type=int, default=default)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
