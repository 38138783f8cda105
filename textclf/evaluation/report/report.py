"""`textclf report`: what a run has learned and where it is wrong, as one HTML file that needs nothing else."""

import csv
import logging
from pathlib import Path

import numpy as np

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.errors import DataError, RunError, TextclfError
from textclf.core.files import MIB, atomic_file, read_untrusted
from textclf.core.find_run import find_run
from textclf.core.run_folder import VALIDATION, RunFolder
from textclf.data.readers.sources import expand
from textclf.evaluation.evaluate import changed_file
from textclf.evaluation.metrics import measure
from textclf.evaluation.predictions_file import Answers, read_answers
from textclf.evaluation.report import blocks
from textclf.evaluation.report.baseline import has_scikit_learn, linear_baseline
from textclf.evaluation.report.errors import duplicates_table, suspects_table, texts_table, worst_errors
from textclf.evaluation.report.render import page
from textclf.evaluation.report.scores import by_class, by_split, calibration, confusions, curves, slices, thresholds
from textclf.inference.classifier import Classifier, load_classifier
from textclf.training.encoded_dataset import read_splits

log = logging.getLogger(__name__)
LARGEST_TEXT_FILE = 4 * MIB  # config.yaml, history.csv


def write_report(
    run: str | Path | RunFolder | None = None, *, output: str | Path | None = None, with_baseline: bool = True
) -> Path:
    """Write the report of a finished run.

    Args:
        run: a run folder or its name below `runs/`; by default the newest finished run.
        output: the file; by default `report.html` in the run.
        with_baseline: also learn a linear model from the training texts, to compare with.

    Returns:
        The file.

    Raises:
        RunError: there is no such run, or it is not finished.
    """
    folder = run if isinstance(run, RunFolder) else find_run(run)
    about, metrics = folder.read_metadata(), folder.read_metrics()
    if about.get("status") != "finished" or not folder.classifier.exists():
        raise RunError(f"{folder.path}: expected a finished run, received one that is {about.get('status')!s:.40}.")
    classifier = load_classifier(folder.inside(folder.classifier))
    config = read_run_config(folder)
    answers = read_answers(folder, classifier)
    baseline = _baseline(folder, config, classifier, answers) if with_baseline else (None, "")
    sections = _sections(folder, about, metrics, classifier, answers, baseline)
    path = Path(output) if output else folder.inside(folder.report)
    with atomic_file(path) as stream:
        stream.write(page(f"{folder.path.name} · textclf", folder.path.name, _subtitle(about, classifier), sections))
    return path


def report_on(run: RunFolder) -> Path | None:
    """The report at the end of a training, in seconds: without a linear model, and nothing fails for want of it."""
    try:
        return write_report(run, with_baseline=False)
    except TextclfError as error:
        log.warning("the run is whole, but there is no report: %s", error)
        return None


def _sections(
    folder: RunFolder, about: dict, metrics: dict, classifier: Classifier, answers: Answers, baseline: tuple
) -> list[dict]:
    targets = classifier.targets
    untouched = "which nothing was learned from" if answers.split == "test" else "by which the best epoch was chosen"
    on = f"On {len(answers):,} texts of {answers.split}, {untouched}."
    return [
        blocks.section("Overview", _cards(metrics[answers.split], baseline[0]), by_split(metrics, *baseline), note=on),
        blocks.section("Learning", *_learning_curves(folder, about)),
        blocks.section("Labels", by_class(answers, metrics, targets), curves(answers, targets)),
        blocks.section("Confusions", *confusions(answers, targets), note="A number leads to its texts."),
        blocks.section(
            "Threshold", thresholds(answers, classifier), note="What another threshold would give on these texts."
        ),
        blocks.section("Probabilities", *calibration(answers, targets, about["temperature"])),
        blocks.section("Where it fails", *slices(answers, classifier)),
        blocks.section(
            "Worst mistakes",
            worst_errors(answers, classifier),
            note="The most certain of its mistakes. Blue words speak for the wrong answer, orange ones against it.",
        ),
        blocks.section("Texts", texts_table(answers, targets)),
        blocks.section("Doubtful labels", suspects_table(answers, targets), duplicates_table(answers, targets)),
        blocks.section("The run", *_about_the_run(folder, about)),
    ]


