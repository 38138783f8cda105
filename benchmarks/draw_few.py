"""Draw a few training texts of each label, for `accuracy.py`: how systems do on ten texts a label.

    python benchmarks/draw_few.py --data DIR --output DRAWN [SET]... [--texts 8 16] [--draws 5]
    python benchmarks/accuracy.py --data DRAWN --seeds 1 [--unlabelled]

DRAWN gets a folder for each set and draw, with train.csv, the test.csv of the set, and the other training texts without
their labels in unlabelled.csv.
"""

import argparse
import csv
import random
import shutil
from itertools import product
from pathlib import Path

from baselines import UNLABELLED, read


def main() -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["sst2", "banking77", "waimai_10k"])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--output", type=Path, required=True, metavar="DRAWN")
    parser.add_argument("--texts", type=int, nargs="+", default=[10], help="of each label")
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    for name in given.sets:
        texts, labels = read(given.data / name / "train.csv")
        for count, draw in product(given.texts, range(1, given.draws + 1)):
            folder = given.output / f"{name}-{count}-{draw}"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(given.data / name / "test.csv", folder)
            rows = drawn([label for (label,) in labels], count, draw)
            others = sorted(set(range(len(texts))).difference(rows))
            _write(folder / "train.csv", [("text", "label"), *((texts[row], labels[row][0]) for row in rows)])
            _write(folder / UNLABELLED, [("text",), *((texts[row],) for row in others)])


def _write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def drawn(labels: list[str], count: int, seed: int) -> list[int]:
    """The numbers of `count` rows of each label, in a random order."""
    shuffled = list(range(len(labels)))
    random.Random(seed).shuffle(shuffled)
    left = dict.fromkeys(labels, count)
    rows = []
    for row in shuffled:
        if left[labels[row]]:
            left[labels[row]] -= 1
            rows.append(row)
    return rows


if __name__ == "__main__":
    main()
