"""The story of a training, from a config to a finished run."""

import csv
import logging
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from textclf.config.config import Config, load_config
from textclf.core.errors import TrainingError
from textclf.core.files import atomic_file
from textclf.core.run_folder import RunFolder
from textclf.data.checks import SLOW_CHECKS
from textclf.data.dataset import DataOptions, Dataset
from textclf.data.readers.options import ReadingOptions
from textclf.data.targets import Targets
from textclf.evaluation.calibration import before_temperature
from textclf.evaluation.evaluate import write_evaluation
from textclf.evaluation.metrics import measure
from textclf.evaluation.thresholds import choose_thresholds
from textclf.inference.classifier import Classifier, load_classifier, save_classifier
from textclf.inference.decisions import decision_for
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import RaggedArrays, longest
from textclf.training.check import check, summary
from textclf.training.encoded_dataset import EncodedDataset, encode, encoded_labels, read_splits
from textclf.training.locking import resumable_run
from textclf.training.log_file import collected_log
from textclf.training.loggers import check_loggers, logging_to
from textclf.training.tensorflow_import import importing_tensorflow
from textclf.training.training_run import new_run, training_run

log = logging.getLogger(__name__)
MEASURED_OF_TRAIN = 100_000  # rows at equal distances: enough to see how far train is from validation
LARGEST_DIFFERENCE = 1e-4  # between the probabilities of Keras and of ONNX Runtime


def train(config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, run: str | None = None) -> RunFolder:
    """Train a classifier and measure it. A run of that name that was interrupted goes on where it was.

    Args:
        config: path of a YAML file, or its content.
        overrides: `section.setting=value`, as after `--set`.
        run: name for the folder below `runs/`; by default the date and the name of the config.

    Returns:
        The finished run: its folder has the classifier, the metrics and the history.

    Raises:
        ConfigError, DataError: something in the config or the data; nothing was written then.
        RunError: a run of that name is finished, at work, or was begun with another config, data or versions.
        TrainingError, WriteError: training cannot go on; the run folder says so.
        Interrupted: a signal asked for an end.
    """
    name = Path(config).stem if isinstance(config, str | Path) else "config"
    config = load_config(config, overrides)
    return train_in(resumable_run(run, config), config, name, run)


def train_in(folder: RunFolder | None, config: Config, name: str = "", run: str | None = None) -> RunFolder:
    """Train in a folder that an interrupted run has left, or in a new one.

    Args:
        name, run: of the config and the folder, where it is new.
    """
    started = time.perf_counter()
    check_loggers(config.training.log_to)
    with collected_log() as collected:
        splits, targets = read_splits(config)
        classes = encoded_labels(splits, targets)
        folder = folder or new_run(config, f"textclf train {name}", name, run)
        with training_run(folder, collected, started=started) as results:
            log.info("run: %s", folder.path)
            log.info("task: %s", _task(config, targets))
            log.info("rows: %s", ", ".join(f"{name} {len(dataset):,}" for name, dataset in splits.items()))
            results.update(train_on(folder, config, splits, targets, classes))
    return folder


def train_on(
    folder: RunFolder, config: Config, splits: dict[str, Dataset], targets: Targets, classes: dict[str, np.ndarray]
) -> dict:
    """From checked splits to a measured classifier in the run folder; what `run.json` says of it.

    Args:
        classes: the labels of each split as numbers, from `encoded_labels`.
    """
    _write_splits(folder.splits, splits)
    preprocessor, encoded = encode(config, splits, classes, folder.cache)
    for line in summary(check(splits, preprocessor, targets, without=SLOW_CHECKS)):
        log.warning(line)
    log.info(_read(preprocessor, encoded))
    with logging_to(config.training.log_to, folder, config) as tell:
        with importing_tensorflow():
            from textclf.training.fitting import ensemble as fitting
        fitted = fitting.fit(config, encoded["train"], encoded["validation"], preprocessor, targets, folder, tell)
        decision = choose_thresholds(
            decision_for(config.targets, targets),
            config.targets.threshold,
            classes["validation"],
            fitted.held_out_probabilities,
            targets,
        )
        save_classifier(
            folder.classifier,
            model=fitted.onnx_model,
            preprocessor=preprocessor,
            targets=targets,
            decision=decision,
            metadata=_how_read(config.data),
        )
        classifier = load_classifier(folder.classifier)
        _compare_with_keras(folder, classifier, encoded["validation"].arrays, fitted.probabilities)
        _measure_splits(folder, classifier, splits, encoded, fitted.held_out_probabilities, fitted.temperature)
    return {**fitted.about, "peak_memory_mb": _peak_memory_mb()}


def _write_splits(path: Path, splits: dict[str, Dataset]) -> None:
    """Which row of which file is in which split: what a split by share came to."""
    with atomic_file(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["split", "file", "row"])
        for name, dataset in splits.items():
            writer.writerows([name, dataset.name, row] for row in map(int, dataset.rows))


