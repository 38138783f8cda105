"""One system on one data set, measured in this process: `accuracy.py` starts one for each.

python benchmarks/measure_one.py SYSTEM FOLDER SEED [FASTTEXT]
"""

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from baselines import BASELINES, read

from textclf.metrics import classification_metrics, multilabel_metrics


def main(system: str, folder: str, seed: str, fasttext: str = "") -> None:
    """Print the figures as JSON."""
    test, truth = read(Path(folder) / "test.csv")
    fit = _fit_textclf if system == "textclf" else _fit_baseline
    started = time.perf_counter()
    answer, size = fit(system, Path(folder), seed, fasttext)
    fitted = time.perf_counter()
    answers = answer(test)
    answered = time.perf_counter()
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    figures = {"seconds": fitted - started, "texts_a_second": len(test) / (answered - fitted), "memory_mb": memory}
    print(json.dumps({**scores(truth, answers), **figures, "size_mb": size() / 1e6}))


def scores(truth: list[list[str]], answers: list[list[str]]) -> dict:
    """Accuracy and macro F1, and what decides which of them says more."""
    import numpy as np

    names = sorted({label for row in truth for label in row} - {""})
    known = {name: number for number, name in enumerate(names)}

    def encoded(rows: list[list[str]]) -> np.ndarray:
        array = np.zeros((len(rows), len(names)))
        for number, row in enumerate(rows):
            array[number, [known[label] for label in row if label in known]] = 1
        return array

    several = any(len(row) != 1 for row in truth)
    measure = multilabel_metrics if several else classification_metrics
    metrics = measure(encoded(truth) if several else encoded(truth).argmax(1), encoded(answers), names)
    majority = Counter(map(tuple, truth)).most_common(1)[0][1] / len(truth)
    kept = {name: metrics[name] for name in ("accuracy", "f1_macro", "f1_micro")}
    return {**kept, "several_labels": several, "majority": majority, "rows": len(truth)}


def _fit_baseline(system: str, folder: Path, seed: str, fasttext: str):
    texts, labels = read(folder / "train.csv")
    model = BASELINES[system](fasttext, any(len(row) != 1 for row in labels))
    model.fit(texts, labels)
    return model.predict, model.size


def _fit_textclf(system: str, folder: Path, seed: str, fasttext: str):
    """`textclf new`, then `textclf train` on what it wrote, only the seed set."""
    files = ["--data", str(folder / "train.csv"), "--test", str(folder / "test.csv")]
    for arguments in (
        ["new", "config.yaml", *files],
        ["train", "config.yaml", "--set", f"seed={seed}", "--run", "run"],
    ):
        subprocess.run([sys.executable, "-m", "textclf", *arguments], check=True, stdout=subprocess.DEVNULL)
    import textclf

    classifier = textclf.load("runs/run")
    several = classifier.targets.many

    def answer(texts: list[str]) -> list[list[str]]:
        return [row if several else [row] for row in classifier.predict(texts)]

    return answer, lambda: sum(file.stat().st_size for file in Path("runs/run/classifier").iterdir())


if __name__ == "__main__":
    main(*sys.argv[1:])
