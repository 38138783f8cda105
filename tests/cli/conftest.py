"""What the tests of the commands share."""

import os
import pty
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from textclf.cli.main import main


@pytest.fixture
def screen_of(monkeypatch):
    """Run a command on a terminal, in this process; returns what it writes there."""

    def run(*arguments: str) -> str:
        screen, terminal = pty.openpty()
        with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patch:
            written = pool.submit(read_to_the_end, screen)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("COLUMNS", "100")
            with open(terminal, "w") as stream:  # noqa: PTH123
                patch.setattr(sys, "stdout", stream)
                patch.setattr(sys, "stderr", stream)
                assert main(arguments) == 0
            return written.result().decode()

    return run


def in_a_shell(command: str, program: str = "-m textclf") -> subprocess.CompletedProcess:
    """Run a line of bash, in which `textclf` is the program."""
    command = command.replace("textclf", f"{sys.executable} {program}", 1)
    return subprocess.run(["bash", "-c", command], capture_output=True, timeout=600, check=False)


def read_to_the_end(screen: int) -> bytes:
    """What comes until the terminal is closed, which Linux says with an error."""
    received = b""
    while True:
        try:
            part = os.read(screen, 65536)
        except OSError:
            part = b""
        if not part:
            os.close(screen)
            return received
        received += part
