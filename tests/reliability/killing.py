"""Trainings that are killed again and again, and what they leave compared with one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
OF_THE_PROCESS = {"run.json", "train.log", "report.html"}  # with times, and what was said
STATE = "last.npz"  # with the seconds that it took


def run_dying(plan: dict, *arguments: str) -> subprocess.CompletedProcess:
    """The program, in the working directory, as `plan` says."""
    command = [sys.executable, str(Path(__file__).parent / "dying.py"), json.dumps(plan), *arguments]
    return subprocess.run(command, capture_output=True, timeout=1800, check=False)


def killed(finished: subprocess.CompletedProcess) -> bool:
    """By SIGKILL, or finished; anything else is a fault."""
    assert finished.returncode in {0, -signal.SIGKILL}, finished.stderr.decode()
    return finished.returncode != 0


def at_step(monkeypatch, step: int, act: Callable[[], None]) -> None:
    """Do something at the end of a step, counted over all fits of this process from 1."""
    from textclf.training.fitting.state import SaveState

    done, end = 0, SaveState.on_train_batch_end

    def end_and_act(self, batch, logs=None):
        nonlocal done
        done += 1
        if done == step:
            act()
        end(self, batch, logs)

    monkeypatch.setattr(SaveState, "on_train_batch_end", end_and_act)
    monkeypatch.setattr("textclf.training.fitting.loop.LONGEST_CALL", 0)


def send(*signals: int) -> Callable[[], None]:
    """Send signals to this process."""
    return lambda: [os.kill(os.getpid(), number) for number in signals]


def plans(chance: random.Random, seconds: float, state_bytes: int) -> Iterator[dict]:
    """Moments of a training that takes so many seconds to fit and has a state of so many bytes, of three kinds."""
    while True:
        yield {"seconds": chance.uniform(0, seconds)}
        yield {"bytes": chance.randrange(10 * state_bytes)}
        yield {"renames": chance.randrange(1, 12), "after": chance.random() < 0.5}


def train_under_fire(config: Path, run: str, moments: Iterator[dict], kills: int) -> list[dict]:
    """Train until `kills` of the plans have killed it, then to the end; the plans that have."""
    struck = []
    while status_of(run) != "finished":
        plan = next(moments) if len(struck) < kills else {}
        begun = status_of(run) is not None
        arguments = ["resume", run] if begun and len(struck) % 2 else ["train", str(config), "--run", run]
        if killed(run_dying(plan, *arguments)):
            struck.append(plan)
    return struck


def status_of(run: str) -> str | None:
    """What `run.json` says; none before there is one. The last of all kills may come when it is finished."""
    about = Path("runs", run, "run.json")
    return json.loads(about.read_text())["status"] if about.exists() else None


def content_of(run: Path) -> dict[str, bytes]:
    """All that must be the same, file by file; of the state of a training the arrays."""
    files = {str(path.relative_to(run)): path for path in sorted(run.rglob("*")) if path.is_file()}
    content = {}
    for name, path in files.items():
        if path.name == STATE:
            with np.load(path, allow_pickle=False) as arrays:
                # By number: Keras counts the names of layers on from one training of a process to the next.
                numbered = {"/".join(array.split("/")[:2]): array for array in arrays if array != "about"}
                content |= {f"{name}/{number}": arrays[array].tobytes() for number, array in numbered.items()}
        elif path.name not in OF_THE_PROCESS:
            content[name] = path.read_bytes()
    return content


def differences(one: Path, two: Path) -> list[str]:
    """Names of files, and of arrays, that are not the same in both runs."""
    first, second = content_of(one), content_of(two)
    return [name for name in {**first, **second} if first.get(name) != second.get(name)]
