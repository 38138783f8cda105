"""`textclf compare`: is one run better than another, or was it luck? Paired, on the texts that both answered for."""

from collections.abc import Iterable, Sequence
from math import comb, erfc, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from textclf.config.config import Config
from textclf.config.run_config import read_run_config
from textclf.core.errors import RunError
from textclf.core.files import atomic_file
from textclf.core.find_run import find_run
from textclf.core.run_folder import RunFolder
from textclf.data.targets import Targets
from textclf.evaluation.predictions_file import Answers, read_answers
from textclf.evaluation.report import blocks
from textclf.evaluation.report.render import page
from textclf.inference.classifier import load_classifier

RESAMPLES, AT_ONCE = 1000, 50
INTERVAL = (2.5, 97.5)  # percentiles: 95 of 100 such intervals hold the difference
MOST_TEXTS = 500  # that are shown
FIGURES = {"accuracy": "accuracy", "f1_macro": "F1 macro", "log_loss": "log loss"}  # and how they are called
SMALLEST_SHOWN = 0.0001  # of probabilities
LARGEST_EXACT = 1000  # answers that only one run has right, up to which McNemar's test is exact


class Difference(NamedTuple):
    """A run against the first one."""

    intervals: dict[str, tuple[float, float, float]]  # figure -> difference, and the ends of its 95 % interval
    only_first: int  # texts that only the first run has right
    only_this: int
    p_value: float  # McNemar's test: how probable so uneven a split is, if both are equally good


class Comparison(NamedTuple):
    """Runs side by side, the first one first."""

    names: list[str]
    split: str
    texts: int
    figures: list[dict[str, float]]
    differences: list[Difference]  # of all runs but the first
    settings: dict[str, list[Any]]  # that are not the same: path -> of each run
    different: int  # texts that they answer differently
    differing: list[list]  # some of these: row, text, label, and the answer of each run


def compare(runs: Sequence[str | Path]) -> Comparison:
    """Compare runs on the texts they were measured on.

    Args:
        runs: at least two run folders, or names below `runs/`; the first is what the others are compared with.

    Raises:
        RunError: a run that is not finished, or one that was measured on other texts.
    """
    folders = [find_run(run) for run in runs]
    if len(folders) < 2:
        raise RunError(f"expected at least two runs to compare, received {len(folders)}.")
    classifiers = [load_classifier(folder.inside(folder.classifier)) for folder in folders]
    answers = [read_answers(folder, classifier) for folder, classifier in zip(folders, classifiers, strict=True)]
    loaded = [classifier.targets for classifier in classifiers]
    for folder, targets, other in zip(folders[1:], loaded[1:], answers[1:], strict=True):
        _check_same_texts(folders[0], loaded[0], answers[0], folder, targets, other)
    configs = [read_run_config(folder) for folder in folders]
    return Comparison(
        [folder.path.name for folder in folders],
        answers[0].split,
        len(answers[0]),
        [figures_of(one, loaded[0]) for one in answers],
        [difference(answers[0], other, loaded[0]) for other in answers[1:]],
        differing_settings(configs),
        *_differing_texts(answers, loaded[0]),
    )


def difference(first: Answers, other: Answers, targets: Targets) -> Difference:
    """By how much another run is better or worse than the first, on the same texts in the same order.

    The interval is of a paired bootstrap (Efron 1979): the texts are drawn again, each with both answers to it.
    """
    counts, losses = zip(*(_by_text(answers, targets) for answers in (first, other)), strict=True)
    right = [_right(answers) for answers in (first, other)]
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in FIGURES}
    random = np.random.default_rng(0)
    texts = len(first)
    for _ in range(0, RESAMPLES, AT_ONCE):
        weights = random.multinomial(texts, np.full(texts, 1 / texts), AT_ONCE).astype(np.float32)
        drawn["accuracy"].append(weights @ (right[1].astype(np.float32) - right[0]) / texts)
        drawn["f1_macro"].append(_f1_macro(weights @ counts[1]) - _f1_macro(weights @ counts[0]))
        drawn["log_loss"].append(weights @ (losses[1] - losses[0]) / texts)
    now = [figures_of(answers, targets) for answers in (first, other)]
    intervals = {
        name: (now[1][name] - now[0][name], *np.percentile(np.concatenate(values), INTERVAL).tolist())
        for name, values in drawn.items()
    }
    only_first, only_this = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return Difference(intervals, only_first, only_this, mcnemar(only_first, only_this))


def figures_of(answers: Answers, targets: Targets) -> dict[str, float]:
    """The scores that are compared, of the answers as the run gave them."""
    counts, losses = _by_text(answers, targets)
    f1_macro = _f1_macro(counts.sum(axis=0, dtype=np.float64)[None])[0]
    values = (_right(answers).mean(), f1_macro, losses.mean(dtype=np.float64))
    return {name: float(value) for name, value in zip(FIGURES, values, strict=True)}


def mcnemar(only_first: int, only_other: int) -> float:
    """McNemar's test, two-sided and exact; with more than 1,000 different answers by the normal approximation.

    Args:
        only_first, only_other: texts that only one of two classifiers has right.
    """
    total, fewer = only_first + only_other, min(only_first, only_other)
    if total > LARGEST_EXACT:
        return erfc(max(abs(only_first - only_other) - 1, 0) / sqrt(total) / sqrt(2))
    return min(1.0, 2 * sum(comb(total, number) for number in range(fewer + 1)) / 2**total)


