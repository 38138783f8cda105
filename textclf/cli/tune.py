"""`textclf tune`: search for the best settings."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, FOLDS, OVERRIDES, Number, UserPath, run_name
from textclf.cli.tables import Table, print_table
from textclf.cli.terminal import print_line
from textclf.core.errors import WriteError
from textclf.core.formatting import format_figures

if TYPE_CHECKING:
    from textclf.core.run_folder import RunFolder
    from textclf.training.tuning.record import Trial
    from textclf.training.tuning.results import SearchResults


class Measure(click.ParamType):
    """A number above 0, with or without its unit: `2MB` or `2`."""

    def __init__(self, unit: str):
        self.unit = self.name = unit

    def get_metavar(self, param, ctx=None):
        """Return what the help shows."""
        return self.unit

    def convert(self, value, param, ctx):
        """Return the number."""
        text = str(value).strip()
        number = text[: -len(self.unit)] if text.lower().endswith(self.unit.lower()) else text
        try:
            if (found := float(number)) > 0 and found < float("inf"):
                return found
        except ValueError:
            pass
        return self.fail(f"expected a number above 0, such as 2{self.unit}, got '{value}'", param, ctx)


MOST_SHOWN = 10  # trials
TUNING = ("minutes", "trials", "workers", "size", "latency", "metric", "folds")


@click.command("tune")
@CONFIG
@OVERRIDES
@run_name(default="date, name of the config and -tune")
@click.option(
    "--minutes",
    type=Number(min=0, min_open=True),
    metavar="M",
    help="Time of the whole search.  [default: 30, or none with --trials]",
)
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Maximum number of trials.")
@click.option(
    "--workers",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Number of trials at the same time, which share the cores.  [default: 1]",
)
@click.option("--size", type=Measure("MB"), help="Maximum size of the classifier, such as 2MB.")
@click.option("--latency", type=Measure("ms"), help="Maximum time for a single text, such as 1ms.")
@click.option(
    "--metric",
    type=click.Choice(["accuracy", "f1_macro", "loss", "roc_auc"]),
    help="Validation metric that decides.  [default: that of early stopping]",
)
@click.option("--folds", type=FOLDS, metavar="K", help="Score each trial by K-fold cross-validation, for small data.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Ray cluster that runs the trials: auto, local, or ray://HOST:10001 (needs --workers and the extra ray).",
)
@click.option("--show-space", is_flag=True, help="Print the search space, and stop.")
@click.option("--optuna", metavar="PATH", type=UserPath(dir_okay=False), help="SQLite file for Optuna's dashboard.")
def command(config, overrides, run, cluster, show_space, optuna, **given):
    """Search for better settings, then train the best ones.

    The first trial is the config itself, so the result is never worse on validation. Each trial trains in a process of
    its own. A crash, or too little memory, is one failed trial. `textclf resume NAME` continues an interrupted search.

    \b
    Examples:
      textclf tune config.yaml --minutes 10
      textclf tune config.yaml --trials 30 --size 2MB --run small
      textclf tune config.yaml --show-space
      textclf tune config.yaml --workers 16 --cluster auto
    """
    overrides = [*overrides, *(f"tuning.{name}={given[name]}" for name in TUNING if given[name] is not None)]
    if show_space:
        _print_space(config, overrides)
        return
    if optuna:
        _check_new(optuna)
    from textclf.training.tuning.tune import tune

    folder = tune(config, overrides, run=run, cluster=cluster)
    print_search(folder)
    if optuna:
        from textclf.training.tuning.results import read_results
        from textclf.training.tuning.sampler import write_study

        results = read_results(folder.path)
        write_study(results.space, results.trials, results.goal, Path(optuna))


def _check_new(path: str) -> None:
    """Check before the search that a file can be made.

    Raises:
        WriteError: it cannot, or is there already.
    """
    from textclf.core.output_file import check_output

    if os.path.lexists(path):
        raise WriteError(f"{path}: this file exists already. Choose another name, or remove it.")
    check_output(path)


def _print_space(config: str, overrides: list[str]) -> None:
    from textclf.config.config import load_config
    from textclf.config.search_space import search_space, value_of
    from textclf.core.formatting import short_repr

    loaded = load_config(config, overrides)
    table = Table("setting", "now", "searched")
    for path, dimension in search_space(loaded).items():
        table.add_row(path, short_repr(value_of(loaded, path)), str(dimension))
    print_table(table)


def print_search(folder: "RunFolder") -> None:
    """Print the trials of a finished search, the best first, and the metrics of its run."""
    from textclf.cli.train import write_report_and_print
    from textclf.training.tuning.page import PAGE, SELECTION_BIAS
    from textclf.training.tuning.results import read_results

    results = read_results(folder.path)
    table = Table("trial", results.goal.metric, "accuracy", "MB", "ms", "seconds", "")
    for trial in results.ranked[:MOST_SHOWN]:
        mark = _mark(trial, results)
        figures = format_figures([trial.score, trial.metrics.get("accuracy")])
        table.add_row(
            str(trial.number), *figures, f"{trial.size:.2f}", f"{trial.latency:.2f}", f"{trial.seconds:.0f}", mark
        )
    print_table(table)
    print_line(f"{len(results.trials)} trials; * Pareto front of score, size and speed. {SELECTION_BIAS}")
    if results.nested_score is not None:
        print_line(f"estimate by folds that did not choose: {results.goal.metric} {results.nested_score:.4f}")
    print_line(f"search: {folder.path / PAGE}")
    write_report_and_print(folder)


def _mark(trial: "Trial", results: "SearchResults") -> str:
    if not results.goal.limits.kept_by(trial):
        return "above the limit"
    if trial == results.best:
        return "best"
    return "*" if trial in results.front else ""
