"""The program as it is installed: everything written, the right exit code, and gone at once where it only answers."""

import os
import subprocess
import sys

import pytest

SCRIPT = "from textclf.cli.main import run; run()"
AT_EXIT = f"import atexit, sys, threading; atexit.register(print, 'ended in order'); {{}}; {SCRIPT}"

# A thread that is certainly still there when the program has answered, however slow or quick the machine is.
WAITS_FOR_THE_END = "threading.Thread(target=lambda: (threading.main_thread().join(), print('last'))).start()"


@pytest.fixture
def script(textclf_command):
    return lambda *arguments, python=SCRIPT, **options: textclf_command(*arguments, python=("-c", python), **options)


def in_a_shell(command: str, root) -> subprocess.CompletedProcess:
    command = command.replace("textclf", f'{sys.executable} -c "{SCRIPT}"', 1)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(["bash", "-c", command], capture_output=True, env=environment, timeout=60, check=False)


def test_all_answers_are_written(with_runs, script):
    finished = script("predict", "--file", "-", "--format", "jsonl", input=b"a wonderful film\n" * 5000)
    assert finished.returncode == 0
    assert finished.stdout.count(b"\n") == 5000
    assert finished.stdout.endswith(b"}\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], 0), (["predict", "a"], 0), (["predict", "--run", "missing", "a"], 1), (["predict", "--wrong"], 2)],
)
def test_the_exit_code_says_what_happened(with_runs, script, arguments, code):
    finished = script(*arguments)
    assert finished.returncode == code
    assert bool(finished.stderr) == (code != 0)


@pytest.mark.parametrize(
    ("before", "ended"),
    [("pass", b""), ("sys.modules['tensorflow'] = sys", b"ended in order\n"),
     (WAITS_FOR_THE_END, b"last\nended in order\n")],
)  # fmt: skip
def test_it_is_gone_at_once_unless_something_has_to_end_in_order(with_runs, script, before, ended):
    finished = script("predict", "a wonderful film", python=AT_EXIT.format(before))
    assert finished.returncode == 0
    answer, _, rest = finished.stdout.partition(b"\n")
    assert answer.startswith(b"positive\t")
    assert rest == ended


def test_a_closed_pipe_and_no_output_at_all_are_no_faults(with_runs, root):
    finished = in_a_shell("textclf predict --file <(yes 'a wonderful film' | head -n 20000) | head -n 1", root)
    assert finished.stdout.count(b"\n") == 1
    assert finished.stderr == b""
    finished = in_a_shell("textclf predict 'a wonderful film' >&-", root)
    assert (finished.returncode, finished.stderr) == (0, b"")
