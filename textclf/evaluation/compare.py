"""`textclf compare`: test whether runs differ significantly. Paired tests on the same evaluation texts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import comb, erfc, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from textclf.config.config import Config, flatten
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.find_run import find_classifier, find_run
from textclf.core.formatting import first_shown, format_figures
from textclf.core.options import plain
from textclf.core.output_file import output_file
from textclf.data.targets import Targets
from textclf.evaluation.metrics import f1_score, log_losses
from textclf.evaluation.paired import predictions_on, saved_predictions, targets_of_all
from textclf.evaluation.predictions_file import Predictions
from textclf.evaluation.report import blocks
from textclf.evaluation.report.render import page
from textclf.inference.classifier import load_classifier

RESAMPLES, BATCH = 1000, 50  # bootstrap resamples, and how many are made at a time
INTERVAL = (2.5, 97.5)  # percentiles of a 95 % confidence interval
SMALLEST_PROBABILITY = 1e-7  # predictions.csv has six digits
MOST_TEXTS = 500  # shown in the HTML file
METRICS = {"accuracy": "accuracy", "f1_macro": "F1 macro", "log_loss": "log loss"}  # and their titles
SMALLEST_P_VALUE = 0.0001  # shown with digits
LARGEST_EXACT = 1000  # discordant texts up to which McNemar's test is exact


class Difference(NamedTuple):
    """A run compared with the first one."""

    confidence_intervals: dict[str, tuple[float, float, float]]  # metric -> difference and its 95 % confidence interval
    only_first: int  # texts that only the first run predicts correctly
    only_this: int
    p_value: float  # McNemar's test


class Comparison(NamedTuple):
    """Several runs and their differences from the first one."""

    names: list[str]
    split: str
    texts: int
    metrics: list[dict[str, float]]  # of each run
    differences: list[Difference]  # of each run but the first
    settings: dict[str, list[Any]]  # settings that differ: path -> value in each run
    different: int  # texts with different predictions
    differing: list[list]  # some of these: row, text, label, prediction of each run
    lacking: list[list[str]]  # of each run, the labels that only others have

    @property
    def titles(self) -> list[str]:
        """Return the titles of the metrics that are compared."""
        return [METRICS[name] for name in self.metrics[0]]

    @property
    def note(self) -> str | None:
        """Return which labels each run lacks, and what follows; `None` if all runs have the same labels."""
        lacking = zip(self.names, self.lacking, strict=True)
        found = [f"{name} has no label {first_shown(map(repr, labels))}" for name, labels in lacking if labels]
        return f"{'; '.join(found)}; log loss needs the same labels, and is left out" if found else None

    def _repr_html_(self) -> str:
        """Return the metrics of each run, and its differences from the first, for a notebook."""
        from textclf.core.html import html_table

        figures = [
            [name, *format_figures(found.values())] for name, found in zip(self.names, self.metrics, strict=True)
        ]
        rows = []
        for name, found in zip(self.names[1:], self.differences, strict=True):
            intervals = found.confidence_intervals.values()
            shown = [f"{middle:+.4f} ({low:+.4f} to {high:+.4f})" for middle, low, high in intervals]
            rows.append([name, *shown, format_p_value(found.p_value)])
        title = f"difference from {self.names[0]} on {self.texts} texts of {self.split}"
        differences = html_table(["run", *self.titles, "McNemar's p"], rows, title)
        return html_table(["run", *self.titles], figures) + differences


def compare(
    runs: Sequence[str | Path],
    data: str | Path | None = None,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Comparison:
    """Compare runs on the texts they were evaluated on; on 100,000 of them, chosen at random, if there are more.

    Where the runs have different labels, log loss is left out, and F1 macro is that of all their labels.

    Args:
        runs: at least two run folders, or names of runs in `runs/`. The others are compared with the first.
        data: a file of labelled texts to compare the runs on, in place of their test texts.
        text_column, label_column, reading: as for `textclf.evaluate`.

    Raises:
        RunError: a run is not finished, or was evaluated on other texts.
        DataError: the file cannot be read, or has a label that no run has.
    """
    folders = [find_run(run) for run in runs]
    if len(folders) < 2:
        raise RunError(f"expected at least two runs to compare, got {len(folders)}.")
    classifiers = [load_classifier(find_classifier(folder.path)) for folder in folders]
    targets = targets_of_all(folders, classifiers)
    if data is None:
        predictions = saved_predictions(folders, classifiers, targets)
    else:
        named = {"text_column": text_column, "label_column": label_column}
        columns = {name: column for name, column in named.items() if column}
        predictions = predictions_on(str(data), classifiers, targets, columns, reading or {})
    lacking = [[label for label in targets.labels if label not in {*one.labels}] for one in classifiers]
    compared = [name for name in METRICS if name != "log_loss" or not any(lacking)]
    return Comparison(
        [folder.path.name for folder in folders],
        predictions[0].split,
        len(predictions[0]),
        [_only(compared, metrics_of(one)) for one in predictions],
        [_difference_in(compared, predictions[0], other) for other in predictions[1:]],
        differing_settings([read_run_config(folder) for folder in folders]),
        *_differing_texts(predictions, targets),
        lacking,
    )


def _difference_in(metrics: list[str], first: Predictions, other: Predictions) -> Difference:
    found = difference(first, other)
    return found._replace(confidence_intervals=_only(metrics, found.confidence_intervals))


def _only(names: list[str], values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def difference(first: Predictions, other: Predictions) -> Difference:
    """Return how much another run differs from the first, on the same texts in the same order.

    The confidence intervals come from a paired bootstrap (Efron 1979), which draws texts with replacement, each with
    both of its predictions.
    """
    counts, losses = zip(*(_by_text(predictions) for predictions in (first, other)), strict=True)
    correct = [predictions.correct for predictions in (first, other)]
    resampled: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    texts = len(first)
    for weights in _resamples(texts):
        resampled["accuracy"].append(weights @ (correct[1].astype(np.float32) - correct[0]) / texts)
        resampled["f1_macro"].append(_f1_macro(weights @ counts[1]) - _f1_macro(weights @ counts[0]))
        resampled["log_loss"].append(weights @ (losses[1] - losses[0]) / texts)
    metrics = [metrics_of(predictions) for predictions in (first, other)]
    confidence_intervals = {
        name: (metrics[1][name] - metrics[0][name], *np.percentile(np.concatenate(values), INTERVAL).tolist())
        for name, values in resampled.items()
    }
    only_first, only_this = int((correct[0] & ~correct[1]).sum()), int((correct[1] & ~correct[0]).sum())
    return Difference(confidence_intervals, only_first, only_this, mcnemar(only_first, only_this))


def confidence_intervals(predictions: Predictions) -> dict[str, tuple[float, float, float]]:
    """Return each metric of one run with its 95 % confidence interval (bootstrap over texts)."""
    counts, losses = _by_text(predictions)
    correct, texts = predictions.correct.astype(np.float32), len(predictions)
    resampled: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    for weights in _resamples(texts):
        resampled["accuracy"].append(weights @ correct / texts)
        resampled["f1_macro"].append(_f1_macro(weights @ counts))
        resampled["log_loss"].append(weights @ losses / texts)
    values = metrics_of(predictions)
    return {
        name: (values[name], *np.percentile(np.concatenate(found), INTERVAL).tolist())
        for name, found in resampled.items()
    }


def _resamples(texts: int) -> Iterator[np.ndarray]:
    """Yield how often each text is drawn, float32 (resamples, texts)."""
    random = np.random.default_rng(0)
    for _ in range(0, RESAMPLES, BATCH):
        yield random.multinomial(texts, np.full(texts, 1 / texts), BATCH).astype(np.float32)


def metrics_of(predictions: Predictions) -> dict[str, float]:
    """Return the metrics that are compared."""
    counts, losses = _by_text(predictions)
    f1_macro = _f1_macro(counts.sum(axis=0, dtype=np.float64)[None])[0]
    values = (predictions.correct.mean(), f1_macro, losses.mean(dtype=np.float64))
    return {name: float(value) for name, value in zip(METRICS, values, strict=True)}


def mcnemar(only_first: int, only_other: int) -> float:
    """Return the two-sided p-value of McNemar's test: exact, or by normal approximation above 1,000 discordant texts.

    Args:
        only_first, only_other: texts that only one of two classifiers predicts correctly.
    """
    total, fewer = only_first + only_other, min(only_first, only_other)
    if total > LARGEST_EXACT:
        return erfc(max(abs(only_first - only_other) - 1, 0) / sqrt(total) / sqrt(2))
    return min(1.0, 2 * sum(comb(total, number) for number in range(fewer + 1)) / 2**total)


def differing_settings(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Return the settings that differ: path -> value in each config, `None` where a config has no such setting."""
    flat = [flatten(plain(config)) for config in configs]
    paths = dict.fromkeys(path for settings in flat for path in settings)
    values = {path: [settings.get(path) for settings in flat] for path in paths}
    return {path: found for path, found in values.items() if any(value != found[0] for value in found)}


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write the comparison as one HTML file, in the form of the report."""
    names = comparison.names
    rows = [[name, *_rounded(metrics.values())] for name, metrics in zip(names, comparison.metrics, strict=True)]
    scores = blocks.table(["run", *comparison.titles], rows, note=comparison.note or "")
    differences = blocks.table(*_differences_table(comparison), title=f"Difference from {names[0]}")
    settings = [[path, *map(str, values)] for path, values in comparison.settings.items()]
    texts = [[row, blocks.shortened(text), *rest] for row, text, *rest in comparison.differing]
    shown = f"{comparison.different:,} texts have different predictions. The table shows {len(texts):,} of them."
    note = f"{comparison.texts:,} texts of {comparison.split}. Intervals: 95 %, paired bootstrap over texts."
    predictions = blocks.table(["row", "text", "label", *names], texts)
    sections = [
        blocks.section("Scores", scores, differences),
        blocks.section("Settings", blocks.table(["setting", *names], settings) if settings else None),
        blocks.section("Different predictions", predictions if texts else None, note=shown),
    ]
    with output_file(path) as stream:
        stream.write(page(f"{' · '.join(names)} · textclf", " vs. ".join(names), note, sections))


def _differences_table(comparison: Comparison) -> tuple[list[str], list[list]]:
    columns = ["run", "metric", "difference", "from", "to", "p (McNemar)"]
    rows = []
    for name, found in zip(comparison.names[1:], comparison.differences, strict=True):
        for metric, interval in found.confidence_intervals.items():
            p_value = format_p_value(found.p_value) if metric == "accuracy" else None
            rows.append([name, METRICS[metric], *_rounded(interval), p_value])
    return columns, rows


def format_p_value(value: float) -> str:
    """Format a p-value with four digits: `0.0312`, or `< 0.0001`, because no test gives certainty."""
    return f"{value:.4f}" if value >= SMALLEST_P_VALUE else f"< {SMALLEST_P_VALUE}"


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 4) for value in values]


def _by_text(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Return hits, predictions and truths of every label, float32 (texts, 3 * labels), and each text's log loss."""
    truth, predicted = predictions.one_hot_truth, predictions.one_hot_predicted
    losses = log_losses(predictions.truth, predictions.probabilities, SMALLEST_PROBABILITY)
    return np.concatenate([truth & predicted, predicted, truth], axis=1).astype(np.float32), losses.astype(np.float32)


def _f1_macro(sums: np.ndarray) -> np.ndarray:
    """Return the mean F1 over labels that occur or are predicted, 0 without any, (resamples,).

    Args:
        sums: of what `_by_text` returns, (resamples, 3 * labels).
    """
    hits, predicted, support = np.split(sums, 3, axis=1)
    present = predicted + support > 0
    return f1_score(hits, predicted, support).sum(axis=1) / np.maximum(present.sum(axis=1), 1)


def _differing_texts(predictions: list[Predictions], targets: Targets) -> tuple[int, list[list]]:
    """Return the number of texts with different predictions, and those with the largest errors of the first run."""
    first, *others = predictions
    differs = [(one.predicted != first.predicted).reshape(len(one), -1).any(axis=1) for one in others]
    rows = np.flatnonzero(np.any(differs, axis=0))
    lines = []
    for row in rows[np.argsort(-first.error[rows], kind="stable")][:MOST_TEXTS]:
        labels = [targets.named(one.predicted[row]) for one in predictions]
        lines.append([int(first.rows[row]), first.texts[row], targets.named(first.truth[row]), *labels])
    return len(rows), lines
