"""`textclf evaluate`: evaluate a classifier on labelled texts. Does not import TensorFlow."""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import IO, Any

import numpy as np

from textclf.config.run_config import read_run_config
from textclf.core.csv_lines import csv_lines
from textclf.core.errors import DataError, RunError
from textclf.core.files import atomic_file, checksums, expand_home, make_folder, parse_json, read_untrusted, write_json
from textclf.core.find_run import find_classifier, find_run
from textclf.core.formatting import first_shown
from textclf.core.options import fields_of
from textclf.core.output_file import output_file
from textclf.core.run_folder import LARGEST_FILE, RunFolder
from textclf.data.dataset import ColumnOptions, Dataset, parse_labels, read_dataset, read_sources
from textclf.data.dialects import look_at
from textclf.data.in_memory import IN_MEMORY
from textclf.data.readers.options import ReadingArguments, ReadingOptions, arguments_like
from textclf.data.readers.sources import expand
from textclf.evaluation.metrics import Metrics, measure
from textclf.evaluation.predicted_shards import has_shards, read_predicted
from textclf.inference.classifier import Classifier, load_classifier

log = logging.getLogger(__name__)
BLOCK_ROWS = 10_000  # written at a time
PATH_DIGEST = "data_path_sha256"
NOT_IN_NAMES = re.compile(r'[*?\[\]<>:"|/\\]')  # patterns, and what some systems do not allow


