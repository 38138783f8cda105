"""`textclf configs`: list the example configs, or copy one."""

import shlex

import click

from textclf.cli.options import output_file
from textclf.cli.terminal import print_line, print_written


@click.command("configs")
@click.argument("name", required=False)
@output_file("Path of the copy", default="NAME.yaml")
@click.option("--force", is_flag=True, help="Permission to replace an existing file.")
def command(name, output, force):
    """List the example configs, or copy one.

    Without NAME, lists the examples. With NAME, copies that config and its toy data. The data go to data/, unless
    they are there.

    \b
    Examples:
      textclf configs
      textclf configs toy_en
      textclf configs toy_en --output mine.yaml
    """
    from pathlib import Path

    from textclf.config.examples import copy_example
    from textclf.core.output_file import is_standard_output

    if name is None and (output or force):
        raise click.UsageError("--output and --force need the NAME of an example: textclf configs toy_en")
    if name is None:
        print_examples()
        return
    written = copy_example(name, Path(output) if output else None, force=force)
    for path in written:
        print_written(path)
    if not is_standard_output(written[-1]):
        print_line(f"next: textclf train {shlex.quote(str(written[-1]))}")


def print_examples() -> None:
    """Print name and summary of each example config."""
    from textclf.config.examples import example_configs

    examples = example_configs()
    width = max(map(len, examples), default=0)
    for name, summary in examples.items():
        print_line(f"{name:{width}}  {summary}")
