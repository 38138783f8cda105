"""The options that several commands share."""

import pytest
from click.testing import CliRunner

from textclf.cli.group import cli
from textclf.cli.options import INPUT_FORMATS
from textclf.data.readers import READERS

LINES = "".join(f"{('good', 'bad')[row % 2]} film {row}^{('pos', 'neg')[row % 2]}\n" for row in range(40))


def test_the_formats_are_those_that_there_are():
    assert set(INPUT_FORMATS) == set(READERS)


@pytest.mark.parametrize("command", ["new", "check", "predict", "evaluate"])
@pytest.mark.parametrize("option", ["--encoding", "--delimiter", "--quoting", "--input-format"])
def test_files_can_be_described_to_every_command_that_reads_them(command, option):
    assert option in CliRunner().invoke(cli, [command, "--help"]).output


@pytest.mark.parametrize("arguments", [["--encoding", "klingon"], ["--delimiter", "ab"], ["--delimiter", '"']])
def test_a_wrong_description_is_wrong_usage(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["new", "c.yaml", "--data", "a.csv", *arguments])
    assert result.exit_code == 2
    assert f"Error: {arguments[0]}: expected" in result.output


@pytest.mark.parametrize("format_option", ["--input-format", "--format"])
def test_new_writes_and_check_takes_what_is_given(tmp_path, monkeypatch, format_option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.data").write_text(f"sentence^mood\n{LINES}", "utf-16")
    given = ["--encoding", "utf-16", "--delimiter", "^", "--quoting", "none"]
    result = CliRunner().invoke(cli, ["new", "c.yaml", "--data", "a.data", *given, format_option, "csv"])
    assert result.exit_code == 0, result.output
    for more, said in {
        (): "Ready",
        ("--delimiter", "tab"): "would fail",
        ("--encoding", "utf-8"): "would fail",
    }.items():
        assert said in CliRunner().invoke(cli, ["check", "c.yaml", *more]).output