def evaluate(
    run: str | Path | RunFolder | None = None,
    data: str | Path | None = None,
    *,
    output: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> dict:
    """Evaluate a classifier on a file of labelled texts.

    A text with a label that is not in the training data counts as wrong. Writes `metrics.json` and `predictions.csv`.

    Args:
        run: as for `textclf.load`.
        data: the file; by default the test file of the run. Or a folder of shards that `textclf predict` has written
            with texts and labels; they are not predicted again.
        output: the folder to write to; by default `evaluations/<file name>/` or `<file name>-<sheet>/` in the run
            folder, with a number if another file of that name has been evaluated. For a classifier folder without a run
            nothing is written by default.
        text_column, label_column: by default as in training.
        reading: encoding, delimiter, quoting and format, as in the section `data` of a config; by default found by
            looking at the file.

    Returns:
        The metrics, as in `metrics.json`.

    Raises:
        RunError, DataError: the run or the data cannot be used.

    Example:
        >>> textclf.evaluate("runs/latest", "new_reviews.csv")["accuracy"]
        0.9083
    """
    if not isinstance(data, str | os.PathLike | None):
        raise DataError(
            f"data: expected the path of a file, got {type(data).__name__}. Write the table to a file first, "
            "such as table.to_parquet('test.parquet')."
        )
    folder = find_classifier(run)
    classifier = load_classifier(folder)
    named = {"text_column": text_column, "label_column": label_column}
    columns = {name: column for name, column in named.items() if column}
    dataset, predicted = _labelled(folder, classifier, data, columns, reading or {})
    classes, unknown = classifier.targets.encode_known(dataset.labels, rows=dataset.rows, name=dataset.name)
    probabilities = classifier.predict_proba(dataset.texts) if predicted is None else predicted
    metrics = measure(classes, probabilities, classifier.targets, classifier.decision, unknown)
    if unknown.by_label:
        _warn_of_unknown_labels(dataset, metrics["unknown_rows"], unknown.by_label)
    sheet = (reading or {}).get("sheet")
    source = {"data": dataset.name, PATH_DIGEST: _path_digest(dataset.name), **({"sheet": sheet} if sheet else {})}
    name = _name_of("test" if data is None else dataset.name, sheet)
    place = Path(expand_home(str(output))) if output else _place_in_run(folder.parent, name, source)
    if place is not None:
        make_folder(place)
        open_file = output_file if output else atomic_file
        write_evaluation(place, classifier, dataset, probabilities, {**source, **metrics}, open_file)
        log.info("wrote metrics.json and predictions.csv to %s", place)
    return Metrics(metrics)


def _labelled(
    folder: Path, classifier: Classifier, data: str | Path | None, columns: dict[str, str], reading: Mapping[str, Any]
) -> tuple[Dataset, np.ndarray | None]:
    """Return the texts to evaluate on, and their probabilities if they are predicted already."""
    if data is None:
        return _test_texts(folder, classifier, columns, reading), None
    if not has_shards(expand_home(str(data))):
        return labelled_texts(classifier, data, columns, reading), None
    raw, probabilities = read_predicted(Path(expand_home(str(data))), classifier, _columns_like(classifier, columns))
    dataset = _with_labels_of(classifier, raw)
    return dataset, probabilities[dataset.rows - 1]  # rows without a label are left out


def _test_texts(folder: Path, classifier: Classifier, columns: dict[str, str], reading: Mapping[str, Any]) -> Dataset:
    """Return the test texts of the run of a classifier folder, with their labels as the classifier writes them."""
    if not RunFolder(folder.parent).metadata.exists():
        raise RunError(
            f"{folder}: expected a run with a test file, got a classifier alone. Name texts with --data FILE."
        )
    return _with_labels_of(classifier, _own_test(find_run(folder.parent), {**columns, **reading}))


def labelled_texts(
    classifier: Classifier, data: str | Path, columns: dict[str, str], reading: Mapping[str, Any]
) -> Dataset:
    """Return the texts of a file, with their labels as the classifier writes them."""
    raw = _read_as_found(expand_home(str(data)), _columns_like(classifier, columns), classifier.reading, reading)
    return _with_labels_of(classifier, raw)


def _columns_like(classifier: Classifier, columns: dict[str, str]) -> ColumnOptions:
    """Return the columns of the training, or others that are given."""
    names = fields_of(ColumnOptions).keys() & classifier.metadata.keys()  # classifiers of before have fewer
    return ColumnOptions(**{name: classifier.metadata[name] for name in names} | columns)


def _with_labels_of(classifier: Classifier, raw: Dataset) -> Dataset:
    """Return a dataset with its labels as the classifier writes them."""
    separator = classifier.targets.separator if classifier.targets.multilabel else None
    dataset = parse_labels(raw, separator, ReadingArguments(), {*classifier.labels})
    return replace(dataset, labels=classifier.targets.respell(dataset.labels))


def _warn_of_unknown_labels(dataset: Dataset, number: int, rows_of_label: dict[str, int]) -> None:
    log.warning(
        "%s: %d of %d rows have labels that are not in the training data, and count as wrong: %s",
        dataset.name, number, len(dataset), first_shown(f"'{label}' ({rows})" for label, rows in rows_of_label.items()),
    )  # fmt: skip


def _name_of(data: str, sheet: str | None) -> str:
    """Return a name for the evaluation on a file, or on all files of a pattern."""
    path = Path(os.path.abspath(data))  # noqa: PTH100 (`..` has to become a name)
    names = (NOT_IN_NAMES.sub("", name).strip("-_ ") for name in (path.stem, *(part.name for part in path.parents)))
    name = next(filter(None, names), "data")
    return f"{name}-{NOT_IN_NAMES.sub('', sheet)}" if sheet else name


def _place_in_run(path: Path, name: str, source: dict[str, str]) -> Path | None:
    """Return the folder for an evaluation in the run at `path`, or `None` if there is no run.

    It has the name of the evaluation, with a number where that is the folder of another file or sheet.
    """
    if not (path / "run.json").exists():
        return None
    run = RunFolder(path)
    for number in count(1):
        place = run.inside(run.evaluations / (name if number == 1 else f"{name}-{number}"))
        if not place.exists() or _is_evaluation_of(place, source):
            return place
    return None


def _is_evaluation_of(place: Path, source: dict[str, str]) -> bool:
    try:
        saved = parse_json(read_untrusted(place, "metrics.json", LARGEST_FILE))
        digest = saved.get(PATH_DIGEST) or _path_digest(saved["data"])  # older versions had none
        return (digest, saved.get("sheet")) == (source[PATH_DIGEST], source.get("sheet"))
    except FileNotFoundError:
        return True  # of an evaluation that has not ended
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _path_digest(data: str) -> str:
    """Return what tells files of one name apart, and says nothing of the machine to those who receive the run."""
    absolute = os.path.abspath(data)  # noqa: PTH100 (of a pattern, too)
    return hashlib.sha256(absolute.encode(errors="surrogateescape")).hexdigest()


def _read_as_found(data: str, columns: ColumnOptions, trained: ReadingOptions, given: Mapping[str, Any]) -> Dataset:
    """Read a file that need not be as the training file was, see `dialects.look_at`."""
    options = arguments_like(trained, given)
    reading = look_at(data, options, given, [*columns.text_columns, *columns.label_columns], trained)
    return read_dataset(data, columns, reading)


def _own_test(run: RunFolder, columns: dict[str, Any]) -> Dataset:
    """Read the test texts of a run as its config says, or with other columns or settings.

    Raises:
        RunError: the config names no test file, or that file has changed.
    """
    data = replace(read_run_config(run).data, **columns)
    source = data.train if data.split_column else data.test
    if source == IN_MEMORY:
        raise RunError(f"{run.path}: its data were in memory, and no file has them. Name a file with --data.")
    if source is not None:
        changed = changed_file(run, expand(source, data))
        if changed:
            raise RunError(
                f"{changed}: expected the test file of the run {run.path}, but this file has changed since (its "
                "checksum is not in run.json). To evaluate on it anyway, name it with --data."
            )
    sources = read_sources(data)
    if "test" not in sources:
        raise RunError(f"{run.path}: its config names no test file. Name one with --data.")
    return sources["test"]()


def changed_file(run: RunFolder, files: list[str]) -> str | None:
    """Return the first file whose checksum is not in `run.json`; `None` if the run knows all of them.

    This also protects your files: the config of a run from somebody else may name any file, but textclf reads none
    that its author has not seen, and copies none into `predictions.csv`.
    """
    about = run.read_metadata().get("data_sha256")
    known = about if isinstance(about, dict) else {}
    return next((name for name, digest in checksums(files).items() if known.get(name) != digest), None)


def write_evaluation(
    folder: Path,
    classifier: Classifier,
    dataset: Dataset,
    probabilities: np.ndarray,
    metrics: dict,
    open_file: Callable[[Path], AbstractContextManager[IO]] = atomic_file,
) -> None:
    """Write `predictions.csv` with one line for each text of the dataset, and then `metrics.json`.

    In this order a full disk leaves no metrics without their predictions. The labels of a text have the order of the
    classifier, so that equal ones are equal fields.

    Args:
        open_file: `output_file` in a folder that the user names, where links are followed.
    """
    with open_file(folder / "predictions.csv") as stream:
        header = [
            "row",
            "text",
            "label",
            "predicted",
            "correct",
            *(f"probability_{label}" for label in classifier.labels),
        ]
        stream.writelines(f"{line}\n" for line in csv_lines([header]))
        dataset = replace(dataset, labels=classifier.targets.as_predicted(dataset.labels))
        start = 0
        for block in dataset.slices(BLOCK_ROWS):
            lines = csv_lines(_lines(block, probabilities[start : start + len(block)], classifier))
            stream.writelines(f"{line}\n" for line in lines)
            start += len(block)
    write_json(folder / "metrics.json", metrics, open_file)


def _lines(dataset: Dataset, probabilities: np.ndarray, classifier: Classifier) -> Iterator[list]:
    targets, predicted = classifier.targets, classifier.decode(probabilities)
    lines = zip(dataset.rows, dataset.texts.to_pylist(), dataset.labels, predicted, probabilities, strict=True)
    for row, text, true, labels, values in lines:
        correct = int(true == labels) if labels or targets.multilabel else ""  # it abstains
        yield [row, text, targets.joined(true), targets.joined(labels), correct, *(f"{value:.6f}" for value in values)]
