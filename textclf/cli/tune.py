"""`textclf tune`: search for the best settings."""

from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, OVERRIDES, run_name
from textclf.cli.tables import Table, format_figures, print_table
from textclf.cli.terminal import print_line

if TYPE_CHECKING:
    from textclf.core.run_folder import RunFolder

MOST_SHOWN = 10  # trials
TUNING = ("minutes", "trials", "size", "latency", "metric", "folds")


@click.command("tune")
@CONFIG
@OVERRIDES
@run_name(default="date, name of the config and -tune")
@click.option("--minutes", metavar="M", help="Time of the whole search.  [default: 30, or none with --trials]")
@click.option("--trials", metavar="N", help="Maximum number of trials.")
@click.option("--size", metavar="MB", help="Maximum size of the classifier, such as 2 or 2MB.")
@click.option("--latency", metavar="MS", help="Maximum time for a single text, such as 1 or 1ms.")
@click.option("--metric", metavar="NAME", help="Metric that decides.  [default: that of early stopping]")
@click.option("--folds", metavar="K", help="Score each trial by K-fold cross-validation, for small data.")
@click.option("--show-space", is_flag=True, help="Print the settings that would be searched, and stop.")
def command(config, overrides, run, show_space, **given):
    """Search for better settings, then train the best ones.

    The first trial is the config itself, so the result is never worse on validation. Each trial trains in a process of
    its own; one that is killed, or has no memory, is one failed trial. An interrupted search goes on with
    `textclf resume NAME`.

    \b
    Examples:
      textclf tune config.yaml --minutes 10
      textclf tune config.yaml --trials 30 --size 2MB --run small
      textclf tune config.yaml --show-space
    """
    overrides = [*overrides, *(f"tuning.{name}={_number(name, given[name])}" for name in TUNING if given[name])]
    if show_space:
        _print_space(config, overrides)
        return
    from textclf.training.tuning.search import tune

    print_search(tune(config, overrides, run=run))


def _number(name: str, value: str) -> str:
    """Return the value without its unit."""
    unit = {"size": "mb", "latency": "ms"}.get(name)
    return value[: -len(unit)].strip() if unit and value.lower().endswith(unit) else value


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
    from textclf.training.tuning.page import FLATTERY, PAGE
    from textclf.training.tuning.results import read_results

    results = read_results(folder.path)
    front, best = {trial.number for trial in results.front}, results.best
    table = Table("trial", results.metric, "accuracy", "MB", "ms", "seconds", "")
    for trial in results.ranked[:MOST_SHOWN]:
        marks = {best and best.number: "best", **({} if results.limits.kept_by(trial) else {trial.number: "too large"})}
        mark = marks.get(trial.number, "*" if trial.number in front else "")
        figures = format_figures([trial.score, trial.metrics.get("accuracy")])
        table.add_row(str(trial.number), *figures, f"{trial.size:.2f}", f"{trial.latency:.2f}", f"{trial.seconds:.0f}", mark)
    print_table(table)
    print_line(f"{len(results.trials)} trials; * Pareto front of score, size and speed. {FLATTERY}")
    if results.nested_score is not None:
        print_line(f"estimate by folds that did not choose: {results.metric} {results.nested_score:.4f}")
    print_line(f"search: {folder.path / PAGE}")
    write_report_and_print(folder)
