"""`textclf train`: train a classifier, once or by cross-validation."""

from typing import TYPE_CHECKING

import click

from textclf.cli.options import CONFIG, FOLDS, OVERRIDES, run_name
from textclf.cli.tables import Table, print_table, summary_table
from textclf.cli.terminal import print_line
from textclf.core.formatting import SUMMARY_METRICS, format_figures

if TYPE_CHECKING:
    from textclf.core.run_folder import RunFolder


@click.command("train")
@CONFIG
@OVERRIDES
@run_name(default="date and name of the config")
@click.option("--folds", type=FOLDS, metavar="K", help="Number of folds of a K-fold cross-validation.")
def command(config, overrides, run, folds):
    """Train a classifier and evaluate it.

    Writes a run folder with the classifier, its metrics and a report. If a run of the same name was interrupted,
    training continues from its last checkpoint. CONFIG and the data must then be unchanged.

    \b
    Examples:
      textclf train configs/toy_en.yaml
      textclf train configs/toy_en.yaml --set training.epochs=3 --set model.units=32 --run short
      textclf train configs/toy_en.yaml --folds 5
    """
    from textclf.training.devices import is_worker

    if folds:
        from textclf.training.cross_validation import cross_validate

        print_folds(cross_validate(config, overrides, folds=folds, run=run))
    elif is_worker():
        from textclf.training.worker import train_as_worker

        train_as_worker(config, overrides)
    else:
        from textclf.training.train import train

        write_report_and_print(train(config, overrides, run=run))


def write_report_and_print(folder: "RunFolder") -> None:
    """Write the report of a finished run, then print its metrics, the paths of its files, and the next command."""
    from textclf.evaluation.report.report import report_on

    report = report_on(folder)
    print_table(summary_table(folder.read_metrics()))
    metadata = folder.read_metadata()
    print_line(f"trained in {metadata['seconds']:.0f} s, peak memory {metadata['peak_memory_mb']} MB")
    print_line(f"run: {folder.path}")
    if report:
        print_line(f"report: {report}")
    print_line('next: textclf predict "some text"')


def print_folds(folder: "RunFolder") -> None:
    """Print the metrics of a cross-validation: mean, standard deviation, lowest and highest of the folds."""
    metrics = folder.read_metrics()
    table = Table("", "mean", "deviation", "lowest", "highest")
    for name, title in SUMMARY_METRICS.items():
        if name in metrics["mean"]:
            values = metrics["by_fold"][name]
            figures = [metrics["mean"][name], metrics["deviation"][name], min(values), max(values)]
            table.add_row(title, *format_figures(figures))
    print_table(table)
    print_line(f"trained {metrics['folds']} folds in {folder.read_metadata()['seconds']:.0f} s")
    print_line(f"predictions: {folder.predictions}")
