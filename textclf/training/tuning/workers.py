"""Where trials run: in processes of this machine. `cluster.py` has the same for the machines of a cluster."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from textclf.core.cores import num_threads
from textclf.training.tuning.process import finish_process, start_process
from textclf.training.tuning.trial import Task

Entries = Future[dict[str, Any]]  # of the record of a trial


class Workers(NamedTuple):
    """What starts trials, and how many threads each of them should have."""

    start: Callable[[Task], Entries]
    threads: int | None  # one for each core


@contextmanager
def workers_here(number: int) -> Iterator[Workers]:
    """Yield what starts so many trials at the same time. Trials that run at the end of the block are stopped."""
    processes: list[subprocess.Popen] = []
    place = Path.cwd()

    def start(task: Task) -> Entries:
        processes.append(start_process(task, place))
        return pool.submit(finish_process, processes[-1], task, place)

    with ThreadPoolExecutor(number) as pool:
        try:
            yield Workers(start, None if number == 1 else max(1, num_threads() // number))
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
