"""`textclf resume`: continue an interrupted training."""

import click

from textclf.cli.train import print_folds, write_report_and_print
from textclf.cli.tune import print_search
from textclf.core.run_folder import CROSS_VALIDATION, SEARCH, TRAINING, kind_of

PRINT = {TRAINING: write_report_and_print, CROSS_VALIDATION: print_folds, SEARCH: print_search}


@click.command("resume")
@click.argument("run", metavar="RUN")
def command(run):
    """Continue an interrupted training.

    RUN is a run folder or the name of a run in runs/. The result equals that of an uninterrupted training.

    \b
    Examples:
      textclf resume mine
    """
    from textclf.training.devices import is_worker
    from textclf.training.resume import resume

    if is_worker():
        from textclf.training.worker import resume_as_worker

        resume_as_worker(run)
        return
    finished = resume(run)
    PRINT[kind_of(finished.read_metadata())](finished)
