"""Where trials run: on the nodes of a cluster of Ray, each in a process that a task starts and waits for.

The nodes share the working directory under one path, with the data and the run folder in it.
"""

import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textclf.core.cluster import TaskLostError, connected, remote, result_of
from textclf.core.errors import ConfigError
from textclf.training.tuning.process import finish_process, result_in, start_process
from textclf.training.tuning.trial import Task
from textclf.training.tuning.workers import Entries, Workers


@contextmanager
def workers_on_cluster(address: str, number: int) -> Iterator[Workers]:
    """Yield what starts so many trials at the same time. Trials that run at the end of the block are stopped.

    Args:
        address: see `core.cluster.connected`.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster.
    """
    tasks: list[Any] = []
    place = Path.cwd()
    with connected(address) as ray, ThreadPoolExecutor(number) as pool:

        def start(task: Task) -> Entries:
            tasks.append(remote(ray, _run, task.threads or 1)(task, str(place)))
            return pool.submit(_result_of, ray, tasks[-1])

        try:
            yield Workers(start, _threads(ray, number))
        finally:
            for task in tasks:
                ray.cancel(task, force=True)


def _threads(ray: Any, workers: int) -> int:
    """Return the threads of each trial: as many as the cluster has for all together, on one node."""
    cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    return max(1, min(sum(cores) // workers, max(cores)))


def _run(task: Task, place: str) -> dict[str, Any]:
    """Run a trial on a node. If the node that ran it first was lost, it goes on from its last state."""
    folder = Path(place, task.folder)
    if not folder.is_dir():
        raise ConfigError(
            f"--cluster: expected {folder} on the node {platform.node()}, but it has no such folder. All nodes need "
            "the working directory under the same path."
        )
    return result_in(folder) or finish_process(start_process(task, Path(place)), task, Path(place))


def _result_of(ray: Any, task: Any) -> dict[str, Any]:
    try:
        return result_of(ray, task)
    except TaskLostError as error:
        return {"state": "failed", "error": str(error)}
