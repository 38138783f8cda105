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

from baselines import BASELINES, SELF_TRAINED, UNLABELLED, SelfTrained, read

OURS = "textclf"  # "textclf + NAME" is the same with a pretrained encoder
OURS_WITH_UNLABELLED = f"{OURS} + unlabelled texts"


def main(system: str, folder: str, seed: str, fasttext: str = "") -> None:
    """Print the figures as JSON."""
    test, truth = read(Path(folder) / "test.csv")
    fit = _fit_textclf if system.startswith(OURS) else _fit_baseline
    started = time.perf_counter()
    answer, size = fit(system, Path(folder), seed, fasttext)
    fitted = time.perf_counter()
    answers = answer(test)
    answered = time.perf_counter()
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    figures = {"seconds": fitted - started, "texts_a_second": len(test) / (answered - fitted), "memory_mb": memory}
    figures |= {"size_mb": size() / 1e6, "answers": ["|".join(row) for row in answers]}
    print(json.dumps({**scores(truth, answers), **figures}))


def scores(truth: list[list[str]], answers: list[list[str]]) -> dict:
    """Accuracy and macro F1 as scikit-learn has them, and what decides which of them says more."""
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    several = any(len(row) != 1 for row in truth)
    if several:
        binarizer = MultiLabelBinarizer(classes=sorted({label for row in truth for label in row}))
        true, answered = (binarizer.fit_transform(rows) for rows in (truth, answers))
    else:
        true, answered = ([label for (label,) in rows] for rows in (truth, answers))
    majority = Counter(map(tuple, truth)).most_common(1)[0][1] / len(truth)
    figures = {"accuracy": accuracy_score(true, answered)}
    figures["f1_macro"] = f1_score(true, answered, average="macro", zero_division=0)
    return {**figures, "several_labels": several, "majority": majority, "rows": len(truth)}


def _fit_baseline(system: str, folder: Path, seed: str, fasttext: str):
    texts, labels = read(folder / "train.csv")
    if system == SELF_TRAINED:
        model = SelfTrained()
        model.fit_more(texts, labels, read(folder / UNLABELLED)[0])
        return model.predict, model.size
    model = BASELINES[system](fasttext, any(len(row) != 1 for row in labels))
    model.fit(texts, labels)
    return model.predict, model.size


def _fit_textclf(system: str, folder: Path, seed: str, fasttext: str):
    """`textclf new`, then `textclf train` on what it wrote, only the seed set."""
    files = ["--data", str(folder / "train.csv"), "--test", str(folder / "test.csv")]
    more = []
    if system == OURS_WITH_UNLABELLED:
        more = ["--unlabelled", str(folder / UNLABELLED)]
    elif system != OURS:
        more = ["--encoder", system.removeprefix(f"{OURS} + ")]
    for arguments in (
        ["new", "config.yaml", *files, *more],
        ["train", "config.yaml", "--set", f"seed={seed}", "--run", "run"],
    ):
        subprocess.run([sys.executable, "-m", "textclf", *arguments], check=True, stdout=subprocess.DEVNULL)
    import textclf

    classifier = textclf.load("runs/run")
    several = classifier.targets.multilabel

    def answer(texts: list[str]) -> list[list[str]]:
        return [row if several else [row] for row in classifier.predict(texts)]

    return answer, lambda: sum(file.stat().st_size for file in Path("runs/run/classifier").iterdir())


if __name__ == "__main__":
    main(*sys.argv[1:])
