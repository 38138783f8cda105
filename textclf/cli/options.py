"""Arguments and options that several commands share."""

import click

CONFIG = click.argument("config", type=click.Path())
OVERRIDES = click.option(
    "--set", "overrides", multiple=True, metavar="SECTION.SETTING=VALUE", help="Override of one setting; repeatable."
)
RUN = click.option(
    "--run",
    metavar="RUN",
    help="Run folder, name of a run in runs/, or classifier folder.  [default: the newest finished run]",
)
FOLDS = click.IntRange(2, 100)


def run_name(*, default: str):
    """Return the option `--run` of a command that creates a run; `default` is what its help says of the default."""
    return click.option("--run", metavar="NAME", help=f"Name of the new run in runs/.  [default: {default}]")


def output_file(what: str, default: str | None = None):
    """Return the option `--output` of a command that writes one file; `what` says which."""
    text = f"{what}.  [default: {default}]" if default else f"{what}."
    return click.option("--output", metavar="PATH", type=click.Path(dir_okay=False), help=text)


def output_format(*names: str, help: str):
    """Return the option `--format` with these choices; the first is the default."""
    return click.option("--format", type=click.Choice(names), default=names[0], show_default=True, help=help)
