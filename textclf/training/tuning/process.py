"""Start the process of a trial, wait for it, and read its result."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import textclf
from textclf.core.files import parse_json
from textclf.training.tuning.trial import RESULT, Task, to_json

LOG = "trial.log"
LONGEST_ERROR = 300  # characters
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def start_process(task: Task, place: Path) -> subprocess.Popen:
    """Start the process of a trial, which ends with this process.

    Args:
        place: the working directory, to which the paths of the task and of its config are relative.
    """
    with (place / task.folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "textclf.training.tuning.trial"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=place,
            env=_environment(task),
            start_new_session=True,  # Ctrl-C reaches the search, which then ends its trials
        )
    assert process.stdin is not None
    try:
        process.stdin.write(to_json(task))
        process.stdin.flush()  # and stays open: the trial ends with the search
    except BrokenPipeError:  # it ended at once, and its log says why
        pass
    return process


def finish_process(process: subprocess.Popen, task: Task, place: Path) -> dict[str, Any]:
    """Wait for the process of a trial, and return the entries of its record. Stop it if it takes too long."""
    folder = place / task.folder
    started = time.perf_counter()
    stopped: dict[str, Any] = {}
    try:
        code = process.wait(task.seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
        stopped = {"state": "stopped", "error": f"it took more than {task.seconds:.0f} s", "seconds": task.seconds}
    assert process.stdin is not None
    process.stdin.close()
    seconds = round(time.perf_counter() - started, 1)
    return result_in(folder) or stopped or {"state": "failed", "error": _reason(folder, code), "seconds": seconds}


def result_in(folder: Path) -> dict[str, Any] | None:
    """Return the entries that the process of a trial has written; `None` if it has not ended by itself."""
    try:
        content = parse_json((folder / RESULT).read_bytes())
    except FileNotFoundError:
        return None
    assert isinstance(content, dict)
    return content


def _environment(task: Task) -> dict[str, str]:
    """Return the environment in which Python finds this package, wherever it lies, and starts so many threads."""
    paths = [str(Path(textclf.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    threads = {} if task.threads is None else dict.fromkeys(THREADS, str(task.threads))
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _reason(folder: Path, code: int) -> str:
    if code < 0:
        hint = ": perhaps the memory was not enough" if -code == signal.SIGKILL else ""
        return f"the process was ended by {signal.Signals(-code).name}{hint}"
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"the process ended with status {code}")[:LONGEST_ERROR]
