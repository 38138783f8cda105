"""`textclf configs`: a list, and a copy with what to do next."""

from pathlib import Path

from click.testing import CliRunner

from textclf.cli.group import cli
from textclf.config.examples import example_configs


def test_without_a_name_it_lists_every_config_with_its_summary():
    lines = CliRunner().invoke(cli, ["configs"], catch_exceptions=False).output.splitlines()
    assert [tuple(line.split(maxsplit=1)) for line in lines] == list(example_configs().items())


def test_with_a_name_it_copies_and_says_what_it_wrote(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(cli, ["configs", "toy_zh", "--output", "mine.yaml"], catch_exceptions=False).output
    *wrote, advice = shown.splitlines()
    assert all(Path(line.removeprefix("wrote ")).is_file() for line in wrote)
    assert wrote[-1] == "wrote mine.yaml"
    assert advice == "next: textclf train mine.yaml"
