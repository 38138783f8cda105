"""The program of a wheel: `textclf predict` with the classifier of the wheel, under the name of the wheel."""

import copy
from functools import partial
from pathlib import Path

import click

from textclf.cli import main as program
from textclf.cli.group import cli
from textclf.cli.predict import command as predict


def main(name: str, folder: Path) -> int:
    """Run the program with the arguments of the process, and return an exit code."""
    return program.main(command=packaged(name, folder))


def packaged(name: str, folder: Path) -> click.Command:
    """Return the command `predict` under another name, without `--run`."""
    command = copy.copy(predict)
    command.name, command.help = name, (predict.help or "").replace("textclf predict", name)
    command.params = [parameter for parameter in predict.params if parameter.name != "run"]
    command.callback = partial(predict.callback, run=str(folder)) if predict.callback else None
    command.context_settings = cli.context_settings
    return command
