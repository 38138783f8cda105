"""What each means against learning by heart gives: a small convolution with and without it, on validation only.

    python benchmarks/generalising.py --data DIR --sets sst2 banking77 --seeds 1 2 --validation 0.78

DIR has a folder with a train.csv for each set. No test file is read.
"""

import argparse
import json
import logging
import os
import tempfile
import time
from pathlib import Path

import numpy as np

import textclf

BASE = {
    "model": {"architecture": "cnn", "embedding_dim": 64},
    "training": {"epochs": 8, "learning_rate": 0.002, "early_stopping": {"patience": 2}},
}
# Name -> settings that differ from the first.
VARIANTS = {
    "none": [],
    "cosine, 10 % warm-up": ["training.schedule=cosine", "training.warmup=0.1"],
    "linear": ["training.schedule=linear"],
    "ema 0.99": ["training.ema_decay=0.99"],
    "ema 0.999": ["training.ema_decay=0.999"],
    "weight decay 0.1": ["training.weight_decay=0.1"],
    "L2 0.0001": ["model.l2=0.0001"],
    "label smoothing 0.1": ["targets.label_smoothing=0.1"],
    "word dropout 0.2": ["model.word_dropout=0.2"],
    "spatial dropout 0.3": ["model.spatial_dropout=0.3"],
    "deletion 0.1": ["training.augmentation.deletion=0.1"],
    "swap 0.1": ["training.augmentation.swap=0.1"],
    "mix-up 0.4": ["training.augmentation.mixup=0.4"],
    "4 validations an epoch": ["training.validations_per_epoch=4", "training.early_stopping.patience=8"],
    "lstm": ["model.architecture=lstm", "model.pooling=max_mean"],
    "lstm, recurrent dropout 0.2": [
        "model.architecture=lstm",
        "model.pooling=max_mean",
        "model.recurrent_dropout=0.2",
    ],
}
VECTOR_VARIANTS = {
    "vectors, tuned": [],
    "vectors, frozen": ["model.vectors.tuned=false"],
    "vectors, tuned after 2": ["model.vectors.frozen_epochs=2"],
}


def measure(train: Path, validation: float, settings: list[str], seed: int) -> dict:
    """Accuracy and log loss on a share of the training file that is held out, and the seconds of fitting."""
    config = {"data": {"train": str(train), "validation": validation}, **BASE}
    run = textclf.train(config, [*settings, f"seed={seed}"], run=f"run-{time.time_ns()}")
    metrics, about = json.loads(run.metrics.read_text())["validation"], run.read_metadata()
    [network] = about["networks"].values()
    loss = metrics["before_calibration"]["log_loss"]
    return {"accuracy": metrics["accuracy"], "loss": loss, "seconds": about["seconds_fitting"], **network}


def main() -> None:
    """Print a line for every variant: each figure the mean over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["sst2", "banking77", "waimai_10k"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--validation", type=float, default=0.1, help="Share held out: a large one measures better.")
    parser.add_argument("--only", nargs="+", default=[], help="Names of variants; all by default.")
    parser.add_argument("--vectors", type=Path, help="A file of word vectors of 64 numbers, for variants with it.")
    given = parser.parse_args()
    data, variants = given.data.resolve(), dict(VARIANTS)
    if given.vectors:
        first = f"model.vectors.file={given.vectors.resolve()}"
        variants |= {name: [first, *settings] for name, settings in VECTOR_VARIANTS.items()}
    logging.getLogger("textclf").setLevel(logging.WARNING)
    os.chdir(tempfile.mkdtemp())
    print(f"{'set':12} {'variant':28} accuracy  log loss  best epoch  seconds")
    for name in given.sets:
        for variant in given.only or variants:
            runs = [
                measure(data / name / "train.csv", given.validation, variants[variant], seed) for seed in given.seeds
            ]
            mean = {key: np.mean([run[key] for run in runs]) for key in ("accuracy", "loss", "best_epoch", "seconds")}
            figures = (
                f"{mean['accuracy']:8.4f}  {mean['loss']:8.4f}  {mean['best_epoch']:10.1f}  {mean['seconds']:7.1f}"
            )
            print(f"{name:12} {variant:28} {figures}", flush=True)


if __name__ == "__main__":
    main()