def _compare_with_keras(
    folder: RunFolder, classifier: Classifier, arrays: RaggedArrays, keras_probabilities: np.ndarray
) -> None:
    """The classifier must answer what was trained, or the run does not finish."""
    difference = float(np.abs(classifier.predict_encoded(arrays) - keras_probabilities).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise TrainingError(
            f"the classifier's probabilities differ from the trained network's by up to {difference:.2g}, more than "
            f"{LARGEST_DIFFERENCE:g}: the classifier cannot be trusted. Please report this with the run's config.yaml."
        )
    folder.update_metadata(onnx_difference=difference)


def _measure_splits(
    folder: RunFolder,
    classifier: Classifier,
    splits: dict[str, Dataset],
    encoded: dict[str, EncodedDataset],
    validation_probabilities: np.ndarray,
    temperature: float,
) -> None:
    """The final numbers, by the classifier as it will be used; predictions of test, or of validation without one.

    Args:
        validation_probabilities: of networks that were not fitted to the validation texts.
    """
    metrics = {}
    for name in splits:
        split = encoded[name]
        if name == "train" and len(split.classes) > MEASURED_OF_TRAIN:
            split = split.take(np.arange(MEASURED_OF_TRAIN) * len(split.classes) // MEASURED_OF_TRAIN)
        probabilities = validation_probabilities if name == "validation" else classifier.predict_encoded(split.arrays)
        metrics[name] = measure(split.classes, probabilities, classifier.targets, classifier.decision)
        metrics[name]["before_calibration"] = _before_calibration(classifier, split.classes, probabilities, temperature)
    _log_decision(classifier, metrics["validation"], temperature)
    _warn_of_one_answer(classifier, metrics["validation"], validation_probabilities)
    # The last split is the one furthest from training: its answers are the ones to look at.
    write_evaluation(folder.path, classifier, splits[name], probabilities, metrics)


def _before_calibration(
    classifier: Classifier, classes: np.ndarray, probabilities: np.ndarray, temperature: float
) -> dict[str, float]:
    """What the probabilities would be worth as the network gave them."""
    before = before_temperature(probabilities, temperature, multilabel=classifier.targets.many)
    metrics = measure(classes, before, classifier.targets, classifier.decision)
    return {name: metrics[name] for name in ("log_loss", "brier_score", "expected_calibration_error")}


def _log_decision(classifier: Classifier, validation: dict, temperature: float) -> None:
    """How probabilities were calibrated and where the thresholds are."""
    name = "expected_calibration_error"
    log.info(
        "calibrated with temperature %.3f: calibration error on validation %.4f, before it %.4f",
        temperature, validation[name], validation["before_calibration"][name],
    )  # fmt: skip
    thresholds = classifier.decision.thresholds or ()
    if len(thresholds) == 1:
        log.info("threshold of %s: %.4f", classifier.labels[1], thresholds[0])
    elif thresholds:
        log.info("thresholds of %d labels: %.4f to %.4f", len(thresholds), min(thresholds), max(thresholds))


def _warn_of_one_answer(classifier: Classifier, validation: dict, probabilities: np.ndarray) -> None:
    """A classifier that always says the same has learned nothing, however good its accuracy looks."""
    answers = set(classifier.decode(probabilities))
    rows = {label: figures["support"] for label, figures in validation["by_class"].items()}
    if len(answers) == 1 and validation["rows"] not in rows.values():
        shares = ", ".join(f"{label} {count / validation['rows']:.1%}" for label, count in rows.items())
        log.warning(
            "the classifier answers '%s' to every validation text, of which there are %s: it tells nothing apart. Try "
            "more epochs, another learning rate, targets.class_weights, or see what textclf check says.",
            classifier.targets.joined(answers.pop()), shares,
        )  # fmt: skip


def _how_read(data: DataOptions) -> dict:
    """How files like those of the training are read: what `evaluate` goes by."""
    reading = {name: getattr(data, name) for name in ReadingOptions.model_fields}
    return {"text_column": data.text_column, "label_column": data.label_column, "reading": reading}


def _task(config: Config, targets: Targets) -> str:
    inferred = "" if config.targets.type == targets.type else ", inferred"
    return f"{targets.type} ({len(targets.labels)} labels{inferred})"


def _read(preprocessor: Preprocessor, encoded: dict[str, EncodedDataset]) -> str:
    """How many ids there are, and how many the longest text has."""
    ids = {"token_ids": ("vocabulary", preprocessor.num_ids), "ngram_ids": ("n-grams", preprocessor.num_ngrams)}
    most = {name: max(longest(split.arrays[name]) for split in encoded.values()) for name in preprocessor.names}
    return "; ".join(
        f"{kind}: {number:,} ids, longest text read: {most[name]}"
        for name, (kind, number) in ids.items()
        if name in most
    )


def _peak_memory_mb() -> int | None:
    """Peak resident memory of this process. Linux counts in KiB, macOS in bytes, Windows has no such module."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
