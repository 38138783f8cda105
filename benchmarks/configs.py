"""The table of configs/README.md: every config trained with several seeds, each run in a process of its own.

    python benchmarks/configs.py --data DIR [CONFIG]...

DIR has a folder for every data set that is not part of the repository, each with train.csv and test.csv:
a config that names data/imdb/train.csv gets DIR/imdb/train.csv. Test files are scored once a seed.
"""

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from textclf.config.config import load_config

ROOT = Path(__file__).parent.parent
HEAD = "| config | accuracy | macro F1 | seconds | peak memory | classifier |\n| --- | --- | --- | --- | --- | --- |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", type=Path, help="default: every config in configs/")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder with the data sets")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], dest="overrides", help="as for textclf train")
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, Python {platform.python_version()}\n\n{HEAD}", flush=True)
    for path in arguments.configs or sorted((ROOT / "configs").glob("*.yaml")):
        runs = [measured(path, arguments.data, arguments.overrides, seed) for seed in range(1, arguments.seeds + 1)]
        print(row(path.stem + "".join(f", {override}" for override in arguments.overrides), runs), flush=True)


def measured(config: Path, data: Path, overrides: list[str], seed: int) -> dict:
    """One training; accuracy and F1 on test, seconds, MB in memory and on disk."""
    changes = [*overrides, f"seed={seed}"]
    for split in ("train", "test"):
        file = Path(getattr(load_config(config).data, split))
        if not (ROOT / file).exists():
            changes.append(f"data.{split}={data.resolve() / file.relative_to('data')}")
    command = [sys.executable, "-m", "textclf", "train", str(config.resolve()), "--run", "measured"]
    command += [part for change in changes for part in ("--set", change)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data").symlink_to(ROOT / "data")
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run = Path(folder, "runs/measured")
        about = json.loads((run / "run.json").read_text())
        test = json.loads((run / "metrics.json").read_text())["test"]
        size = sum(file.stat().st_size for file in (run / "classifier").iterdir()) / 1e6
    return {"accuracy": test["accuracy"], "f1": test["f1_macro"], "seconds": about["seconds"],
            "memory": about["peak_memory_mb"], "size": size}  # fmt: skip


def row(name: str, runs: list[dict]) -> str:
    """Mean and spread (lowest to highest) over the seeds."""

    def spread(key: str, digits: int) -> str:
        values = [run[key] for run in runs]
        return f"{statistics.mean(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    cells = [name, spread("accuracy", 4), spread("f1", 4), spread("seconds", 0),
             f"{max(run['memory'] for run in runs)} MB", f"{max(run['size'] for run in runs):.1f} MB"]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
