"""`textclf audit`: list training texts whose label is probably wrong."""

import click

from textclf.cli.options import CONFIG, FOLDS, OVERRIDES, output_file, run_name
from textclf.cli.terminal import print_line, print_written


@click.command("audit")
@CONFIG
@OVERRIDES
@click.option("--folds", type=FOLDS, default=5, show_default=True, metavar="K", help="Number of folds.")
@run_name(default="as for train --folds")
@output_file("CSV file to write", default="audit.csv in the run")
def command(config, overrides, folds, run, output):
    """List training texts whose label is probably wrong.

    Trains with K-fold cross-validation. The CSV lists texts whose label contradicts the held-out prediction, and
    nearly equal texts with different labels.

    \b
    Examples:
      textclf audit configs/toy_topics.yaml --folds 3
    """
    from textclf.core.output_file import is_standard_output
    from textclf.training.label_audit import audit

    found = audit(config, overrides, folds=folds, run=run, output=output)
    print_line(
        f"{found.texts} texts, {found.doubtful} doubtful labels, {found.pairs} pairs of similar texts with different "
        "labels",
        error=is_standard_output(found.path),
    )
    print_written(found.path)
