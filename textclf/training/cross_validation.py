"""`train --folds`: every text answered for by a classifier that has not seen it, and how much the figures vary."""

import csv
import logging
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from textclf.config.config import Config, load_config
from textclf.config.run_config import write_run_config
from textclf.core.errors import DataError, RunError
from textclf.core.files import atomic_file, parse_json, write_json
from textclf.core.run_folder import RunFolder, create_part, create_run
from textclf.data.dataset import Dataset
from textclf.data.splitting import split
from textclf.data.targets import Targets
from textclf.training.encoded_dataset import encoded_labels, read_labelled
from textclf.training.locking import at_work, resumable_run
from textclf.training.log_file import collected_log, write_log
from textclf.training.loggers import check_loggers
from textclf.training.provenance import provenance
from textclf.training.train import seconds_since, train_on

log = logging.getLogger(__name__)
LONGEST_FIELD = (
    2**31 - 1
)  # a text may have any length; Python's csv refuses more than 131,072 characters of its own accord


def cross_validate(
    config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, folds: int, run: str | None = None
) -> RunFolder:
    """Train one classifier for each of `folds` parts of the training texts, on the others, and measure it on the part.

    Every fold is a whole run in a folder of its own. The run around them has `metrics.json` with mean and deviation
    of every figure, and `predictions.csv` with an answer for every text. A test file is not looked at. The
    run is never `runs/latest`: none of its classifiers has learned from all texts.

    Args:
        config, overrides, run: as for `train`.
        folds: at least 2. Parts are stratified, and identical texts are in one.

    Raises:
        ConfigError, DataError: something in the config or the data; nothing was written then.
        TrainingError: a training cannot go on.
    """
    name = Path(config).stem if isinstance(config, str | Path) else "config"
    config = load_config(config, overrides)
    folder = resumable_run(run, config)
    if folder and folder.read_metadata().get("folds") != folds:
        raise RunError(
            f"{folder.path}: not finished, and of another number of folds. Remove it, or choose another --run."
        )
    return cross_validate_in(folder, config, folds, name, run)


def cross_validate_in(
    folder: RunFolder | None, config: Config, folds: int, name: str = "", run: str | None = None
) -> RunFolder:
    """The same in a folder that an interrupted run has left, or in a new one; folds that are finished stay.

    Args:
        name, run: of the config and the folder, where it is new.
    """
    started = time.perf_counter()
    check_loggers(config.training.log_to)
    with collected_log() as collected:
        given, targets = read_labelled(config)
        parts = list(_folds(config, given, folds))
        if folder is None:
            about, command = {**provenance(config), "folds": folds}, f"textclf train {name} --folds {folds}"
            folder = create_run(run, f"{name}-folds", about, lambda made: write_run_config(made, config, command))
        with at_work(folder):
            write_log(collected, folder.log)
            for number, splits in enumerate(parts, 1):
                log.info("fold %d of %d: %d rows to learn from", number, folds, len(splits["train"]))
                _train_fold(folder, number, config, splits, targets)
            _write_metrics(folder, folds)
            _write_predictions(folder, folds)
            folder.finish(seconds=seconds_since(started))
    return folder


def fold_of(folder: RunFolder, number: int) -> RunFolder:
    """The run of one fold, counted from 1."""
    return RunFolder(folder.path / f"fold-{number}")


def _folds(config: Config, given: dict[str, Dataset], folds: int) -> Iterator[dict[str, Dataset]]:
    """The splits of each fold: `test` is its part."""
    dataset = given["train"]
    _refuse_rare_labels(dataset, folds)
    parts, rest = [], dataset
    for number in range(folds - 1):  # a half of the last two, a third of the last three …
        rest, part = split(rest, 1 / (folds - number), config.seed + number)
        parts.append(part)
    for part in (*parts, rest):
        others = dataset.take(~np.isin(dataset.rows, part.rows))
        train, validation = others, given.get("validation")
        if validation is None:
            assert isinstance(config.data.validation, float)  # files have been read
            train, validation = split(others, config.data.validation, config.seed)
        yield {"train": train, "validation": validation, "test": part}


def _refuse_rare_labels(dataset: Dataset, folds: int) -> None:
    """Every part needs a text of every label, and so does the validation share of the others."""
    if any(len(answer) != 1 for answer in dataset.labels.categories):
        return  # where a text may have several labels, a part may lack one
    label, count = dataset.labels.count().most_common()[-1]
    if count <= folds:
        raise DataError(
            f"{dataset.name}: expected more than {folds} rows of every label for {folds} folds, received {count} of "
            f"'{label}'. Choose fewer folds, or add rows."
        )


def _train_fold(folder: RunFolder, number: int, config: Config, splits: dict[str, Dataset], targets: Targets) -> None:
    started = time.perf_counter()
    part = fold_of(folder, number)
    if not part.path.exists():
        about, command = provenance(config), f"fold {number}"
        part = create_part(folder, part.path.name, about, lambda made: write_run_config(made, config, command))
    elif part.read_metadata().get("status") == "finished":
        log.info("fold %d was finished already", number)
        return
    with at_work(part, whole=False):
        made = train_on(part, config, splits, targets, encoded_labels(splits, targets))
        part.finish(**made, seconds=seconds_since(started))


def _write_metrics(folder: RunFolder, folds: int) -> None:
    """Mean and deviation over the folds of every figure that each of them has."""
    of_folds = [parse_json(fold_of(folder, number).metrics.read_bytes())["test"] for number in range(1, folds + 1)]
    figures = {
        name: [float(metrics[name]) for metrics in of_folds]
        for name in of_folds[0]
        if name != "rows" and all(isinstance(metrics[name], int | float) for metrics in of_folds)
    }
    content = {
        "folds": folds,
        "mean": {name: statistics.mean(values) for name, values in figures.items()},
        "deviation": {name: statistics.stdev(values) for name, values in figures.items()},
        "by_fold": figures,
    }
    write_json(folder.metrics, content)


def _write_predictions(folder: RunFolder, folds: int) -> None:
    """The answers of all folds, each with the number of its fold."""
    csv.field_size_limit(LONGEST_FIELD)
    with atomic_file(folder.predictions) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for number in range(1, folds + 1):
            with fold_of(folder, number).predictions.open(encoding="utf-8", newline="") as answers:
                for line, row in enumerate(csv.reader(answers)):
                    if line or number == 1:  # one header
                        writer.writerow([number if line else "fold", *row])
