"""`textclf tune` against what `textclf new` writes and fastText's autotune, in the same minutes, on single-label sets.

    python benchmarks/tuning.py --data DIR SET... [--minutes 10] [--size MB] [--seeds 1] [--systems NAME...]
        [--fasttext PROGRAM]

DIR has a folder for every set, each with train.csv and test.csv (columns text and label). All train on train.csv, of
which fastText gets a tenth for its search, as textclf does; each test file is scored once a seed. Results go line by
line to standard output.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from baselines import FastText, read
from measure_one import scores


def main() -> None:
    """Measure every system on every set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="names of folders below DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--size", type=float, metavar="MB", help="limit of the size of the model")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--fasttext", type=Path, metavar="PROGRAM", help="the command-line program, if you have it")
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, {arguments}", flush=True)
    systems = {name: SYSTEMS[name] for name in arguments.systems if name != FASTTEXT or arguments.fasttext}
    for name in arguments.sets:
        for seed in range(1, arguments.seeds + 1):
            for system, run in systems.items():
                with tempfile.TemporaryDirectory() as work:
                    started = time.perf_counter()
                    figures = run(arguments.data.resolve() / name, Path(work), seed, arguments)
                    figures["seconds"] = round(time.perf_counter() - started)
                print(f"{name} {system} {seed}: {json.dumps(figures)}", flush=True)


def with_new(folder: Path, work: Path, seed: int, arguments: argparse.Namespace) -> dict:
    """What `textclf new` writes, untouched but for the seed."""
    new_config(folder, work)
    textclf(work, "train", "config.yaml", "--set", f"seed={seed}", "--run", "run")
    return of_run(folder, work)


def with_tune(folder: Path, work: Path, seed: int, arguments: argparse.Namespace) -> dict:
    """The same config, tuned."""
    new_config(folder, work)
    limit = ["--size", str(arguments.size)] if arguments.size else []
    budget = ["--minutes", str(arguments.minutes), *limit]
    textclf(work, "tune", "config.yaml", "--set", f"seed={seed}", "--run", "run", *budget)
    trials = len((work / "runs/run/trials.jsonl").read_text(encoding="utf-8").splitlines())
    return {**of_run(folder, work), "trials": trials}


def with_fasttext(folder: Path, work: Path, seed: int, arguments: argparse.Namespace) -> dict:
    """FastText's autotune: nine tenths to train on, a tenth to choose by, then the test file."""
    os.chdir(work)
    model = FastText(str(arguments.fasttext.resolve()), several=False)
    texts, labels = read(folder / "train.csv")
    model.write(texts, labels, Path("all.txt"))
    lines = Path("all.txt").read_text(encoding="utf-8").splitlines()
    Path("valid.txt").write_text("\n".join(lines[seed % 10 :: 10]) + "\n", encoding="utf-8")
    rest = [line for number, line in enumerate(lines) if number % 10 != seed % 10]
    Path("train.txt").write_text("\n".join(rest) + "\n", encoding="utf-8")
    limit = ["-autotune-modelsize", f"{arguments.size:g}M"] if arguments.size else []
    command = [model.program, "supervised", "-input", "train.txt", "-output", "model", "-thread", "2"]
    search = ["-autotune-validation", "valid.txt", "-autotune-duration", str(round(60 * arguments.minutes)), *limit]
    subprocess.run([*command, *search, "-seed", str(seed)], check=True, capture_output=True)
    if arguments.size:
        Path("model.ftz").rename("model.bin")
    test, truth = read(folder / "test.csv")
    figures = scores(truth, model.predict(test))
    return {"accuracy": figures["accuracy"], "f1_macro": figures["f1_macro"], "size_mb": model.size() / 1e6}


def new_config(folder: Path, work: Path) -> None:
    """Write the config of `textclf new` for a set."""
    textclf(work, "new", "config.yaml", "--data", str(folder / "train.csv"), "--test", str(folder / "test.csv"))


def textclf(work: Path, *arguments: str) -> None:
    """Run the program in a folder."""
    subprocess.run([sys.executable, "-m", "textclf", *arguments], cwd=work, check=True, stdout=subprocess.DEVNULL)


def of_run(folder: Path, work: Path) -> dict:
    """The figures of a finished run on its test file, with the median time of a single text."""
    from textclf.training.tuning.trial import TIMED_TEXTS, measured

    run = work / "runs/run"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    figures = measured(run / "classifier", read(folder / "test.csv")[0][:TIMED_TEXTS])
    scored = {name: metrics[name] for name in ("accuracy", "f1_macro")}
    return {**scored, "size_mb": figures["size"], "latency_ms": figures["latency"]}


FASTTEXT = "fastText"
SYSTEMS = {"new": with_new, "tune": with_tune, FASTTEXT: with_fasttext}  # fastText with its autotune


if __name__ == "__main__":
    main()
