"""`textclf configs`: a list, and a copy with what to do next."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from textclf.cli.group import cli
from textclf.config.config import load_config
from textclf.config.examples import example_configs
from textclf.core.formatting import escape_unsafe


def test_without_a_name_it_lists_every_config_with_its_summary():
    lines = CliRunner().invoke(cli, ["configs"], catch_exceptions=False).output.splitlines()
    assert [tuple(line.split(maxsplit=1)) for line in lines] == list(example_configs().items())


def test_with_a_name_it_copies_and_says_what_it_wrote(here):
    shown = CliRunner().invoke(cli, ["configs", "toy_zh", "--output", "mine.yaml"], catch_exceptions=False).output
    *wrote, advice = shown.splitlines()
    assert all(Path(line.removeprefix("wrote ")).is_file() for line in wrote)
    assert wrote[-1] == "wrote mine.yaml"
    assert advice == "next: textclf train mine.yaml"


@pytest.mark.parametrize("output", ["my file.yaml", "a\nb: [.yaml"])
def test_any_name_gives_a_config_and_a_command(here, output):
    shown = CliRunner().invoke(cli, ["configs", "toy_zh", "--output", output], catch_exceptions=False).output
    quoted = escape_unsafe(f"'{output}'")
    assert shown.splitlines()[-1] == f"next: textclf train {quoted}"
    assert load_config(output)
    assert f"textclf train {quoted}" in Path(output).read_text(encoding="utf-8")


@pytest.mark.parametrize("option", [["--force"], ["--output", "a.yaml"]])
def test_options_of_a_copy_need_its_name(option):
    finished = CliRunner().invoke(cli, ["configs", *option])
    assert finished.exit_code == 2
    assert "need the NAME of an example" in finished.output
