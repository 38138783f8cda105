"""`textclf report`: write scores, curves and errors of a run into one HTML file that needs no network."""

import csv
import logging
from pathlib import Path

import numpy as np

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.errors import DataError, TextclfError
from textclf.core.files import MIB, atomic_file, read_untrusted
from textclf.core.find_run import find_classifier, find_run
from textclf.core.formatting import format_figure
from textclf.core.output_file import output_file
from textclf.core.run_folder import VALIDATION, RunFolder
from textclf.data.in_memory import IN_MEMORY
from textclf.data.loading import read_splits
from textclf.data.readers.sources import expand
from textclf.evaluation.evaluate import changed_file
from textclf.evaluation.metrics import measure
from textclf.evaluation.predictions_file import Predictions, read_predictions
from textclf.evaluation.report import blocks, curves, errors, scores
from textclf.evaluation.report.baseline import linear_baseline
from textclf.evaluation.report.render import page
from textclf.inference.classifier import Classifier, load_classifier
from textclf.inference.decisions import Decision

log = logging.getLogger(__name__)
LARGEST_TEXT_FILE = 4 * MIB  # config.yaml, history.csv


class Report(type(Path())):  # type: ignore[misc]  # Path itself has no subclasses before Python 3.12
    """The path of a report, which a notebook shows as the report itself."""

    def _repr_html_(self) -> str:
        """Return the report in a frame."""
        from textclf.core.html import html_frame

        return html_frame(self.read_text(encoding="utf-8"))


def write_report(
    run: str | Path | RunFolder | None = None, *, output: str | Path | None = None, with_baseline: bool = True
) -> Path:
    """Write the report of a finished run.

    Args:
        run: a run folder or the name of a run in `runs/`; by default the newest finished run.
        output: the HTML file; by default `report.html` in the run.
        with_baseline: whether to train a linear model on the training texts for comparison (needs scikit-learn).

    Returns:
        The path of the HTML file; a notebook shows the report itself.

    Raises:
        RunError: there is no such run, it is not finished, or it has no classifier.
    """
    folder = run if isinstance(run, RunFolder) else find_run(run)
    classifier = load_classifier(find_classifier(folder.path))
    about, metrics = folder.read_metadata(), folder.read_metrics()
    config = read_run_config(folder)
    predictions = read_predictions(folder, classifier)
    baseline = _baseline(folder, config, classifier, predictions) if with_baseline else (None, "")
    sections = [
        _overview(metrics, predictions, baseline),
        *_learning_curves(folder, about),
        *_sections(about, metrics, classifier, predictions),
        blocks.section("Run", *_about_the_run(folder, about)),
    ]
    path = Path(output) if output else folder.inside(folder.report)
    with output_file(path) if output else atomic_file(path) as stream:
        stream.write(page(f"{folder.path.name} · textclf", folder.path.name, _subtitle(about, classifier), sections))
    return Report(path)


def report_on(run: RunFolder) -> Path | None:
    """Write the report at the end of a training, without the baseline; a failure is logged, not raised."""
    try:
        return write_report(run, with_baseline=False)
    except TextclfError as error:
        log.warning("the run is complete, but its report could not be written: %s", error)
        return None


def _overview(metrics: dict, predictions: Predictions, baseline: tuple[dict | None, str]) -> dict:
    rows = metrics[predictions.split]["rows"]
    note = f"Evaluated on the {rows:,} texts of the {predictions.split} split. "
    note += (
        "Training did not use them."
        if predictions.split == "test"
        else "Training made choices on them, such as the best epoch, so the scores may be too high."
    )
    if len(predictions) < rows:
        note += f" Counts of errors, curves and texts are those of {len(predictions):,} of them, chosen at random."
    cards, table = _cards(metrics[predictions.split], baseline[0]), scores.by_split(metrics, *baseline)
    return blocks.section("Overview", cards, table, note=note)


def _sections(about: dict, metrics: dict, classifier: Classifier, predictions: Predictions) -> list[dict]:
    """Return the sections about the predictions, from scores to single texts."""
    targets = classifier.targets
    by_class, by_threshold = scores.by_class(predictions, metrics), curves.label_curves(predictions, targets)
    calibration = curves.calibration_curves(predictions, targets, about["temperature"])
    label_errors = errors.label_errors_table(predictions, targets), errors.duplicates_table(predictions, targets)
    return [
        blocks.section("Labels", by_class, by_threshold, note="Select a number of errors to see its texts."),
        blocks.section("Confusions", *scores.confusions(predictions, targets), note="Select a cell to see its texts."),
        blocks.section(
            "Threshold",
            curves.threshold_sliders(predictions, classifier),
            note="Move the slider to see the metrics at another threshold.",
        ),
        blocks.section("Calibration", *calibration),
        blocks.section("Slices", *scores.slices(predictions, classifier)),
        blocks.section(
            "Worst errors",
            errors.worst_errors(predictions, classifier),
            note="The most confident wrong predictions. Blue words support the prediction, orange words oppose it.",
        ),
        blocks.section("Predictions", errors.predictions_table(predictions, targets)),
        blocks.section("Label errors", *label_errors),
    ]


