"""Start the process of a trial, wait for it, and read its result."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import textclf
from textclf.core.files import parse_json
from textclf.training.tuning.trial import RESULT, Task, to_json

LOG = "trial.log"
LONGEST_ERROR = 300  # characters


def run_process(task: Task, timeout: float | None) -> dict[str, Any] | None:
    """Run a trial, and return the entries of its record; `None` if it did not end in time and was stopped.

    Args:
        timeout: seconds.
    """
    folder = Path(task.folder)
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "textclf.training.tuning.trial"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the search, which then ends its trial
        )
    assert process.stdin is not None
    try:
        try:
            process.stdin.write(to_json(task))
            process.stdin.flush()  # and stays open: the trial ends with the search
        except BrokenPipeError:  # it ended at once, and its log says why
            pass
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdin.close()
    return _result(folder, process.returncode)


def _environment() -> dict[str, str]:
    """Return the environment in which Python finds this package, wherever it lies."""
    paths = [str(Path(textclf.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _result(folder: Path, code: int) -> dict[str, Any]:
    try:
        content = parse_json((folder / RESULT).read_bytes())
        assert isinstance(content, dict)
        return content
    except FileNotFoundError:
        return {"state": "failed", "error": _reason(folder, code)}


def _reason(folder: Path, code: int) -> str:
    if code < 0:
        hint = ": perhaps the memory was not enough" if -code == signal.SIGKILL else ""
        return f"the process was ended by {signal.Signals(-code).name}{hint}"
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"the process ended with status {code}")[:LONGEST_ERROR]
