"""Help pages: short summaries, and an example for every command."""

import re

import click
import pytest
from click.testing import CliRunner

from textclf.cli.group import COMMANDS, cli


@pytest.mark.parametrize("command", cli.list_commands(click.Context(cli)))
def test_every_help_has_an_example(command):
    page = CliRunner().invoke(cli, [command, "--help"], catch_exceptions=False).output
    assert re.search(rf"^ +textclf {command}( |$)", page.split("Options:")[0].split("Examples:")[1], re.MULTILINE)


def test_summaries_of_commands_are_short_and_whole():
    page = CliRunner().invoke(cli, ["--help"], terminal_width=80, catch_exceptions=False).output
    summaries = [line for line in page.split("Commands:\n")[1].splitlines() if line]
    assert len(summaries) == len(COMMANDS), "a summary is wrapped"
    for line in summaries:
        name, summary = line.strip().split(maxsplit=1)
        assert len(summary) <= 60, name
        own_page = CliRunner().invoke(cli, [name, "--help"], catch_exceptions=False).output
        assert f"\n  {summary}\n" in own_page, name
