"""K-fold cross-validation: predict each text by a classifier that has not seen it, and measure how metrics vary."""

import csv
import logging
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from textclf.config.config import Config, load_config
from textclf.config.ensemble import check_labels
from textclf.core.csv_lines import csv_lines
from textclf.core.errors import RunError
from textclf.core.files import atomic_file, parse_json, write_json
from textclf.core.formatting import first_shown
from textclf.core.run_folder import CROSS_VALIDATION, RunFolder
from textclf.data.dataset import Dataset
from textclf.data.loading import encode_labels, read_labelled
from textclf.data.splitting import fold_numbers, split
from textclf.data.targets import Targets
from textclf.data.unlabelled import read_unlabelled
from textclf.training.check import check_inner_folds, check_requirements
from textclf.training.devices import check_alone
from textclf.training.encoded_dataset import TrainingTexts
from textclf.training.locking import resumable_run
from textclf.training.log_file import collected_log
from textclf.training.one_at_a_time import one_at_a_time
from textclf.training.train import fit_and_evaluate
from textclf.training.training_run import config_name, new_part, new_run, training_run

log = logging.getLogger(__name__)
LONGEST_FIELD = 2**31 - 1  # a text may have any length; by default Python's csv reads up to 131,072 characters


def cross_validate(
    config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, folds: int, run: str | None = None
) -> RunFolder:
    """Split the training texts into K folds, and train K classifiers, each on all folds but one and tested on that one.

    Each fold is a whole run in a folder of its own. The run around them has `metrics.json` with the mean and the
    standard deviation of each metric, and `predictions.csv` with a prediction for each text. A test file is not read.
    The run is never the latest one, because none of its classifiers has learned from all texts.

    Args:
        config, overrides, run: as for `train`.
        folds: at least 2. Folds are stratified, and identical texts are in the same fold.

    Raises:
        ConfigError, DataError: the config or the data cannot be used; nothing was written then.
        TrainingError: a training cannot go on.
    """
    name = config_name(config)
    config = load_config(config, overrides)
    folder = resumable_run(run, config, kind=CROSS_VALIDATION)
    if folder and folder.read_metadata().get("folds") != folds:
        raise RunError(
            f"{folder.path}: cannot resume: the run started with another number of folds. Remove it, or choose another "
            "--run."
        )
    return cross_validate_run(folder, config, folds, name, run)


@one_at_a_time()
def cross_validate_run(
    folder: RunFolder | None, config: Config, folds: int, name: str = "config", run: str | None = None
) -> RunFolder:
    """Cross-validate in the folder of an interrupted run, or in a new one. Finished folds are kept.

    Args:
        name, run: names of the config and of the folder, for a new run.
    """
    started = time.perf_counter()
    with collected_log() as collected:
        check_alone("a cross-validation")
        check_requirements(config)
        splits, targets = read_labelled(config.data, config.targets)
        check_labels(config.model, targets)
        unlabelled = read_unlabelled(config.data, splits)
        splits_of_folds = list(_fold_splits(config, splits, folds))
        for fold_splits in splits_of_folds:
            check_inner_folds(config, fold_splits)  # its error before anything is written
        folder = folder or new_run(config, f"textclf train {name} --folds {folds}", f"{name}-folds", run, folds=folds)
        with training_run(folder, collected, started=started):
            for number, fold_splits in enumerate(splits_of_folds, 1):
                log.info("fold %d/%d: %s training rows", number, folds, f"{len(fold_splits['train']):,}")
                texts = TrainingTexts(fold_splits, encode_labels(fold_splits, targets), unlabelled)
                _train_fold(folder, number, config, texts, targets)
            _write_metrics(folder, folds)
            _write_predictions(folder, folds)
    return folder


def fold_of(folder: RunFolder, number: int) -> RunFolder:
    """Return the run of one fold; folds count from 1."""
    return RunFolder(folder.path / f"fold-{number}")


def _fold_splits(config: Config, given: dict[str, Dataset], folds: int) -> Iterator[dict[str, Dataset]]:
    """Yield the splits of each fold, of which `test` is the fold itself."""
    dataset = given["train"]
    _warn_of_rare_labels(dataset, folds)
    fold_of_row = fold_numbers(dataset, folds, config.seed)
    for number in range(folds):
        train, part = (dataset.take(rows) for rows in (fold_of_row != number, fold_of_row == number))
        validation = given.get("validation")
        if validation is None:
            assert isinstance(config.data.validation, float)  # files are in `given`
            train, validation = split(train, config.data.validation, config.seed, warn=False)
        yield {"train": train, "validation": validation, "test": part}


def _warn_of_rare_labels(dataset: Dataset, folds: int) -> None:
    """Name the labels that some folds lack."""
    rare = {label: count for label, count in dataset.labels.count().items() if count < folds}
    if rare:
        log.warning(
            "%s: fewer rows than the %d folds of %s: some folds cannot measure them, and the classifier that predicts "
            "a single row has not learned its label",
            dataset.name,
            folds,
            first_shown(f"'{label}' ({count})" for label, count in reversed(rare.items())),
        )


def _train_fold(folder: RunFolder, number: int, config: Config, texts: TrainingTexts, targets: Targets) -> None:
    started = time.perf_counter()
    part = fold_of(folder, number)
    if not part.path.exists():
        part = new_part(folder, part.path.name, config, f"fold {number}")
    elif part.read_metadata().get("status") == "finished":
        log.info("fold %d: already finished", number)
        return
    with training_run(part, started=started) as results:
        results.update(fit_and_evaluate(part, config, texts, targets))


def _write_metrics(folder: RunFolder, folds: int) -> None:
    """Write the mean and the standard deviation over the folds of each metric that all of them have."""
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
    """Write the predictions of all folds, each row with the number of its fold."""
    csv.field_size_limit(LONGEST_FIELD)
    with atomic_file(folder.predictions) as stream:
        for number in range(1, folds + 1):
            with fold_of(folder, number).predictions.open(encoding="utf-8", newline="") as predictions:
                rows = islice(enumerate(csv.reader(predictions)), min(number - 1, 1), None)  # one header
                lines = csv_lines([number if line else "fold", *row] for line, row in rows)
                stream.writelines(f"{line}\n" for line in lines)
