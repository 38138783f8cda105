"""`textclf train`: train a classifier, once or by cross-validation."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, FOLDS, OVERRIDES, run_name
from textclf.cli.tables import SUMMARY_METRICS, Table, format_figures, print_table, summary_table
from textclf.cli.terminal import print_line

if TYPE_CHECKING:
    from textclf.core.run_folder import RunFolder


@click.command("train")
@CONFIG
@OVERRIDES
@run_name("date and name of the config")
@click.option("--folds", type=FOLDS, metavar="K", help="Number of folds of a K-fold cross-validation.")
def command(config, overrides, run, folds):
    """Train a classifier and evaluate it.

    Writes a run folder with the classifier, its metrics and a report. If a run of the same name was interrupted and
    neither CONFIG nor the data have changed, training continues from its last saved state.

    \b
    Examples:
      textclf train configs/toy_en.yaml
      textclf train configs/toy_en.yaml --set training.epochs=3 --set model.units=32 --run short
      textclf train configs/toy_en.yaml --folds 5
    """
    if folds:
        from textclf.training.cross_validation import cross_validate

        print_folds(cross_validate(config, overrides, folds=folds, run=run))
    else:
        from textclf.training.train import train

        report_and_print(train(config, overrides, run=run))


def report_and_print(run: "RunFolder") -> None:
    """Write the report of a finished run and print its metrics."""
    from textclf.evaluation.report.report import report_on

    print_run(run, report_on(run))


def print_run(run: "RunFolder", report: Path | None = None) -> None:
    """Print the final metrics of a training and what to do next."""
    metrics = run.read_metrics()
    print_table(summary_table({split: metrics[split] for split in metrics if isinstance(metrics[split], dict)}))
    about = run.read_metadata()
    print_line(f"trained in {about['seconds']:.0f} s, peak memory {about['peak_memory_mb']} MB")
    print_line(f"run: {run.path}")
    if report:
        print_line(f"report: {report}")
    print_line('next: textclf predict "some text"')


def print_folds(run: "RunFolder") -> None:
    """Print the metrics of a cross-validation: mean, standard deviation, lowest and highest of the folds."""
    metrics = run.read_metrics()
    table = Table("", "mean", "deviation", "lowest", "highest")
    for name, title in SUMMARY_METRICS.items():
        if name in metrics["mean"]:
            values = metrics["by_fold"][name]
            figures = [metrics["mean"][name], metrics["deviation"][name], min(values), max(values)]
            table.add_row(title, *format_figures(figures))
    print_table(table)
    print_line(f"trained {metrics['folds']} folds in {run.read_metadata()['seconds']:.0f} s")
    print_line(f"predictions: {run.predictions}")
