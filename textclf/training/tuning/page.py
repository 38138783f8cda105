"""`search.html`: what a search tried, what mattered, and how score, size and speed go together."""

import json
from pathlib import Path
from typing import Any

from textclf.config.config import LARGEST_RUN_CONFIG
from textclf.config.search_space import Choices, Range
from textclf.core.files import atomic_file, read_untrusted
from textclf.core.formatting import format_figure, short_repr
from textclf.core.run_folder import RunFolder
from textclf.evaluation.report import blocks
from textclf.evaluation.report.render import page
from textclf.training.tuning.best import BEST_CONFIG
from textclf.training.tuning.record import Trial
from textclf.training.tuning.results import SearchResults
from textclf.training.tuning.sampler import study_of

PAGE = "search.html"
IN_FRONT = "Pareto front"
FEWEST = 4  # finished trials that say something about what mattered
MOST_IMPORTANT = 10  # settings
BEST_SHARE = 0.2  # of the trials are drawn as the best ones
SELECTION_BIAS = (
    "The best of many validation scores is too high, because the search chose it for being high. Trust the scores on "
    "the test texts, which no trial has seen."
)


def write_page(results: SearchResults, folder: RunFolder) -> Path:
    """Write the page into the folder of a search, and return its path.

    Raises:
        WriteError: the disk is full.
    """
    path = folder.path / PAGE
    with atomic_file(path) as stream:
        name = folder.path.name
        subtitle = f"search · {len(results.trials)} trials · {results.goal.metric}"
        stream.write(page(f"{name} · search · textclf", name, subtitle, _sections(results, folder)))
    return path


def _sections(results: SearchResults, folder: RunFolder) -> list[dict]:
    config = read_untrusted(folder.path, BEST_CONFIG, LARGEST_RUN_CONFIG).decode("utf-8", "replace")
    return [
        blocks.section(
            "Best", _cards(results), _changes(results), blocks.code(BEST_CONFIG, config), note=SELECTION_BIAS
        ),
        blocks.section("Course", _course(results), *_against(results)),
        blocks.section("Settings", _importance(results), _parallel(results)),
        blocks.section("Trials", _trials_table(results)),
    ]


def _cards(results: SearchResults) -> dict:
    best = results.best
    assert best is not None  # else the search has ended with an error
    nested = results.nested_score
    honest = "" if nested is None else f"chosen by other folds {format_figure(nested)}"
    return blocks.cards(
        (f"{results.goal.metric}, validation", format_figure(best.score), honest),
        ("trial", str(best.number), f"of {len(results.trials)}; trial 0 is the config itself"),
        ("accuracy", format_figure(best.metrics.get("accuracy")), "validation"),
        ("size", f"{best.size:.2f} MB", _limit(results.goal.limits.size, "MB")),
        ("single text", f"{best.latency:.2f} ms", _limit(results.goal.limits.latency, "ms")),
        ("search", f"{sum(trial.seconds for trial in results.trials) / 60:.1f} min", ""),
    )


def _limit(limit: float | None, unit: str) -> str:
    return "" if limit is None else f"at most {limit:g} {unit}"


def _changes(results: SearchResults) -> dict:
    """Return a table of the settings that the best trial changed."""
    first, best = results.trials[0], results.best
    assert best is not None
    rows = [
        [path, short_repr(first.values[path]), short_repr(best.values[path])]
        for path in results.space
        if first.values[path] != best.values[path]
    ]
    note = "" if rows else "The config itself was the best."
    return blocks.table(["setting", "config", "best"], rows, title="Changed settings", note=note)


def _course(results: SearchResults) -> dict:
    better = min if results.goal.sign == 1 else max
    scores = [[trial.number, trial.score] for trial in results.trials if trial.score is not None]
    so_far = [[number, better(score for _, score in scores[: place + 1])] for place, (number, _) in enumerate(scores)]
    series = {"trial": scores, "best so far": so_far}
    return blocks.unjoined(blocks.lines("Scores", series, "trial", results.goal.metric, shares=False), "trial")


def _against(results: SearchResults) -> list[dict]:
    """Return plots of the score against size and time, with the Pareto front in another colour."""
    front = results.front
    plots = []
    for title, x, figure in (
        ("Score and size", "size in MB", lambda trial: trial.size),
        ("Score and speed", "milliseconds for a text", lambda trial: trial.latency),
        ("Score and training", "seconds of the trial", lambda trial: trial.seconds),
    ):
        series = {
            "trial": [[figure(trial), trial.score] for trial in results.ranked if trial not in front],
            IN_FRONT: [[figure(trial), trial.score] for trial in front],
        }
        plots.append(blocks.unjoined(blocks.lines(title, series, x, results.goal.metric, shares=False), *series))
    return plots


def _importance(results: SearchResults) -> dict | None:
    """Return how much of the differences between scores each setting explains."""
    if len(results.ranked) < FEWEST:
        return None
    import optuna

    study = study_of(results.space, results.trials, results.goal)
    found = optuna.importance.get_param_importances(study)
    names = list(found)[:MOST_IMPORTANT]
    return blocks.horizontal_bars("Importance (PED-ANOVA)", names, [float(found[name]) for name in names], "share")


def _parallel(results: SearchResults) -> dict | None:
    if len(results.ranked) < 2:
        return None
    count = max(1, round(BEST_SHARE * len(results.ranked)))
    rows = [
        (
            f"trial {trial.number}: {format_figure(trial.score)}",
            [_place(results.space[path], trial.values[path]) for path in results.space],
            place < count,
        )
        for place, trial in enumerate(results.ranked)
    ]
    names = [path.removeprefix("model.members.") for path in results.space]
    return blocks.parallel("All settings", names, rows, note="Each line is a trial. The best fifth is coloured.")


def _place(dimension: Range | Choices, value: Any) -> float:
    """Return where a value lies in its range, from 0 to 1."""
    if isinstance(dimension, Choices):
        known = [json.dumps(each) for each in dimension.values]
        place = known.index(json.dumps(value)) if json.dumps(value) in known else 0
        return place / max(len(known) - 1, 1)
    import math

    # Trial 0 has the config's own value, which may be null, several values, or outside of the range.
    number: float = value if isinstance(value, int | float) else dimension.low
    ends = (dimension.low, min(max(number, dimension.low), dimension.high), dimension.high)
    low, middle, high = map(math.log if dimension.log else float, ends)
    return (middle - low) / (high - low) if high > low else 0.5


def _trials_table(results: SearchResults) -> dict:
    front = {trial.number for trial in results.front}
    best = results.best
    columns = ["trial", "state", results.goal.metric, "accuracy", "MB", "ms", "seconds", "", *results.space]
    rows = [[*_figures(trial), _mark(trial, best, front), *_settings(results, trial)] for trial in results.trials]
    return blocks.table(columns, rows, title="All trials")


def _figures(trial: Trial) -> list[Any]:
    accuracy = trial.metrics.get("accuracy")
    return [trial.number, trial.error or trial.state, trial.score, accuracy, trial.size, trial.latency, trial.seconds]


def _mark(trial: Trial, best: Trial | None, front: set[int]) -> str:
    if best and trial.number == best.number:
        return "best"
    return IN_FRONT if trial.number in front else ""


def _settings(results: SearchResults, trial: Trial) -> list[str]:
    return [short_repr(trial.values[path]) for path in results.space]