def _cards(metrics: dict, baseline: dict | None) -> dict:
    def of_baseline(name: str) -> str:
        return f"linear {format_figure(baseline[name])}" if baseline and name in baseline else ""

    error = format_figure(metrics["before_calibration"]["expected_calibration_error"])
    accuracy = "accuracy" if "confusion_matrix" in metrics else "accuracy (all labels right)"
    majority = f"majority {format_figure(metrics['majority_accuracy'])}"
    return blocks.cards(
        (accuracy, format_figure(metrics["accuracy"]), ", ".join(filter(None, [majority, of_baseline("accuracy")]))),
        ("F1 macro", format_figure(metrics["f1_macro"]), of_baseline("f1_macro")),
        ("log loss", format_figure(metrics["log_loss"]), ""),
        ("ROC AUC", format_figure(metrics["roc_auc"]), ""),
        ("calibration error", format_figure(metrics["expected_calibration_error"]), f"before calibration {error}"),
    )


def _baseline(
    folder: RunFolder, config: Config, classifier: Classifier, predictions: Predictions
) -> tuple[dict | None, str]:
    """Return the metrics of the linear model and its name; without it `None`, and the reason is logged."""
    if config.data.train == IN_MEMORY:
        log.warning("the report has no linear baseline: the training data were in memory, and no file has them")
        return None, ""
    try:
        changed = changed_file(folder, expand(config.data.train, config.data))
        splits = {} if changed else read_splits(config.data, config.targets, config.seed)[0]
        reason = changed and f"the training file has changed since the run: {changed}"
    except DataError as error:
        reason = str(error)
    if reason:
        log.warning("the report has no linear baseline: %s", reason)
        return None, ""
    targets = classifier.targets
    trained, chosen, predicted = linear_baseline(splits["train"], predictions.texts, targets)
    probabilities = np.asarray(predicted, np.float64) if targets.multilabel else np.eye(len(targets.labels))[predicted]
    metrics = measure(predictions.truth[chosen], probabilities, targets, Decision())
    names = ("accuracy", "f1_macro", "f1_micro", "rows")
    return {name: metrics[name] for name in names}, f"linear tf-idf, {trained:,} training texts"


def _learning_curves(folder: RunFolder, about: dict) -> list[dict]:
    """Return a section with loss and scores by epoch, if any. With several networks the reader selects one.

    With inner folds the curves are those of the first one.
    """
    networks, prefix = about.get("networks", {}), "fold-1-" if about.get("inner_folds") else ""
    apart = len(networks) > 1 or prefix
    parts = {name: folder.network(f"{prefix}{name}") for name in networks} if apart else {"": folder}
    options = {}
    for name, part in parts.items():
        if prefix and not part.history.exists():  # a solver leaves nothing of a fold
            continue
        content = read_untrusted(part.path, part.history.name, LARGEST_TEXT_FILE).decode("utf-8", "replace")
        rows = list(csv.DictReader(content.splitlines()))
        if len(rows) < 2:  # one epoch, or a solver, which has no epochs: one point is no curve
            continue
        series = {
            column: [[float(row["epoch"]), float(row[column])] for row in rows if row[column]]
            for column in rows[0]
            if column not in ("epoch", "seconds")
        }
        losses = {column: points for column, points in series.items() if "loss" in column}
        scores = {column: points for column, points in series.items() if "loss" not in column}
        options[name] = [
            blocks.dotted(blocks.lines(title, _readable(some), "epoch", "", shares=False))
            for title, some in (("Loss", losses), ("Scores", scores))
            if some
        ]
    shown = [blocks.choice("Network", options)] if apart else options.get("", [])
    title = "Learning curves of the first inner fold" if prefix else "Learning curves"
    return [blocks.section(title, *shown)] if options else []


def _readable(series: dict[str, list]) -> dict[str, list]:
    """Rename `loss` to `train loss` and `validation_f1_macro` to `validation f1 macro`."""
    named = {name if name.startswith(VALIDATION) else f"train_{name}": points for name, points in series.items()}
    return {name.replace("_", " "): points for name, points in named.items()}


def _about_the_run(folder: RunFolder, about: dict) -> list[dict]:
    known = {
        "started": about.get("started"),
        "seconds": about.get("seconds"),
        "seconds of training": about.get("seconds_fitting"),
        "peak memory (MB)": about.get("peak_memory_mb"),
        "seed": about.get("seed"),
        "temperature": about.get("temperature"),
        "largest difference of Keras and ONNX": about.get("onnx_difference"),
        "command": about.get("command"),
        **{f"version of {name}": version for name, version in about.get("versions", {}).items()},
        **{f"SHA-256 of {name}": checksum for name, checksum in about.get("data_sha256", {}).items()},
    }
    config = read_untrusted(folder.path, folder.config.name, LARGEST_TEXT_FILE).decode("utf-8", "replace")
    rows = [[name, str(value)] for name, value in known.items() if value is not None]
    return [blocks.table(["", ""], rows, title="Provenance"), blocks.code("config.yaml", config)]


def _subtitle(about: dict, classifier: Classifier) -> str:
    targets = classifier.targets
    return f"{targets.type}, {len(targets.labels)} labels · {str(about.get('started', ''))[:10]}"
