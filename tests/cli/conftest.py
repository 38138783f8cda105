"""What the tests of the commands share."""

import os
import pty
import subprocess
import sys

import pytest


@pytest.fixture
def screen_of(root):
    """Run a command on a terminal; returns what it writes there."""

    def run(*arguments: str) -> str:
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

    return run
