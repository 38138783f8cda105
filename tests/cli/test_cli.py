"""The program as a user meets it: commands in processes of their own, their screens and their exit codes."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from textclf.cli.group import COMMANDS, cli


def test_train_evaluate_predict(workplace, textclf_command):
    trained = textclf_command("train", "configs/toy_en.yaml", "--set", "training.epochs=2", "--run", "first")
    assert trained.returncode == 0, trained.stderr.decode()
    assert (workplace / "runs/first/report.html").exists()
    assert "report: runs/first/report.html" in trained.stdout.decode()
    screen = trained.stdout.decode()
    assert re.search(r"split +rows +accuracy +majority +F1 macro +log loss +ROC AUC", screen)
    assert re.search(r"train +374 +0\.\d{4}", screen)
    assert re.search(r"test +120 +0\.\d{4} +0\.5000", screen)
    log = trained.stderr.decode()
    assert len(re.findall(r"^epoch \d/2  \d+ s  train loss 0\.\d+ accuracy 0\.\d+ ", log, re.MULTILINE)) == 2
    assert log.count("\n") == 8, f"TensorFlow's own lines, or a progress bar in a pipe:\n{log}"
    evaluated = textclf_command("evaluate")
    assert evaluated.returncode == 0
    assert re.search(r"true \\ predicted +negative +positive", evaluated.stdout.decode())
    predicted = textclf_command("predict", "a wonderful film", "awful")
    assert re.fullmatch(r"((positive|negative)\t[01]\.\d{4}\n){2}", predicted.stdout.decode())
    assert predicted.stderr == b""


def test_a_better_classifier_than_the_majority(with_runs, textclf_command):
    finished = textclf_command("evaluate", "--run", "toy_en", "--format", "json")
    metrics = json.loads(finished.stdout)
    assert metrics["accuracy"] > metrics["majority_accuracy"] + 0.1


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


FAULTS = {
    "unknown config": (["train", "nothing.yaml"], 1, r"nothing.yaml: expected a config file, but there is none"),
    "config that is a folder": (["train", "configs"], 1, r"configs: cannot be read: Is a directory"),
    "bad override": (
        ["train", "configs/toy_en.yaml", "--set", "training.epochs=many"],
        1,
        r"--set training.epochs=many +training.epochs +expected a whole number of at least 1, received 'many'",
    ),
    "unknown run": (["predict", "--run", "toy_em", "x"], 1, r"toy_em: expected a run .*did you mean 'toy_en'"),
    "a folder that is no run": (["predict", "--run", "configs", "x"], 1, r"configs: expected a run folder, but"),
    "unknown file": (["predict", "--file", "nothing.csv"], 1, r"nothing.csv: expected a file, but there is none"),
    "missing column": (
        ["predict", "--file", "data/toy_en/test.csv", "--column", "txt"],
        1,
        r"expected a column 'txt', but the columns are: text, label; did you mean 'text'\?",
    ),
    "neither text nor file": (["predict"], 2, r"expected either texts or --file"),
    "text and file": (["predict", "x", "--file", "-"], 2, r"expected either texts or --file"),
    "explain as csv": (
        ["predict", "x", "--explain", "--format", "csv"],
        2,
        r"--explain needs --format text or jsonl",
    ),
    "unknown option": (["predict", "--fille", "x"], 2, r"No such option.*--fille"),
    "unknown command": (["tran"], 2, r"No such command 'tran'"),
    "output into nowhere": (["predict", "x", "--output", "no/where.txt"], 1, r"no/where.txt: cannot be written"),
    "evaluate unknown file": (["evaluate", "--data", "none.csv"], 1, r"none.csv: expected a file"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_get_one_message_and_no_traceback(with_runs, textclf_command, arguments, code, message):
    before = sorted(path.name for path in with_runs.iterdir())
    finished = textclf_command(*arguments)
    screen = finished.stderr.decode()
    assert finished.returncode == code, screen
    assert re.search(message, screen), screen
    assert "Traceback" not in screen
    assert "Error: " in screen
    assert finished.stdout == b""
    assert sorted(path.name for path in with_runs.iterdir()) == before


def test_without_any_run_it_says_what_to_do(workplace, textclf_command):
    finished = textclf_command("predict", "x")
    assert finished.returncode == 1
    assert b"expected a finished run in runs/, but there is none" in finished.stderr


def test_standard_input_and_files(with_runs, textclf_command):
    piped = textclf_command("predict", "--file", "-", input="a wonderful film\n很好\n".encode())
    assert piped.stdout.decode().count("\n") == 2
    csv = textclf_command("predict", "--file", "-", "--input-format", "csv", input=b'id,text\n1,"one, two"\n')
    assert csv.stdout.count(b"\n") == 1
    written = textclf_command("predict", "--file", "data/toy_en/test.csv", "--format", "jsonl", "--output", "out.jsonl")
    assert written.stdout == b""
    lines = (with_runs / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 120
    assert all(json.loads(line)["label"] in {"positive", "negative"} for line in lines)


def test_a_fault_within_the_input_leaves_no_half_output(with_runs, textclf_command):
    finished = textclf_command(
        "predict", "--file", "-", "--input-format", "jsonl", "--output", "out.csv", input=b'{"text": "a"}\n{\n'
    )
    assert finished.returncode == 1
    assert b"line 2: expected a JSON object" in finished.stderr
    assert not list(with_runs.glob("*out.csv*"))


def test_a_closed_pipe_is_no_fault(with_runs, root):
    command = f"yes 'a wonderful film' | {sys.executable} -m textclf predict --file - | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    finished = subprocess.run(["bash", "-c", command], capture_output=True, env=environment, timeout=60, check=False)
    assert finished.stdout.count(b"\n") == 1
    assert b"Traceback" not in finished.stderr
    assert b"Error" not in finished.stderr


def test_bytes_that_are_no_text_as_an_argument(with_runs, textclf_command):
    strict = {"PYTHONIOENCODING": "utf-8:strict"}  # as in most locales
    for form in ("text", "jsonl", "csv"):
        finished = textclf_command("predict", b"caf\xe9", "--format", form, env=strict)
        assert finished.returncode == 0, finished.stderr.decode()
    assert "caf\ufffd" in finished.stdout.decode()


def test_a_second_training_is_told_so_and_ctrl_c_ends_with_130_and_an_unfinished_run(workplace, root):
    command = [sys.executable, "-m", "textclf", "train", "configs/toy_en.yaml", "--run", "stopped"]
    command += ["--set", "training.epochs=1000", "--set", "training.early_stopping=null"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    history = workplace / "runs/stopped/history.csv"
    deadline = time.monotonic() + 90
    while not history.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    second = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert second.returncode == 1
    assert b"Error: runs/stopped: another process is training in it." in second.stderr
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors.decode()
    assert b"Interrupted" in errors
    assert b"Traceback" not in errors
    assert json.loads((workplace / "runs/stopped/run.json").read_text())["status"] == "interrupted"
    environment_run = subprocess.run(
        [sys.executable, "-m", "textclf", "predict", "--run", "stopped", "x"],
        capture_output=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert b"expected a finished run, but this one is interrupted" in environment_run.stderr


def screen_of(root, *arguments):
    """What the program writes on a terminal."""
    command = [sys.executable, "-m", "textclf", *arguments]
    main_end, terminal = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(root), "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    received = b""
    while True:
        try:
            part = os.read(main_end, 65536)
        except OSError:
            break
        if not part:
            break
        received += part
    assert process.wait(timeout=60) == 0
    return received.decode()


def test_explain_colours_words_on_a_terminal_and_nowhere_else(with_runs, root, textclf_command):
    command = ["predict", "--run", "toy_en", "--explain", "a wonderful film"]
    screen = screen_of(root, *command)
    assert re.search(r"\x1b\[1;37;48;[\d;]+m(a|wonderful|film)\x1b\[0m", screen)
    assert re.search(r"(for|against): .*wonderful [+-]0\.\d{4}", screen)
    piped = textclf_command(*command).stdout.decode()
    assert re.fullmatch(r"(positive|negative)\t0\.\d{4}\t(\S+ [+-]0\.\d{4}  ){2}\S+ [+-]0\.\d{4}\n", piped)
    assert "\x1b" not in screen_of(root, *command, "--output", "file.txt")
    assert (with_runs / "file.txt").read_text(encoding="utf-8") == piped


def test_a_terminal_gets_a_progress_bar_and_colours(workplace, root):
    """On a terminal: a bar while an epoch runs, one line when it is done; results are not cut."""
    screen = screen_of(root, "train", "configs/toy_en.yaml", "--set", "training.epochs=2")
    assert "━" in screen
    assert re.search(r"epoch 1/2 .*/12", screen)
    assert "\x1b[" in screen
    assert len(re.findall(r"epoch \d/2  \d+ s", screen)) == 2


def test_an_internal_error_is_one_line_and_a_log(textclf_command, tmp_path):
    script = "import sys, textclf.cli.list as l; l.command.callback = lambda: 1 / 0; \
from textclf.cli.main import main; sys.exit(main(['list']))"
    finished = textclf_command(python=("-c", script), env={"TMPDIR": str(tmp_path)})
    assert finished.returncode == 3
    assert b"internal error (ZeroDivisionError" in finished.stderr
    assert b"Traceback" not in finished.stderr
    [log] = tmp_path.glob("textclf-error-*.log")
    assert "ZeroDivisionError" in log.read_text()
    assert str(log) in finished.stderr.decode()
