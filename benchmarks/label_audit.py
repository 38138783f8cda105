"""How many wrong labels `textclf audit` finds: labels of a data set are flipped on purpose.

    python benchmarks/label_audit.py --data DIR [--name sst2] [--share 0.1]

DIR/NAME/train.csv has the columns text and label. Prints precision and recall of the list of doubtful labels.
"""

import argparse
import csv
import random
import tempfile
from pathlib import Path

from textclf.config.starter import write_starter
from textclf.training.label_audit import audit


def main() -> None:
    """Flip, audit, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the data sets")
    parser.add_argument("--name", default="sst2")
    parser.add_argument("--share", type=float, default=0.1, help="of the labels that are flipped")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], dest="overrides", help="as for textclf audit")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "train.csv")
        flipped = write_flipped(arguments.data / arguments.name / "train.csv", file, arguments.share, arguments.seed)
        config = Path(folder, "config.yaml")
        write_starter(str(config), str(file), None)
        found = audit(config, arguments.overrides, folds=arguments.folds, output=Path(folder, "audit.csv"))
        with found.path.open(encoding="utf-8", newline="") as stream:
            listed = [int(line["row"]) for line in csv.DictReader(stream) if line["problem"] == "label"]
    right = len(flipped & set(listed))
    print(f"{found.texts} texts, {len(flipped)} flipped, {len(listed)} listed: ", end="")
    print(f"precision {right / len(listed):.3f}, recall {right / len(flipped):.3f}")
    for most in (100, 200, len(flipped)):
        print(f"precision of the first {most}: {len(flipped & set(listed[:most])) / most:.3f}")


def write_flipped(source: Path, target: Path, share: float, seed: int) -> set[int]:
    """The same file with another label in a share of its rows; the numbers of these, counted from 1."""
    with source.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    labels = sorted({line["label"] for line in lines})
    chosen = random.Random(seed).sample(range(len(lines)), round(share * len(lines)))
    for number in chosen:
        lines[number]["label"] = random.Random(seed + number).choice(
            [label for label in labels if label != lines[number]["label"]]
        )
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["text", "label"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
    return {number + 1 for number in chosen}


if __name__ == "__main__":
    main()
