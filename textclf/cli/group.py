"""The command group: which commands there are. A command's file is imported only when that command is run."""

from importlib import import_module

import click

from textclf import __version__
from textclf.core.errors import ReaderGoneError

# Command -> summary, in the order of the help page; module `find_rate` has the command `find-rate`. The summary is the
# first line of the command's own help, repeated here so that `textclf --help` imports no command.
COMMANDS = {
    "configs": "List the example configs, or copy one.",
    "new": "Write a config for a file of labelled texts.",
    "check": "Check a config and its data.",
    "train": "Train a classifier and evaluate it.",
    "resume": "Continue an interrupted training.",
    "tune": "Search for better settings, then train the best ones.",
    "find-rate": "Suggest a learning rate (learning-rate range test).",
    "audit": "List training texts whose label is probably wrong.",
    "predict": "Classify texts.",
    "serve": "Serve classifiers over HTTP.",
    "evaluate": "Evaluate a classifier on labelled texts.",
    "report": "Write an HTML report: scores, curves and errors of a run.",
    "compare": "Test whether runs differ significantly from the first.",
    "export": "Write a classifier in a smaller or another form.",
    "push": "Upload a classifier to the hub of Hugging Face.",
    "card": "Print the model card of a run, in Markdown.",
    "list": "List architectures, tokenizers, file formats and runs.",
    "schema": "Print the JSON Schema of a config.",
}


class LazyGroup(click.Group):
    """A group that imports `textclf.cli.<command>` on demand and takes its attribute `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or `None` if there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"textclf.cli.{cmd_name.replace('-', '_')}").command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command.

        Raises:
            ReaderGoneError: the reader of the output has read enough.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands into the help page."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("textclf", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="textclf")
def cli():
    """Train, evaluate and use text classifiers.

    \b
    Examples:
      textclf configs toy_en
      textclf train toy_en.yaml
      textclf predict "a wonderful film"
    """
