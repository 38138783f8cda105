"""Memory and time of encoding, of an epoch and of `predict`, for more and more rows of the same texts.

    python benchmarks/scale.py --texts FILE.csv [--rows 100000 1000000 5000000]

FILE has the columns text and label. A row is two texts of it, drawn with replacement, one after the other, and the
label of the first: hardly any two are equal, and there are no more different words in many rows than in few.
Every step is a process of its own; its peak is the resident memory that the system counted.
"""

import argparse
import csv
import datetime
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

# What `textclf train` does before TensorFlow starts; the 10,000 rows beside are validated on by every size alike.
ENCODE = """
from pathlib import Path
from textclf.preprocessing.cache import encoded_texts
from textclf.config.config import load_config
from textclf.data.loading import read_splits
config = load_config("config.yaml")
splits, _ = read_splits(config.data, config.targets, config.seed)
encoded_texts(config.preprocessing, {name: dataset.texts for name, dataset in splits.items()}, Path("cache"))
"""
CONFIG = """
data: {train: train.csv, validation: validation.csv}
preprocessing: {tokenizer: word, vocabulary_size: 20000, sequence_length: 16}
model: {architecture: cnn, embedding_dim: 16, filters: 16}
training: {epochs: 1, batch_size: 512}
"""
TEXTCLF = [sys.executable, "-m", "textclf"]
STEPS = {
    "encoding": [sys.executable, "-c", ENCODE],
    "training, one epoch": [*TEXTCLF, "train", "config.yaml", "--run", "run"],
    "predict": [*TEXTCLF, "predict", "--run", "run", "--file", "train.csv", "--output", "answers.txt"],
}
VALIDATION_ROWS = 10_000


class Measured(NamedTuple):
    """One step at one size."""

    megabytes: float
    seconds: float
    processor_seconds: float  # of all cores; other programs on the machine do not lengthen them much


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, help="CSV with the columns text and label")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 5_000_000])
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with arguments.texts.open(encoding="utf-8", newline="") as stream:
        texts = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    measured = {rows: measure(texts, rows, arguments.steps) for rows in arguments.rows}
    print("\n| step | rows | peak memory | of the smallest | seconds | CPU seconds | … a million rows |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for step in arguments.steps:
        smallest = measured[arguments.rows[0]][step].megabytes
        for rows, steps in measured.items():
            megabytes, seconds, processor = steps[step]
            ratio, speed = megabytes / smallest, processor / rows * 1e6
            times = f"{seconds:.0f} | {processor:.0f} | {speed:.0f}"
            print(f"| {step} | {rows:,} | {megabytes:.0f} MB | {ratio:.2f} | {times} |")


def measure(texts: list[tuple[str, str]], rows: int, steps: list[str]) -> dict[str, Measured]:
    """Steps on so many rows, in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.yaml").write_text(CONFIG, encoding="utf-8")
        for name, count in (("train.csv", rows), ("validation.csv", VALIDATION_ROWS)):
            write_rows(Path(folder, name), texts, count)
        measured = {}
        for step in steps:
            measured[step] = run(STEPS[step], folder)
            print(f"{rows:,} rows, {step}: {measured[step]}", file=sys.stderr, flush=True)
    return measured


def write_rows(path: Path, texts: list[tuple[str, str]], count: int) -> None:
    """A file of pairs of texts, drawn with replacement."""
    choose = random.Random(count).choices
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for start in range(0, count, 10_000):
            first, second = (choose(texts, k=min(10_000, count - start)) for _ in range(2))
            pairs = zip(first, second, strict=True)
            writer.writerows([f"{text} {more}", label] for (text, label), (more, _) in pairs)


def run(command: list[str], folder: str) -> Measured:
    """A process from its start to its end, its children's memory not counted."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command}: {errors.decode(errors='replace')}")
    return Measured(usage.ru_maxrss / 1024, time.perf_counter() - started, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    main()
