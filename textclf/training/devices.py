"""The devices that fit a network: what `training.devices` and the environment variable TF_CONFIG ask for.

This module imports TensorFlow only to count devices, and only if the config names a number. `fitting/replicas.py` has
the rest.
"""

import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from textclf.core.errors import ConfigError, RunError
from textclf.core.formatting import short_repr
from textclf.core.tensorflow_import import importing_tensorflow

TF_CONFIG = "TF_CONFIG"
TASKS = ("chief", "worker")  # in the order of TensorFlow's numbers
EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}'
ALONE = "TF_CONFIG: names several processes, but {} is the work of one. Unset it for this command."


class Cluster(NamedTuple):
    """The processes that fit a network together. The first one decides, and writes the run."""

    addresses: tuple[str, ...]
    number: int  # of this process, from 0

    @property
    def is_first(self) -> bool:
        """Return whether this process is the first one."""
        return self.number == 0


def cluster() -> Cluster | None:
    """Return the cluster of TF_CONFIG, or `None` if there is none, or one with a single process.

    Raises:
        ConfigError: TF_CONFIG has problems, of which the message lists all.
    """
    content, problems = _read(os.environ.get(TF_CONFIG))
    if problems:
        raise _error(problems)
    tasks = [(kind, number) for kind in TASKS for number in range(len(content.get("cluster", {}).get(kind, ())))]
    if len(tasks) < 2:
        return None
    addresses = tuple(content["cluster"][kind][number] for kind, number in tasks)
    return Cluster(addresses, tasks.index((content["task"]["type"], content["task"]["index"])))


def is_worker() -> bool:
    """Return whether this process is a worker: it helps the first process to fit its networks, and has no run."""
    found = cluster()
    return found is not None and not found.is_first


def check_first() -> None:
    """Check that this process is the first one of TF_CONFIG, or the only one.

    Raises:
        RunError: it is not.
    """
    if is_worker():
        raise RunError(
            "TF_CONFIG: only the first process has a run. Start this one by `textclf train` or `textclf resume`, which "
            "help the first one."
        )


def check_alone(work: str) -> None:
    """Check that TF_CONFIG does not ask for several processes.

    Raises:
        ConfigError: it does, and only one process can do this work.
    """
    if cluster():
        raise ConfigError(ALONE.format(work))


def check_devices(devices: int | str) -> None:
    """Check `training.devices` and TF_CONFIG.

    Raises:
        ConfigError: they have problems, of which the message lists all.
    """
    content, problems = _read(os.environ.get(TF_CONFIG))
    if isinstance(devices, int) and devices > 1:
        with importing_tensorflow():
            kind, number = count_devices(in_cluster=bool(content.get("cluster")))
        if devices > number:
            problems.append(f"training.devices: expected at most {number}, the number of devices {kind}, got {devices}")
    if problems:
        raise _error(problems)


def count_devices(*, in_cluster: bool) -> tuple[str, int]:
    """Return the kind of the devices on which TensorFlow can train here, "GPU" or "CPU", and their number.

    All cores are one device CPU, unless a program divides it with `tf.config.set_logical_device_configuration`.

    Args:
        in_cluster: a process of a cluster has one device CPU.
    """
    import tensorflow as tf

    if gpus := tf.config.list_physical_devices("GPU"):
        return "GPU", len(gpus)
    parts = [tf.config.get_logical_device_configuration(cpu) for cpu in tf.config.list_physical_devices("CPU")]
    return "CPU", 1 if in_cluster else sum(len(part or [None]) for part in parts)


def _error(problems: list[str]) -> ConfigError:
    return ConfigError(f"{'; '.join(problems)}.")


def _read(text: str | None) -> tuple[dict[str, Any], list[str]]:
    """Return the content of TF_CONFIG, and its problems."""
    if not text or not text.strip():
        return {}, []
    try:
        content = json.loads(text)
    except ValueError as error:
        return {}, [f"TF_CONFIG: expected JSON such as {EXAMPLE}, got {short_repr(text)} ({error})"]
    if not isinstance(content, dict):
        return {}, [f"TF_CONFIG: expected JSON such as {EXAMPLE}, got {short_repr(content)}"]
    if content.get("cluster") in (None, {}):  # as some platforms set it for a single process
        return {}, []
    problems = [f"TF_CONFIG: {problem}" for problem in _problems(content)]
    return content, problems


def _problems(content: dict[str, Any]) -> Iterator[str]:
    tasks = content["cluster"]
    if not isinstance(tasks, dict):
        yield f"cluster: expected lists of addresses by the type of the task, got {short_repr(tasks)}"
        return
    for kind, addresses in tasks.items():
        if kind not in TASKS:
            yield f"cluster.{kind}: expected the types chief and worker only"
        elif not isinstance(addresses, list) or not all(_is_address(one) for one in addresses):
            yield f"cluster.{kind}: expected a list of host:port, got {short_repr(addresses)}"
    lists = {kind: tasks[kind] for kind in TASKS if isinstance(tasks.get(kind), list)}
    if len(lists.get("chief", ())) > 1:
        yield f"cluster.chief: expected one address, got {len(lists['chief'])}"
    every = [str(address) for addresses in lists.values() for address in addresses]
    if twice := sorted({one for one in every if every.count(one) > 1}):
        yield f"cluster: expected every address once, but {', '.join(twice)} is there more than once"
    task = content.get("task")
    kind, index = (task.get("type"), task.get("index")) if isinstance(task, dict) else (None, None)
    if kind not in TASKS or type(index) is not int:
        yield f'task: expected such as {{"type": "worker", "index": 0}}, for this process, got {short_repr(task)}'
    elif not 0 <= index < len(lists.get(kind, ())):
        number = len(lists.get(kind, ()))
        yield f"task.index: expected a number below {number}, the number of addresses of {kind}, got {index}"


def _is_address(value: object) -> bool:
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    return bool(host and colon and port.isdecimal() and 0 < int(port) < 2**16)
