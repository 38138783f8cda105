"""The story of a training, from a config to a finished run."""

import logging
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf import __version__
from textclf.classifier import Classifier, load_classifier, save_classifier
from textclf.config import Config, load_config, write_config
from textclf.dataset import Dataset, read_dataset, read_training_dataset, split
from textclf.errors import TrainingError
from textclf.evaluation import measure, write_evaluation
from textclf.files import checksum
from textclf.native_output import held_back
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.token_ids import TokenIds
from textclf.run_folder import RunFolder, create_run
from textclf.run_log import collected_log, write_log
from textclf.targets import Targets

log = logging.getLogger(__name__)
LARGEST_DIFFERENCE = 1e-4  # between the probabilities of Keras and of ONNX Runtime


class EncodedSplit(NamedTuple):
    """A split as the network sees it."""

    rows: TokenIds
    classes: np.ndarray  # int32 (texts,)


def train(config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, run: str | None = None) -> RunFolder:
    """Train a classifier and measure it.

    Args:
        config: path of a YAML file, or its content.
        overrides: `section.setting=value`, as after `--set`.
        run: name for the folder below `runs/`; by default the date and the name of the config.

    Returns:
        The finished run: its folder has the classifier, the metrics and the history.

    Raises:
        ConfigError, DataError: something in the config or the data; nothing was written then.
        TrainingError: training cannot go on; the run folder says so.
    """
    started = time.perf_counter()
    name = Path(config).stem if isinstance(config, str | Path) else "config"
    config = load_config(config, overrides)
    with collected_log() as collected:
        splits = read_splits(config)
        targets = Targets.fit(splits["train"].labels, config.targets)
        classes = {split: targets.encode(data.labels, rows=data.rows, name=data.name) for split, data in splits.items()}
        folder = create_run(run, name, _provenance(config))
        with _status_of(folder):
            write_log(collected, folder.log)
            write_config(config, folder.config, f"textclf train {name}")
            log.info("run %s: %s", folder.path, _sizes(splits, targets))
            fitted = _fit_and_save(folder, config, splits, targets, classes)
            folder.finish(
                best_epoch=fitted.best_epoch,
                epochs=fitted.epochs,
                seconds=round(time.perf_counter() - started, 1),
                seconds_fitting=round(fitted.seconds, 1),
                peak_memory_mb=_peak_memory_mb(),
            )
    return folder


def _fit_and_save(folder: RunFolder, config: Config, splits: dict[str, Dataset], targets: Targets, classes: dict):
    """From checked splits to a measured classifier in the run folder."""
    preprocessor = Preprocessor.fit(config.preprocessing, splits["train"].texts)
    encoded = {
        split: EncodedSplit(preprocessor.encode(dataset.texts), classes[split]) for split, dataset in splits.items()
    }
    log.info("vocabulary: %d ids; longest text read: %d tokens", preprocessor.num_ids, _longest(encoded))
    with held_back():
        from textclf import fitting
    fitted = fitting.fit(config, encoded["train"], encoded["validation"], preprocessor, targets, folder)
    save_classifier(
        folder.classifier,
        model=fitted.onnx_model,
        preprocessor=preprocessor,
        targets=targets,
        about={"text_column": config.data.text_column, "label_column": config.data.label_column},
    )
    classifier = load_classifier(folder.classifier)
    _compare_with_keras(folder, classifier, encoded["validation"].rows, fitted.validation_probabilities)
    _measure_splits(folder, classifier, splits, encoded)
    return fitted


def read_splits(config: Config) -> dict[str, Dataset]:
    """Read train, validation and test as the config says. Identical texts never fall into both train and validation.

    Raises:
        DataError: a file that cannot be used.
    """
    columns = {"text_column": config.data.text_column, "label_column": config.data.label_column}
    train = read_training_dataset(config.data.train, **columns)
    if isinstance(config.data.validation, str):
        validation = read_dataset(config.data.validation, **columns)
    else:
        Targets.fit(train.labels, config.targets)  # a fault of the labels comes before one of their split
        train, validation = split(train, config.data.validation, config.seed)
    splits = {"train": train, "validation": validation}
    if config.data.test is not None:
        splits["test"] = read_dataset(config.data.test, **columns)
    return splits


def _compare_with_keras(
    folder: RunFolder, classifier: Classifier, rows: TokenIds, keras_probabilities: np.ndarray
) -> None:
    """The classifier must answer what was trained, or the run does not finish."""
    difference = float(np.abs(classifier.probabilities_of(rows) - keras_probabilities).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise TrainingError(
            f"the classifier's probabilities differ from the trained network's by up to {difference:.2g}, more than "
            f"{LARGEST_DIFFERENCE:g}: the classifier cannot be trusted. Please report this with the run's config.yaml."
        )
    folder.update_about(onnx_difference=difference)


def _measure_splits(
    folder: RunFolder, classifier: Classifier, splits: dict[str, Dataset], encoded: dict[str, EncodedSplit]
) -> None:
    """The final numbers, by the classifier as it will be used; predictions of test, or of validation without one."""
    metrics = {}
    for name in splits:
        probabilities = classifier.probabilities_of(encoded[name].rows)
        metrics[name] = measure(classifier, encoded[name].classes, probabilities)
    # The last split is the one furthest from training: its answers are the ones to look at.
    write_evaluation(folder.path, classifier, splits[name], probabilities, metrics)


def _provenance(config: Config) -> dict:
    """What is needed to repeat a run and to know what it was made with."""
    files = [config.data.train, config.data.validation, config.data.test]
    packages = ("tensorflow", "keras", "onnx", "onnxruntime", "numpy", "pandas", "pyarrow")
    return {
        "command": shlex.join(sys.argv),
        "seed": config.seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {
            "textclf": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in packages},
        },
        "data_sha256": {file: checksum(file) for file in files if isinstance(file, str)},
    }


def _sizes(splits: dict[str, Dataset], targets: Targets) -> str:
    rows = ", ".join(f"{len(dataset)} {name}" for name, dataset in splits.items())
    return f"{targets.type} with {len(targets.labels)} labels; rows: {rows}"


def _longest(encoded: dict[str, EncodedSplit]) -> int:
    return max(int(split.rows.lengths.max()) for split in encoded.values())


def _peak_memory_mb() -> int | None:
    """Peak resident memory of this process. Linux counts in KiB, macOS in bytes, Windows has no such module."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))


@contextmanager
def _status_of(folder: RunFolder) -> Iterator[None]:
    """A run that does not finish says why."""
    try:
        yield
    except KeyboardInterrupt:
        folder.update_about(status="interrupted")
        log.warning("interrupted: %s is unfinished, and runs/latest is as before", folder.path)
        raise
    except BaseException as error:
        folder.update_about(status="failed", error=f"{type(error).__name__}: {error}")
        raise
