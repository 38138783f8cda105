"""`textclf train` as a user meets it: tables, a log, a progress bar on a terminal, and Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time


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
    assert log.count("\n") == 10, f"TensorFlow's own lines, or a progress bar in a pipe:\n{log}"
    evaluated = textclf_command("evaluate")
    assert evaluated.returncode == 0
    assert re.search(r"true \\ predicted +negative +positive", evaluated.stdout.decode())
    predicted = textclf_command("predict", "a wonderful film", "awful")
    assert re.fullmatch(r"((positive|negative)\t[01]\.\d{4}\n){2}", predicted.stdout.decode())
    assert predicted.stderr == b""


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
    assert b"Error: runs/stopped: another process is training" in second.stderr
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


def test_a_terminal_gets_a_progress_bar_and_colours(workplace, screen_of):
    """On a terminal: a bar while an epoch runs, one line when it is done; results are not cut."""
    screen = screen_of("train", "configs/toy_en.yaml", "--set", "training.epochs=2")
    assert "━" in screen
    assert re.search(r"epoch 1/2 .*/12", screen)
    assert "\x1b[" in screen
    assert len(re.findall(r"epoch \d/2  \d+ s", screen)) == 2
