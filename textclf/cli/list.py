"""`textclf list`: list architectures, tokenizers, readers and runs."""

import click

from textclf.cli.tables import Table, format_field, print_table
from textclf.cli.terminal import print_line
from textclf.core.formatting import format_figure


@click.command("list")
def command():
    """List architectures, tokenizers, file formats and runs.

    \b
    Examples:
      textclf list
    """
    print_choices()
    print_runs()


def print_choices() -> None:
    """Print the names that a config can choose from."""
    from textclf.config.ensemble import MODELS
    from textclf.data.readers import READERS
    from textclf.preprocessing.tokenizers import TOKENIZERS

    for title, table in {"architectures": MODELS, "tokenizers": TOKENIZERS, "formats": READERS}.items():
        print_line(f"{title}: {', '.join(table)}")


def print_runs() -> None:
    """Print a table of the runs in the working folder."""
    from textclf.core.find_run import latest_run, run_names
    from textclf.core.run_folder import RUNS, RunFolder

    names = run_names()
    if not names:
        print_line(f"runs: none in {RUNS}/")
        return
    latest = latest_run()
    table = Table("run", "status", "test accuracy", "seconds")
    for name in names:
        mark = " (latest)" if latest and name == latest.path.name else ""
        table.add_row(f"{name}{mark}", *_describe(RunFolder(RUNS / name)))
    print_table(table)


def _describe(run) -> list[str]:
    """Return status, test accuracy and seconds of a run; a damaged run must not hide the others."""
    from textclf.core.errors import RunError
    from textclf.training.locking import is_locked

    try:
        about, test = run.read_metadata(), run.read_metrics().get("test")
    except RunError:
        about, test = {"status": "damaged"}, None
    if about.get("status") == "running" and not is_locked(run):
        about["status"] = "killed"
    found = test.get("accuracy") if isinstance(test, dict) else None
    accuracy = format_figure(found if isinstance(found, float) else None)
    return [format_field(text) for text in (about.get("status", ""), accuracy, about.get("seconds", ""))]
