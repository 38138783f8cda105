"""What is printed: nothing unsafe on a terminal, exact data in a pipe, and no error for what cannot be shown."""

import csv
import io
import itertools
import json
import re
import sys

import pytest

import textclf
from tests.conftest import LINEAR
from textclf.cli.main import main
from textclf.cli.terminal import print_line
from textclf.core.formatting import UNSAFE, escape_unsafe, json_escape, json_escape_unsafe

from .conftest import in_a_shell

TEXT = "schön 漢字 😀 wonderful \x1b[31mred\x1b[0m \x9b2J \u202eevil\u2028 \x07"
STYLES = r"\x1b\[[\d;?]*[a-zA-Z]"  # those of our own output


@pytest.mark.parametrize("value", ["\x1b[2J", "\x9b31m", "\x00\x07\x7f\x85", "a\nb\rc\td", "\u202e\u2066\u200f\u061c"])
def test_every_control_character_becomes_visible(value):
    escaped = escape_unsafe(value)
    assert not UNSAFE.search(escaped)
    assert escaped.encode().decode("unicode_escape") == value
    line = json.dumps(value, ensure_ascii=False)
    assert not UNSAFE.search(json_escape_unsafe(line))
    assert json.loads(json_escape_unsafe(line)) == value


@pytest.mark.parametrize("value", ["می‌خواهم", "क्‍ष", "👩‍👩‍👧", "한국어 ไทย ελληνικά", "a\u00a0b\u3000c"])
def test_characters_that_writing_needs_stay(value):
    assert escape_unsafe(value) == value
    assert json_escape_unsafe(value) == value


def test_escapes_of_json_are_those_of_json():
    assert json.loads(f'"{json_escape("é漢😀")}"') == "é漢😀"


@pytest.fixture
def text_file(with_runs):
    (with_runs / "texts.jsonl").write_text(json.dumps({"text": TEXT}) + "\n", encoding="utf-8")
    return "texts.jsonl"


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "latin-1", "ascii", "cp437", "shift_jis", "utf-16"])
def test_what_the_encoding_lacks_is_escaped(text_file, monkeypatch, capsys, encoding):
    for kind in ("text", "jsonl", "csv"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            code = main(["predict", "--file", text_file, "--format", kind, "--run", "toy_en"])
        said = capsys.readouterr().err
        assert code == 0, said
        shown = stream.buffer.getvalue().decode(encoding)
        assert shown.count("wonderful") == (kind != "text")
        assert "internal error" not in said
        if kind == "jsonl":
            assert json.loads(shown)["text"] == TEXT


ASCII = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict"},
]


def a_few(first, second):
    """Every combination; those without the first of either list are slow."""
    return [
        pytest.param(one, two, marks=[] if one == first[0] or two == second[0] else pytest.mark.slow)
        for one, two in itertools.product(first, second)
    ]


COMMANDS = {
    "list": ["list"],
    "check": ["check", "configs/toy_zh.yaml"],
    "explain": ["predict", "--explain", "--file", "texts.jsonl"],
    "evaluate": ["evaluate", "--run", "toy_topics"],
    "error": ["predict", "--run", "läuft 漢字", "x"],
}


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        pytest.param(command, environment, marks=[] if command == "list" else pytest.mark.slow)
        for command, environment in itertools.product(COMMANDS, ASCII)
    ],
)
def test_every_command_prints_in_a_locale_of_ascii(text_file, textclf_command, environment, command):
    finished = textclf_command(*COMMANDS[command], env=environment)
    assert finished.returncode == (1 if command == "error" else 0), finished.stderr
    assert b"internal error" not in finished.stderr


@pytest.mark.parametrize("command", ["check", "explain", "evaluate", "error"])
def test_every_command_prints_in_ascii(text_file, monkeypatch, command):
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding="ascii") for name in ("stdout", "stderr")}
    with monkeypatch.context() as patch:
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        assert main(COMMANDS[command]) == (1 if command == "error" else 0)
    for stream in streams.values():
        assert b"internal error" not in stream.buffer.getvalue()


def test_a_warning_says_that_the_text_is_not_exact(text_file, textclf_command, textclf_main):
    arguments = ["predict", "--file", text_file, "--format", "csv"]
    finished = textclf_command(*arguments, env={"PYTHONIOENCODING": "cp1252"})
    assert finished.stderr.decode().count("cp1252") == 1
    assert textclf_main(*arguments).stderr == ""


