"""Arguments and options that several commands share."""

import math
import os
from collections.abc import Callable
from functools import wraps

import click


class UserPath(click.Path):
    """A path in which `~` is the home folder also where the shell leaves it, as in `--data=~/a.csv`."""

    def convert(self, value, param, ctx):
        """Return the path."""
        from textclf.core.files import expand_home

        return super().convert(expand_home(os.fspath(value)), param, ctx)


class Number(click.FloatRange):
    """A number within limits. NaN is none: it is beyond no limit, and a comparison with it is never true."""

    def convert(self, value, param, ctx):
        """Return the number."""
        number = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{value} is not a finite number.", param, ctx)


CONFIG = click.argument("config", type=UserPath())
OVERRIDES = click.option(
    "--set", "overrides", multiple=True, metavar="SECTION.SETTING=VALUE", help="Override of one setting (repeatable)."
)
RUN = click.option(
    "--run",
    metavar="RUN",
    help="Run folder, name of a run in runs/, classifier folder, exported zip file, or hf://owner/name[@revision].  "
    "[default: the newest finished run]",
)


def input_file(name: str, help: str, *, metavar: str = "FILE", required: bool = False):
    """Return an option that names a file of texts. Two are an error, because click would take the last one alone."""
    return click.option(
        name, metavar=metavar, type=UserPath(), multiple=True, callback=_only_one, required=required, help=help
    )


def _only_one(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    if len(values) > 1:
        raise click.BadParameter(f"expected one, got {len(values)}. Name several by a pattern: 'data/*.csv'.")
    return values[0] if values else None


TEXT_COLUMN = click.option(
    "--text-column", metavar="NAME", help="Column or field with the text.  [default: as in training]"
)
LABEL_COLUMN = click.option(
    "--label-column", metavar="NAME", help="Column or field with the label.  [default: as in training]"
)
# The keys of `READERS`.
INPUT_FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "excel", "txt", "fasttext", "folder")
DELIMITER_NAMES = {"tab": "\t", "\\t": "\t"}
FOLDS = click.IntRange(2, 100)


def run_name(*, default: str):
    """Return the option `--run` of a command that creates a run; `default` describes the default in its help."""
    return click.option("--run", metavar="NAME", help=f"Name of the new run in runs/.  [default: {default}]")


def output_file(what: str, default: str | None = None):
    """Return the option `--output` of a command that writes one file; `what` says which."""
    text = f"{what}.  [default: {default}]" if default else f"{what}."
    return click.option("--output", metavar="PATH", type=UserPath(dir_okay=False), help=text)


def output_format(*names: str, help: str):
    """Return the option `--format` with these choices; the first is the default."""
    return click.option("--format", type=click.Choice(names), default=names[0], show_default=True, help=help)


def reading_options(*other_names: str, default: str = "detected", encoding: str = ""):
    """Return the options for reading files. The command gets the given ones as `reading`.

    Args:
        other_names: of `--input-format`.
        default: the text of the default in the help.
        encoding: the text of the default of `--encoding`, if it is another one.
    """
    options = (
        click.option("--encoding", metavar="NAME", help=f"Encoding, such as cp1251.  [default: {encoding or default}]"),
        click.option("--delimiter", metavar="C", help=f"Character between the fields.  [default: {default}]"),
        click.option(
            "--quoting",
            type=click.Choice(["minimal", "none", "unchecked"]),
            help=f"Double quotes around fields: allowed, absent, or allowed and unchecked.  [default: {default}]",
        ),
        click.option(
            "--input-format",
            *other_names,
            "input_format",
            type=click.Choice(INPUT_FORMATS),
            help="Format of the files (txt: one text in each line).  [default: by the file's extension]",
        ),
        click.option("--sheet", metavar="NAME", help="Sheet of an Excel file.  [default: the first one with rows]"),
    )

    def decorate(command: Callable) -> Callable:
        @wraps(command)
        def with_reading(encoding, delimiter, quoting, input_format, sheet, **others):
            given = {"encoding": encoding, "delimiter": delimiter, "quoting": quoting, "format": input_format}
            given["sheet"] = sheet
            return command(reading=_checked_reading(given), **others)

        for option in reversed(options):
            with_reading = option(with_reading)
        return with_reading

    return decorate


def _checked_reading(given: dict[str, str | None]) -> dict[str, str]:
    """Return the options that were given, as settings of `data`."""
    said = {name: value for name, value in given.items() if value is not None}
    if said:
        from textclf.core.options import checked
        from textclf.data.readers.options import ReadingArguments

        if "delimiter" in said:
            said["delimiter"] = DELIMITER_NAMES.get(said["delimiter"], said["delimiter"])
        try:
            checked(ReadingArguments, said)
        except ValueError as error:
            raise click.UsageError(f"--{error}") from None
    return said