def differing_settings(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Path of each setting that is not the same in all configs -> its value in each; `None` where there is none."""
    flat = [_flat(config.model_dump()) for config in configs]
    paths = dict.fromkeys(path for settings in flat for path in settings)
    values = {path: [settings.get(path) for settings in flat] for path in paths}
    return {path: found for path, found in values.items() if any(value != found[0] for value in found)}


def write_comparison(comparison: Comparison, path: Path) -> None:
    """The comparison as one HTML file, as the report is."""
    names = comparison.names
    found = zip(names, comparison.figures, strict=True)
    rows = [[name, *_rounded(figures[figure] for figure in FIGURES)] for name, figures in found]
    scores = blocks.table(["run", *FIGURES.values()], rows)
    differences = blocks.table(*_differences_table(comparison), title="Against the first")
    settings = [[path, *map(str, values)] for path, values in comparison.settings.items()]
    texts = [[row, blocks.shortened(text), *rest] for row, text, *rest in comparison.differing]
    shown = f"{comparison.different:,} texts are answered differently; here are {len(texts):,} of them."
    note = f"On {comparison.texts:,} texts of {comparison.split}. Intervals: 95 %, paired bootstrap of the texts."
    answers = blocks.table(["row", "text", "label", *names], texts)
    sections = [
        blocks.section("Scores", scores, differences),
        blocks.section("Settings", blocks.table(["setting", *names], settings) if settings else None),
        blocks.section("Different answers", answers if texts else None, note=shown),
    ]
    with atomic_file(path) as stream:
        stream.write(page(f"{' · '.join(names)} · textclf", " against ".join(names), note, sections))


def _differences_table(comparison: Comparison) -> tuple[list[str], list[list]]:
    columns = ["run", "figure", "difference", "from", "to", "McNemar's p"]
    rows = []
    for name, found in zip(comparison.names[1:], comparison.differences, strict=True):
        for figure, interval in found.intervals.items():
            p_value = format_p_value(found.p_value) if figure == "accuracy" else None
            rows.append([name, FIGURES[figure], *_rounded(interval), p_value])
    return columns, rows


def format_p_value(value: float) -> str:
    """Format a p-value with four digits: `0.0312`, or `< 0.0001`, because no test gives certainty."""
    return f"{value:.4f}" if value >= SMALLEST_SHOWN else f"< {SMALLEST_SHOWN}"


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 4) for value in values]


def _check_same_texts(
    folder: RunFolder, targets: Targets, answers: Answers, other: RunFolder, other_targets: Targets, others: Answers
) -> None:
    same = (
        (targets.type, targets.labels) == (other_targets.type, other_targets.labels)
        and np.array_equal(answers.rows, others.rows)
        and answers.texts == others.texts
        and np.array_equal(answers.truth, others.truth)
    )
    if not same:
        raise RunError(
            f"{other.path}: expected a run measured on the same texts and labels as {folder.path}, received one "
            "measured on others. Train both with the same data.test."
        )


def _by_text(answers: Answers, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
    """Hits, answers and truths of every label, float32 (texts, 3 * labels), and the log loss of each text."""
    probabilities = np.clip(answers.probabilities, 1e-7, 1 - 1e-7)
    if targets.many:
        truth, predicted = answers.truth, answers.predicted
        losses = -np.log(np.where(truth, probabilities, 1 - probabilities)).mean(axis=1)
    else:
        labels = np.arange(len(targets.labels))
        truth, predicted = answers.truth[:, None] == labels, answers.predicted[:, None] == labels
        losses = -np.log(probabilities[np.arange(len(answers)), answers.truth])
    return np.concatenate([truth & predicted, predicted, truth], axis=1).astype(np.float32), losses.astype(np.float32)


def _f1_macro(sums: np.ndarray) -> np.ndarray:
    """From sums of hits, answers and truths, (resamples, 3 * labels): the mean over labels that are there."""
    hits, answered, support = np.split(sums, 3, axis=1)
    present = answered + support > 0
    return (2 * hits / np.maximum(answered + support, 1)).sum(axis=1) / present.sum(axis=1)


def _right(answers: Answers) -> np.ndarray:
    return (answers.truth == answers.predicted).reshape(len(answers), -1).all(axis=1)


def _differing_texts(answers: list[Answers], targets: Targets) -> tuple[int, list[list]]:
    """How many texts the runs answer differently, and some: those first that the first run has most wrong."""
    others = [(one.predicted != answers[0].predicted).reshape(len(one), -1).any(axis=1) for one in answers[1:]]
    rows = np.flatnonzero(np.any(others, axis=0))
    first = answers[0]
    truth = first.truth if targets.many else first.truth[:, None] == np.arange(len(targets.labels))
    doubt = np.abs(truth - first.probabilities).max(axis=1)
    lines = []
    for row in rows[np.argsort(-doubt[rows], kind="stable")][:MOST_TEXTS]:
        said = [targets.named(one.predicted[row]) for one in answers]
        lines.append([int(first.rows[row]), first.texts[row], targets.named(first.truth[row]), *said])
    return len(rows), lines


def _flat(settings: dict, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
