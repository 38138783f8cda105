"""`textclf resume`: continue an interrupted training."""

import click

from textclf.cli.train import print_folds, write_report_and_print


@click.command("resume")
@click.argument("run", metavar="RUN")
def command(run):
    """Continue an interrupted training.

    RUN is a run folder or the name of a run in runs/. The result equals that of an uninterrupted training.

    \b
    Examples:
      textclf resume mine
    """
    from textclf.training.resume import resume

    finished = resume(run)
    if finished.read_metadata().get("folds"):
        print_folds(finished)
    else:
        write_report_and_print(finished)
