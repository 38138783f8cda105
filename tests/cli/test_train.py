"""`textclf train` as a user meets it: tables, a log, a progress bar on a terminal, and Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.reliability.killing import at_step

# The network of the config takes twice as long to trace.
SETTINGS = ["training.epochs=2", "model.embedding_dim=8", "model.units=8", "model.bidirectional=false"]
TINY = [part for setting in SETTINGS for part in ("--set", setting)]
# Where the tests run in a shell's background, the signal is ignored.
HEARS_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from textclf.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_train_evaluate_predict(workplace, textclf_command):
    trained = textclf_command("train", "configs/toy_en.yaml", *TINY, "--run", "first")
    assert trained.returncode == 0, trained.stderr.decode()
    assert (workplace / "runs/first/report.html").exists()
    assert "report: runs/first/report.html" in trained.stdout.decode()
    screen = trained.stdout.decode()
    assert re.search(r"split +rows +accuracy +majority +F1 macro +log loss +ROC AUC", screen)
    assert re.search(r"train +374 +0\.\d{4}", screen)
    assert re.search(r"test +120 +0\.\d{4} +0\.5000", screen)
    log = trained.stderr.decode()
    assert len(re.findall(r"^epoch \d/2  \d+ s  train loss 0\.\d+ accuracy 0\.\d+ ", log, re.MULTILINE)) == 2
    assert log.count("\n") == 10, f"TensorFlow's own lines, or a progress bar in a pipe:\n{log}"
    evaluated = textclf_command("evaluate")
    assert evaluated.returncode == 0
    assert re.search(r"true \\ predicted +negative +positive", evaluated.stdout.decode())
    predicted = textclf_command("predict", "a wonderful film", "awful")
    assert re.fullmatch(r"((positive|negative)\t[01]\.\d{4}\n){2}", predicted.stdout.decode())
    assert predicted.stderr == b""


@pytest.fixture
def hears_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_training_is_told_so_and_ctrl_c_ends_with_130(
    workplace, hears_ctrl_c, monkeypatch, textclf_main, textclf_command
):
    command, second = ["train", "configs/toy_en.yaml", "--run", "stopped", *TINY], []

    def start_another_and_press_ctrl_c():
        second.append(textclf_command(*command))
        os.kill(os.getpid(), signal.SIGINT)

    at_step(monkeypatch, 15, start_another_and_press_ctrl_c)
    stopped = textclf_main(*command)
    assert second[0].returncode == 1
    assert b"Error: runs/stopped: another process is training" in second[0].stderr
    assert stopped.code == 130, stopped.stderr
    assert re.search("^epoch 1/2 ", stopped.stderr, re.MULTILINE)
    assert "Interrupted" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert json.loads((workplace / "runs/stopped/run.json").read_text())["status"] == "interrupted"
    predicted = textclf_main("predict", "--run", "stopped", "x")
    assert predicted.code == 1
    assert "expected a finished run, but this one is interrupted" in predicted.stderr


@pytest.mark.slow
def test_ctrl_c_ends_a_process_at_any_moment(workplace):
    command = ["train", "configs/toy_en.yaml", "--run", "stopped"]
    command += ["--set", "training.epochs=100000", "--set", "training.early_stopping=null"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, *command],
        bufsize=0,  # what is read here line by line is not kept from `communicate`
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    lines = []
    for line in process.stderr:
        lines.append(line.decode())
        if line.startswith(b"epoch 1/"):
            break
    assert lines[-1].startswith("epoch 1/"), "".join(lines)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors.decode()
    assert b"Interrupted" in errors
    assert b"Traceback" not in errors
    assert json.loads((workplace / "runs/stopped/run.json").read_text())["status"] == "interrupted"


def test_a_terminal_gets_a_progress_bar_and_colours(workplace, screen_of):
    """On a terminal: a bar while an epoch runs, one line when it is done; results are not cut."""
    screen = screen_of("train", "configs/toy_en.yaml", *TINY)
    assert "━" in screen
    assert re.search(r"epoch 1/2 .*/12", screen)
    assert "\x1b[" in screen
    assert len(re.findall(r"epoch \d/2  \d+ s", screen)) == 2
