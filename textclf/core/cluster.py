"""Connect to a cluster of Ray, which runs functions of this package as plain tasks.

Tasks and not actors: an actor that is restarted after its node is lost waits for ever if no node has room for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from textclf.core.errors import ConfigError, TextclfError

RETRIES = 3  # of a task whose node or process is lost


class TaskLostError(TextclfError):
    """A task was lost too often."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield the module `ray`, connected to a cluster within the block.

    Args:
        address: `auto` for the cluster of this machine; `local` starts one here; or `ray://host:10001`.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise ConfigError('--cluster needs Ray: pip install "textclf-keras[ray]"') from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(f"--cluster {address}: no cluster of Ray answers: {reason}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def remote(ray: Any, function: Callable, cores: int = 1) -> Callable:
    """Return a function that starts a task on any node with so many cores, and returns its reference."""
    options = {"num_cpus": cores, "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
    return ray.remote(**options)(function).remote


def result_of(ray: Any, task: Any) -> Any:
    """Wait for a task, and return its result.

    Raises:
        TextclfError: the task raised it.
        TaskLostError: its node or process was lost too often.
    """
    try:
        return ray.get(task)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, TextclfError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
        raise TaskLostError(f"the cluster has lost it {RETRIES + 1} times: {reason}") from None
