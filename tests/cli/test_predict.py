"""`textclf predict` as a user meets it: arguments, files, pipes and a terminal."""

import json
import re

import pytest

from .conftest import in_a_shell


def test_without_any_run_it_says_what_to_do(workplace, textclf_main):
    finished = textclf_main("predict", "x")
    assert finished.code == 1
    assert "expected a finished run in runs/, but there is none" in finished.stderr


def test_standard_input_and_files(with_runs, textclf_command, textclf_main):
    piped = textclf_command("predict", "--file", "-", input="a wonderful film\n很好\n".encode())
    assert piped.stdout.decode().count("\n") == 2
    csv = textclf_command("predict", "--file", "-", "--input-format", "csv", input=b'id,text\n1,"one, two"\n')
    assert csv.stdout.count(b"\n") == 1
    written = textclf_main("predict", "--file", "data/toy_en/test.csv", "--format", "jsonl", "--output", "out.jsonl")
    assert (written.code, written.stdout) == (0, "")
    lines = (with_runs / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 120
    assert all(json.loads(line)["label"] in {"positive", "negative"} for line in lines)


def test_a_fault_within_the_input_leaves_no_half_output(with_runs, textclf_command):
    finished = textclf_command(
        *("predict", "--file", "-", "--input-format", "jsonl", "--format", "csv", "--output", "out.csv"),
        input=b'{"text": "a"}\n{\n',
    )
    assert finished.returncode == 1
    assert b"line 2: expected a JSON object" in finished.stderr
    assert not list(with_runs.glob("*out.csv*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "out.csv"], "--output out.csv: the default format is text"),
        (["--output", "OUT.JSONL"], "Add --format jsonl, or --format text."),
        (["--output", "out.json"], "Add --format jsonl."),
        (["--output", "out.tsv"], "Add --format text."),
        (["--output", "out.parquet"], "Parquet goes to a folder, such as --output answers/."),
        (["--output", "out.xlsx", "--format", "csv"], "Excel opens what --format csv writes to a file"),
        (["--output", "out.jsonl", "--format", "csv"], "--format csv is another format. Use --format jsonl, or"),
        (["--output", "out.csv.gz", "--format", "csv"], "does not compress its output. Omit .gz."),
    ],
)
def test_the_ending_of_the_output_promises_nothing_else(here, textclf_main, arguments, message):
    finished = textclf_main("predict", "x", *arguments)
    assert finished.code == 2
    assert message in " ".join(finished.stderr.split())
    assert not list(here.iterdir())


def test_a_closed_pipe_is_no_fault(with_runs):
    finished = in_a_shell("yes 'a wonderful film' | textclf predict --file - | head -n 1; exit ${PIPESTATUS[1]}")
    assert finished.stdout.count(b"\n") == 1
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_bytes_that_are_no_text_as_an_argument(with_runs, textclf_command):
    strict = {"PYTHONIOENCODING": "utf-8:strict"}  # as in most locales
    for form in ("text", "jsonl", "csv"):
        finished = textclf_command("predict", b"caf\xe9", "--format", form, env=strict)
        assert finished.returncode == 0, finished.stderr.decode()
    assert "caf\ufffd" in finished.stdout.decode()


def test_explain_colours_words_on_a_terminal_and_nowhere_else(with_runs, screen_of, textclf_main):
    command = ["predict", "--run", "toy_en", "--explain", "a wonderful film"]
    screen = screen_of(*command)
    assert re.search(r"\x1b\[1;37;48;[\d;]+m(a|wonderful|film)\x1b\[0m", screen)
    assert re.search(r"(for|against): .*wonderful [+-]0\.\d{4}", screen)
    piped = textclf_main(*command).stdout
    assert re.fullmatch(r"(positive|negative)\t0\.\d{4}\t(\S+ [+-]0\.\d{4}  ){2}\S+ [+-]0\.\d{4}\n", piped)
    assert "\x1b" not in screen_of(*command, "--output", "file.txt")
    assert (with_runs / "file.txt").read_text(encoding="utf-8") == piped
