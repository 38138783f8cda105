"""How good a classifier is on labelled texts. No TensorFlow here."""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.files import atomic_file, checksums, make_folder, write_json
from textclf.core.find_run import find_classifier, find_run
from textclf.core.run_folder import RunFolder
from textclf.data.dataset import ColumnOptions, Dataset, parse_labels, read_dataset, read_sources
from textclf.data.readers.sources import expand
from textclf.evaluation.metrics import measure
from textclf.inference.classifier import Classifier, load_classifier

log = logging.getLogger(__name__)
ROWS_AT_ONCE = 10_000  # written


def evaluate(
    run: str | Path | RunFolder | None = None,
    data: str | Path | None = None,
    *,
    output: str | Path | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
) -> dict:
    """Measure a classifier on a file of labelled texts, by default the test file of its run.

    Writes `metrics.json` and `predictions.csv` into `output`: by default the run folder for its own test
    file, `evaluations/<file name>/` in it for another, and nowhere for a classifier folder without a run.

    Args:
        run: a run folder, its name below `runs/`, or a classifier folder; by default the newest finished run.
        text_column, label_column: by default as in training.

    Returns:
        The metrics, as in `metrics.json`.

    Raises:
        RunError, DataError: the run or the data cannot be used.
    """
    folder = find_classifier(run)
    classifier = load_classifier(folder)
    named = {"text_column": text_column, "label_column": label_column}
    columns = {name: column for name, column in named.items() if column}
    if data is None:
        run_folder = find_run(folder.parent)
        raw = _own_test(run_folder, columns)
        output = output or run_folder.inside(run_folder.evaluations / "test")
    else:
        about = {name: classifier.metadata[name] for name in ColumnOptions.model_fields}
        raw = read_dataset(str(data), ColumnOptions(**about | columns), classifier.reading)
        if output is None and (folder.parent / "run.json").exists():
            run_folder = RunFolder(folder.parent)
            output = run_folder.inside(run_folder.evaluations / Path(data).stem)
    dataset = parse_labels(raw, classifier.targets.separator if classifier.targets.many else None)
    classes = classifier.targets.encode(dataset.labels, rows=dataset.rows, name=dataset.name)
    probabilities = classifier.predict_proba(dataset.texts)
    metrics = measure(classes, probabilities, classifier.targets, classifier.decision)
    if output is not None:
        make_folder(Path(output))
        write_evaluation(Path(output), classifier, dataset, probabilities, {"data": dataset.name, **metrics})
        log.info("wrote metrics.json and predictions.csv to %s", output)
    return metrics


def _own_test(run: RunFolder, columns: dict[str, str]) -> Dataset:
    """The test texts of a run, from the columns of its config or from others.

    Raises:
        RunError: the config names none, or another file is in its place.
    """
    data = read_run_config(run).data.model_copy(update=columns)
    source = data.train if data.split_column else data.test
    if source is not None:
        changed = changed_file(run, expand(source, data))
        if changed:
            raise RunError(
                f"{changed}: expected the test file of the run {run.path}, received another one: its checksum is not "
                "in run.json. To measure on it all the same, name it with --data."
            )
    sources = read_sources(data)
    if "test" not in sources:
        raise RunError(f"{run.path}: its config names no test file. Name one with --data.")
    return sources["test"]()


def changed_file(run: RunFolder, files: list[str]) -> str | None:
    """The first of some files that is not one of the training.

    A run from a stranger names what files it likes; but the checksum of a file that the stranger has never seen is
    not in its `run.json`, so that none is read and copied into `predictions.csv`.
    """
    about = run.read_metadata().get("data_sha256")
    known = about if isinstance(about, dict) else {}
    return next((name for name, digest in checksums(files).items() if known.get(name) != digest), None)


def write_evaluation(
    folder: Path, classifier: Classifier, dataset: Dataset, probabilities: np.ndarray, metrics: dict
) -> None:
    """Write `metrics.json`, and `predictions.csv` with a line for every text of the dataset."""
    write_json(folder / "metrics.json", metrics)
    with atomic_file(folder / "predictions.csv") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["row", "text", "label", "predicted", *(f"probability_{label}" for label in classifier.labels)])
        done = 0
        for some in dataset.slices(ROWS_AT_ONCE):
            writer.writerows(_lines(some, probabilities[done : done + len(some)], classifier))
            done += len(some)


def _lines(dataset: Dataset, probabilities: np.ndarray, classifier: Classifier) -> Iterator[list]:
    targets, predicted = classifier.targets, classifier.decode(probabilities)
    answers = zip(dataset.rows, dataset.texts.to_pylist(), dataset.labels, predicted, probabilities, strict=True)
    for row, text, true, answer, values in answers:
        yield [row, text, targets.joined(true), targets.joined(answer), *(f"{value:.6f}" for value in values)]