def _cards(metrics: dict, baseline: dict | None) -> dict:
    def beside(name: str) -> str:
        return f"linear {blocks.figure(baseline[name])}" if baseline and name in baseline else ""

    error = blocks.figure(metrics["before_calibration"]["expected_calibration_error"])
    exactly = "accuracy" if "confusion_matrix" in metrics else "exactly the right labels"
    majority = f"majority {blocks.figure(metrics['majority_accuracy'])}"
    return blocks.cards(
        (exactly, blocks.figure(metrics["accuracy"]), ", ".join(filter(None, [majority, beside("accuracy")]))),
        ("F1 macro", blocks.figure(metrics["f1_macro"]), beside("f1_macro")),
        ("log loss", blocks.figure(metrics["log_loss"]), ""),
        ("ROC AUC", blocks.figure(metrics["roc_auc"]), ""),
        ("calibration error", blocks.figure(metrics["expected_calibration_error"]), f"before calibration {error}"),
    )


def _baseline(folder: RunFolder, config: Config, classifier: Classifier, answers: Answers) -> tuple[dict | None, str]:
    """The scores of the linear model and how it is called; without it, why there is none."""
    if not has_scikit_learn():
        log.warning('no linear model to compare with: pip install "textclf-keras[report]"')
        return None, ""
    try:
        changed = changed_file(folder, expand(config.data.train, config.data))
        splits = {} if changed else read_splits(config)[0]
    except DataError as error:
        changed = str(error)
    if changed:
        log.warning("no linear model to compare with: the training file is not what it was: %s", changed)
        return None, ""
    targets = classifier.targets
    learned, chosen, predicted = linear_baseline(splits["train"], answers.texts, targets)
    certain = np.asarray(predicted, np.float64) if targets.many else np.eye(len(targets.labels))[predicted]
    metrics = measure(answers.truth[chosen], certain, targets, classifier.decision)
    names = ("accuracy", "f1_macro", "f1_micro", "rows")
    return {name: metrics[name] for name in names}, f"linear tf-idf, from {learned:,} texts"


def _learning_curves(folder: RunFolder, about: dict) -> list[dict]:
    """Loss and scores by epoch, of each network."""
    networks = about.get("networks", {})
    parts = {name: folder.network(name) for name in networks} if len(networks) > 1 else {"": folder}
    options = {}
    for name, part in parts.items():
        content = read_untrusted(part.path, part.history.name, LARGEST_TEXT_FILE).decode("utf-8", "replace")
        rows = list(csv.DictReader(content.splitlines()))
        series = {
            column: [[float(row["epoch"]), float(row[column])] for row in rows if row[column]]
            for column in (rows[0] if rows else {})
            if column not in ("epoch", "seconds")
        }
        losses = {column: points for column, points in series.items() if "loss" in column}
        scores = {column: points for column, points in series.items() if "loss" not in column}
        options[name] = [
            blocks.lines(title, _readable(some), "epoch", "", shares=False, dots=True)
            for title, some in (("Loss", losses), ("Scores", scores))
            if some
        ]
    return [blocks.choice("Network", options)] if len(options) > 1 else next(iter(options.values()))


def _readable(series: dict[str, list]) -> dict[str, list]:
    """`loss`, `validation_f1_macro` -> `train loss`, `validation f1 macro`."""
    named = {name if name.startswith(VALIDATION) else f"train_{name}": points for name, points in series.items()}
    return {name.replace("_", " "): points for name, points in named.items()}


def _about_the_run(folder: RunFolder, about: dict) -> list[dict]:
    known = {
        "started": about.get("started"),
        "seconds": about.get("seconds"),
        "seconds of fitting": about.get("seconds_fitting"),
        "peak memory, MB": about.get("peak_memory_mb"),
        "seed": about.get("seed"),
        "temperature": about.get("temperature"),
        "difference of Keras and ONNX": about.get("onnx_difference"),
        "command": about.get("command"),
        **{f"version of {name}": version for name, version in about.get("versions", {}).items()},
        **{f"SHA-256 of {name}": checksum for name, checksum in about.get("data_sha256", {}).items()},
    }
    config = read_untrusted(folder.path, folder.config.name, LARGEST_TEXT_FILE).decode("utf-8", "replace")
    rows = [[name, str(value)] for name, value in known.items() if value is not None]
    return [blocks.table(["", ""], rows, title="How it was made"), blocks.code("config.yaml", config)]


def _subtitle(about: dict, classifier: Classifier) -> str:
    targets = classifier.targets
    return f"{targets.type}, {len(targets.labels)} labels · {str(about.get('started', ''))[:10]}"