def test_a_pipe_and_a_file_get_the_exact_text(text_file, textclf_command, textclf_main):
    arguments = ["predict", "--file", text_file, "--run", "toy_en"]
    [row] = csv.DictReader(io.StringIO(textclf_main(*arguments, "--format", "csv").stdout, newline=""))
    assert row["text"] == TEXT
    piped = textclf_command(*arguments, "--format", "jsonl").stdout
    assert json.loads(piped)["text"] == TEXT
    textclf_main(*arguments, "--format", "jsonl", "--output", "out.jsonl")
    with open("out.jsonl", "rb") as stream:  # noqa: PTH123
        assert stream.read() == piped


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "text"],
        ["--format", "text", "--top-k", "2"],
        ["--format", "jsonl"],
        ["--format", "csv"],
        ["--explain"],
        ["--explain", "--format", "jsonl"],
        ["--format", "csv", "--output", "/dev/stdout"],
    ],
)
def test_a_terminal_gets_no_control_characters(text_file, screen_of, arguments):
    check_screen(screen_of("predict", "--run", "toy_en", "--file", text_file, *arguments))


def check_screen(screen):
    assert "\x1b[31mred" not in screen
    own = re.sub(STYLES, "", screen).replace("\r\n", "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", own)


def test_labels_of_a_stranger_do_not_reach_the_terminal(workplace, screen_of):
    labels = ["good\x1b[31mred\nline", "\x9b2Jbad\u202e"]
    rows = [{"text": f"text {label} {number}", "label": label} for number in range(30) for label in labels]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    (workplace / "t.jsonl").write_text(content, encoding="utf-8")
    textclf.train({"data": {"train": "t.jsonl", "test": "t.jsonl"}, **LINEAR}, run="one")
    (workplace / "c.yaml").write_text("data: {train: t.jsonl, validation: 0.2}\n", encoding="utf-8")
    for command in (["check", "c.yaml"], ["evaluate"], ["evaluate", "--format", "json"], ["predict", "text good"]):
        screen = screen_of(*command)
        check_screen(screen)
        assert "good" in screen
        assert "\nline" not in screen


@pytest.mark.parametrize("name", ["no\x1b[31mred\nline", "\x9b2Jno", "no\u202e"])
@pytest.mark.parametrize(
    "command", [["predict", "x", "--run"], ["evaluate", "--data"], ["check"], ["predict", "--file"]]
)
def test_names_in_messages_are_escaped(with_runs, textclf_main, name, command):
    finished = textclf_main(*command, name)
    assert finished.code == 1
    screen = finished.stderr + finished.stdout
    assert not UNSAFE.search(screen.replace("\n", ""))
    assert ascii(name)[1:6] in screen


ENDS = [("predict 'a wonderful film'", 0), ("list", 0), ("predict --run missing x", 1), ("predict --wrong", 2)]


@pytest.mark.parametrize(("ends", "closed"), a_few(ENDS, ["<&- >&- 2>&-", ">&-", "2>&-", "<&-", ">&- 2>&-"]), ids=str)
def test_a_closed_stream_changes_no_exit_code(with_runs, ends, closed):
    arguments, code = ends
    finished = in_a_shell(f"textclf {arguments} {closed}")
    assert finished.returncode == code
    assert b"internal error" not in finished.stderr
    if "2>&-" not in closed:
        assert bool(finished.stderr) == bool(code)
    if ">&-" not in closed.replace("2>&-", ""):
        assert bool(finished.stdout) == (code == 0)


@pytest.mark.parametrize(
    "arguments", ["predict --file -", "predict --file - --format csv", "predict --explain --file -"]
)
def test_a_closed_standard_input_is_said(with_runs, arguments):
    finished = in_a_shell(f"textclf {arguments} <&-")
    assert finished.returncode == 1
    assert b"standard input" in finished.stderr
    assert finished.stdout == b""


def test_a_closed_stream_is_not_where_a_file_is_written(with_runs):
    finished = in_a_shell("textclf predict --format csv --output out.csv 'a film' <&- >&- 2>&-")
    assert finished.returncode == 0
    assert (with_runs / "out.csv").read_text(encoding="utf-8").startswith("text,label")


@pytest.mark.parametrize("arguments", ["predict a", "list", "schema", "evaluate"])
def test_a_full_disk_behind_standard_output_is_named(with_runs, arguments):
    finished = in_a_shell(f"textclf {arguments} > /dev/full")
    assert finished.returncode == 1
    assert b"standard output: cannot be written: No space left" in finished.stderr


@pytest.mark.parametrize(("no_color", "coloured"), [("1", False), ("", True)])  # as no-color.org has it
def test_no_colour_if_the_variable_says_something(monkeypatch, no_color, coloured):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    print_line("line", bold=True)
    assert bool(re.search(STYLES, stream.getvalue())) == coloured
