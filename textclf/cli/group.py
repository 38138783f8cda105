"""The command group: which commands there are. A command's file is imported when the command is run or listed."""

from importlib import import_module

import click

from textclf import __version__

# Command -> module with an attribute `command`, in the order of the help page.
COMMANDS = {
    "configs": "textclf.cli.configs",
    "new": "textclf.cli.new",
    "check": "textclf.cli.check",
    "train": "textclf.cli.train",
    "resume": "textclf.cli.resume",
    "find-rate": "textclf.cli.find_rate",
    "audit": "textclf.cli.audit",
    "predict": "textclf.cli.predict",
    "evaluate": "textclf.cli.evaluate",
    "report": "textclf.cli.report",
    "compare": "textclf.cli.compare",
    "list": "textclf.cli.list",
    "schema": "textclf.cli.schema",
}


class LazyGroup(click.Group):
    """A group whose commands are the modules of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or `None` if there is no such command."""
        return import_module(COMMANDS[cmd_name]).command if cmd_name in COMMANDS else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="textclf")
def cli():
    """Train, evaluate and use text classifiers.

    \b
    Examples:
      textclf configs toy_en
      textclf train toy_en.yaml
      textclf predict "a wonderful film"
    """
