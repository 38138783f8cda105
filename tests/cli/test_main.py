"""The program as it is installed: everything is written, the exit code is right, and errors are one message."""

import errno
import fcntl
import json
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import textclf.cli.list
from tests.conftest import LINEAR, TOY_EN
from textclf.cli.main import missing_package
from textclf.core.signals import Interrupted

from .conftest import in_a_shell

SCRIPT = "from textclf.cli.main import run; run()"
PROGRAM = f'-c "{SCRIPT}"'
AT_EXIT = f"import atexit, sys, threading; atexit.register(print, 'ended in order'); {{}}; {SCRIPT}"

# A thread that is certainly still there when the program has answered, however slow or quick the machine is.
WAITS_FOR_THE_END = "threading.Thread(target=lambda: (threading.main_thread().join(), print('last'))).start()"


@pytest.fixture
def script(textclf_command):
    return lambda *arguments, python=SCRIPT, **options: textclf_command(*arguments, python=("-c", python), **options)


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


def test_a_closed_pipe_and_no_output_at_all_are_no_faults(with_runs):
    finished = in_a_shell(
        "set -o pipefail; textclf predict --file <(yes 'a wonderful film' | head -n 20000) | head -n 1", PROGRAM
    )
    assert finished.stdout.count(b"\n") == 1
    assert (finished.returncode, finished.stderr) == (0, b"")
    finished = in_a_shell("textclf predict 'a wonderful film' >&-", PROGRAM)
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_messages_that_nobody_reads_end_nothing(with_runs):
    Path("linear.yaml").write_text(json.dumps({"data": TOY_EN, **LINEAR}))
    finished = in_a_shell("textclf train linear.yaml --run r 2> >(head -c 1 > /dev/null)", PROGRAM)
    assert finished.returncode == 0
    assert b"next: textclf predict" in finished.stdout


@pytest.mark.parametrize(("before", "code"), [(signal.SIG_DFL, 129), (signal.SIG_IGN, 0)])  # as below nohup
def test_a_closed_terminal_leaves_no_half_file(with_runs, before, code):
    command = [sys.executable, "-m", "textclf", "predict", "--file", "-", "--output", "out.txt"]
    handler = signal.signal(signal.SIGHUP, before)
    running = subprocess.Popen(command, stdin=subprocess.PIPE)
    signal.signal(signal.SIGHUP, handler)
    running.stdin.write(b"a wonderful film\n")
    running.stdin.flush()
    while fcntl.ioctl(running.stdin, termios.FIONREAD, bytes(4)) != bytes(4):  # until it has read the line
        assert running.poll() is None
        time.sleep(0.05)
    assert list(Path().glob(".out.txt.*"))
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=60)
    assert running.returncode == code
    assert not list(Path().glob(".out.txt.*"))
    assert Path("out.txt").exists() == (code == 0)


ERRORS = {
    "unknown config": (["train", "nothing.yaml"], 1, r"nothing.yaml: expected a config file, but there is none"),
    "config that is a folder": (["train", "configs"], 1, r"configs: cannot be read: Is a directory"),
    "bad override": (
        ["train", "configs/toy_en.yaml", "--set", "training.epochs=many"],
        1,
        r"--set training.epochs=many +training.epochs +expected an integer >= 1, got 'many'",
    ),
    "unknown run": (["predict", "--run", "toy_em", "x"], 1, r"toy_em: expected a run .*did you mean 'toy_en'"),
    "a folder that is no run": (["predict", "--run", "configs", "x"], 1, r"configs: expected a run folder, but"),
    "unknown file": (["predict", "--file", "nothing.csv"], 1, r"nothing.csv: expected a file, but there is none"),
    "missing column": (
        ["predict", "--file", "data/toy_en/test.csv", "--column", "txt"],
        1,
        r"expected a column 'txt', but the columns are: text, label; did you mean 'text'\?",
    ),
    "neither text nor file": (["predict"], 2, r'expected either texts or --file, as in: textclf predict "a w'),
    "text and file": (["predict", "x", "--file", "-"], 2, r"expected either texts or --file"),
    "explain as csv": (["predict", "x", "--explain", "--format", "csv"], 2, r"--explain needs --format text or jsonl"),
    "unknown option": (["predict", "--fille", "x"], 2, r"No such option.*--fille"),
    "unknown command": (["tran"], 2, r"No such command 'tran'"),
    "output into nowhere": (["predict", "x", "--output", "no/where.txt"], 1, r"no/where.txt: cannot be written"),
    "evaluate unknown file": (["evaluate", "--data", "none.csv"], 1, r"none.csv: expected a file"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), ERRORS.values(), ids=ERRORS)
def test_errors_get_one_message_and_no_traceback(with_runs, textclf_main, arguments, code, message):
    before = sorted(path.name for path in with_runs.iterdir())
    finished = textclf_main(*arguments)
    screen = finished.stderr
    assert finished.code == code, screen
    assert re.search(message, screen), screen
    assert "Traceback" not in screen
    assert "Error: " in screen
    assert finished.stdout == ""
    assert sorted(path.name for path in with_runs.iterdir()) == before


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.EACCES, "Error: a: cannot be read or written: no. Check its permissions and the disk.\n"),
     (errno.ENOSPC, "Error: a: cannot be written: no.\n")],
)  # fmt: skip
def test_an_error_of_the_disk_is_one_message(textclf_main, monkeypatch, number, message):
    def fails(**_):
        raise OSError(number, "no", "a")

    monkeypatch.setattr(textclf.cli.list.command, "callback", fails)
    finished = textclf_main("list")
    assert (finished.code, finished.stderr) == (1, message)


def test_a_signal_during_the_import_of_a_module_in_c_is_no_internal_error(textclf_main, monkeypatch):
    def fails(**_):
        raise ImportError("initialization failed") from Interrupted(signal.SIGTERM)  # as pybind11 does

    monkeypatch.setattr(textclf.cli.list.command, "callback", fails)
    finished = textclf_main("list")
    assert (finished.code, finished.stderr) == (143, "Interrupted.\n")


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


def test_a_missing_package_is_named(textclf_command, tmp_path):
    script = """
import sys
class Missing:
    def find_spec(self, name, *_):
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from textclf.cli.main import main
sys.exit(main(["check", "config.yaml"]))
"""
    (tmp_path / "texts.csv").write_text("text,label\na,b\n")
    (tmp_path / "config.yaml").write_text("data: {train: texts.csv}\n")
    finished = textclf_command(python=("-c", script), cwd=tmp_path)
    assert finished.returncode == 1
    assert b"this needs the package pandas, which is not installed. pip install textclf-keras" in finished.stderr


@pytest.mark.parametrize("name", ["textclf.nothing", "click.nothing", None])
def test_a_module_that_an_installed_package_lacks_is_an_internal_error(name):
    assert missing_package(ModuleNotFoundError("", name=name)) is None
