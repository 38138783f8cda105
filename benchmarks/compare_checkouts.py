"""Compare the processor time of two checkouts: start, vocabulary and ids, training and prediction.

    python benchmarks/compare_checkouts.py --data DIR --before CHECKOUT --after CHECKOUT [--parts start …] [--turns N]

Each checkout has its own `.venv` (`make install`). The commands run by turns, each as a process of its own, and
processor seconds (user + sys) count: other programs on the machine disturb them less than the time on the wall. DIR has
a folder for each data set, with train.csv (columns text and label).
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

SETS = {"ag_news_desc_14k": (100, 2), "nsmc_200k": (40, 1), "imdb": (400, 1)}  # tokens, epochs
CONFIG = """
data: {{train: {train}, validation: 0.1}}
preprocessing: {{tokenizer: word, vocabulary_size: 20000, sequence_length: {tokens}, truncating: left}}
model: {{architecture: lstm, embedding_dim: 64, units: 64, dropout: 0.0}}
training:
  {{epochs: {epochs}, batch_size: 32, learning_rate: 0.001, ema_decay: 0.99, early_stopping: null,
    validations_per_epoch: 4}}
"""


def main() -> None:
    """Measure the parts that are asked for, and print one line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--after", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    options.data = options.data.resolve()
    options.checkouts = {"before": options.before.resolve(), "after": options.after.resolve()}
    print("| command | before | after | change |\n| --- | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        options.work = Path(folder)
        for part in options.parts:
            PARTS[part](options)


def start(options: argparse.Namespace) -> None:
    """Time `--help`, and `predict` of one text with a classifier trained on toy data."""
    toy = (options.checkouts["before"] / "data/toy_en/train.csv").as_posix()
    run = _train(options, "toy", CONFIG.format(train=toy, tokens=40, epochs=1))
    _compare(options, "`--help`", lambda _: ["textclf", "--help"], 3 * options.turns)
    predict = ["textclf", "predict", "--run", run, "a wonderful film"]
    _compare(options, "`predict` of one text", lambda _: predict, 3 * options.turns)


def preprocessing(options: argparse.Namespace) -> None:
    """Time learning a vocabulary and encoding."""
    for name in options.sets:
        arguments = ["encode", "textclf", str(options.data / name / "train.csv"), "20000", str(SETS[name][0])]
        _compare(
            options,
            f"vocabulary and ids, {name}",
            lambda checkout, rest=arguments: ["python", str(checkout / "benchmarks/speed_steps.py"), *rest],
            options.turns,
        )


def prediction(options: argparse.Namespace) -> None:
    """Time `predict` of a file with an LSTM."""
    for name in options.sets:
        run = _train(options, f"predict-{name}", _config(options, name, epochs=1))
        file = str(options.data / name / "train.csv")
        command = ["textclf", "predict", "--run", run, "--file", file, "--column", "text", "--output", "out.txt"]
        _compare(options, f"`predict --file`, {name}", lambda _, rest=command: rest, options.turns)


def training(options: argparse.Namespace) -> None:
    """Time a training of an LSTM."""
    for name in options.sets:
        config = options.work / f"{name}.yaml"
        config.write_text(_config(options, name, epochs=SETS[name][1]))
        numbers = iter(range(10**6))
        _compare(
            options,
            f"`train`, {name}",
            lambda _, path=config, runs=numbers: ["textclf", "train", str(path), "--run", f"{path.stem}-{next(runs)}"],
            options.turns,
        )


PARTS = {"start": start, "preprocessing": preprocessing, "prediction": prediction, "training": training}


def _config(options: argparse.Namespace, name: str, epochs: int) -> str:
    return CONFIG.format(train=(options.data / name / "train.csv").as_posix(), tokens=SETS[name][0], epochs=epochs)


def _train(options: argparse.Namespace, name: str, config: str) -> str:
    """Train with the older checkout, and return the path of the run: both checkouts can read it."""
    path = options.work / f"{name}.yaml"
    path.write_text(config)
    _seconds(options, "before", ["textclf", "train", str(path), "--run", name])
    return str(options.work / "runs" / name)


def _compare(options: argparse.Namespace, name: str, command: Callable[[Path], list[str]], turns: int) -> None:
    """Run a command of both checkouts by turns, and print the medians."""
    seconds: dict[str, list[float]] = {"before": [], "after": []}
    for turn in range(turns):
        for side in (("before", "after"), ("after", "before"))[turn % 2]:
            seconds[side].append(_seconds(options, side, command(options.checkouts[side])))
    before, after = (statistics.median(seconds[side]) for side in ("before", "after"))
    print(f"| {name} | {before:.3f} s | {after:.3f} s | {after / before - 1:+.1%} |", flush=True)


def _seconds(options: argparse.Namespace, side: str, command: list[str]) -> float:
    """Run a command of one checkout, and return its processor seconds."""
    checkout = options.checkouts[side]
    program = checkout / ".venv/bin" / command[0]
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [program, *command[1:]], cwd=options.work, env=environment, capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed in {checkout}:\n{done.stderr}")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime


if __name__ == "__main__":
    main()
