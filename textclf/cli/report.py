"""`textclf report`: write the HTML report of a run."""

import click

from textclf.cli.options import output_file
from textclf.cli.terminal import print_written


@click.command("report")
@click.argument("run", required=False)
@output_file("HTML file to write", default="report.html in the run")
def command(run, output):
    """Write an HTML report: scores, curves and errors of a run.

    The report is one file that needs no network. RUN is a run folder or the name of a run in runs/. The default is
    the newest finished run. A cross-validation (`train --folds`) has no report, because it has no classifier.

    \b
    Examples:
      textclf report
      textclf report short --output short.html
    """
    from textclf.evaluation.report.report import write_report

    print_written(write_report(run, output=output))
