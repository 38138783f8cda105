"""The processes of a cluster that fit networks together: which devices they use, and what they tell each other.

Every process makes the same steps. What could differ between two machines is decided by the first process: when to
stop, how many steps a call has, and from which state a fit goes on. All processes call these functions in the same
order. Without a cluster they return what they are given.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from textclf.core.errors import ConfigError, TrainingError
from textclf.core.files import atomic_file
from textclf.core.signals import fatal_signals
from textclf.training.devices import Cluster, cluster, count_devices
from textclf.training.fitting.replicas import SUM, replicated

log = logging.getLogger(__name__)
CHUNK = 2**20  # numbers of a file that processes send at once
# What TensorFlow raises if another process has ended, or does other work.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)


class Processes(NamedTuple):
    """A running cluster."""

    cluster: Cluster
    gather: Callable[[tf.Tensor], np.ndarray]  # a number of this process -> the numbers of all
    send: Callable[[tf.Tensor], tf.Tensor]  # int32 (CHUNK,) -> those of the first process


_running: ContextVar[Processes | None] = ContextVar("processes", default=None)


@contextmanager
def on_devices(devices: int | str) -> Iterator[None]:
    """Within the block, networks are fitted on the devices of `training.devices` and of TF_CONFIG.

    Raises:
        TrainingError: another process of the cluster has ended, or cannot be reached.
        ConfigError: this process has used TensorFlow before it could join the cluster.
    """
    strategy = _strategy(devices, cluster())
    if strategy is None:
        yield
        return
    token = _running.set(_processes(strategy))
    try:
        with replicated(strategy):
            yield
    except LOST as error:
        if not _running.get():
            raise
        raise TrainingError(
            "another process of TF_CONFIG has ended, or cannot be reached. See its messages. Then start all processes "
            f"again; the run goes on from its last checkpoint. TensorFlow says: {str(error).splitlines()[0]:.200}"
        ) from error
    finally:
        _running.reset(token)


@cache
def _strategy(devices: int | str, found: Cluster | None) -> tf.distribute.Strategy | None:
    """Return the strategy for some devices, or `None` if there is only one. A process can join a cluster only once."""
    kind, number = count_devices(in_cluster=found is not None)
    used = number if devices == "all" or (devices == "auto" and kind == "GPU") else 1
    used = devices if isinstance(devices, int) else used
    if found:
        processes = len(found.addresses)
        log.info(
            "devices: %d %s of process %d of %d; embeddings: dense updates", used, kind, found.number + 1, processes
        )
        return _join(kind, used)
    if used < 2:
        return None
    log.info("devices: %d %s, each with a share of every batch; embeddings: dense updates", used, kind)
    return tf.distribute.MirroredStrategy([f"{kind}:{index}" for index in range(used)])


def _join(kind: str, used: int) -> tf.distribute.Strategy:
    """Wait for all processes of the cluster, and return their strategy."""
    log.info("waiting for the other processes of TF_CONFIG; Ctrl-C ends this one")
    try:
        if kind == "GPU":
            tf.config.set_visible_devices(tf.config.list_physical_devices(kind)[:used], kind)
        with fatal_signals():
            return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ConfigError(
            f"TF_CONFIG: TensorFlow was in use before the processes could join ({error}). Train in a new process."
        ) from error


@cache
def _processes(strategy: tf.distribute.Strategy) -> Processes | None:
    found, replicas = cluster(), strategy.num_replicas_in_sync
    if found is None:
        return None

    def on_all(step: Callable) -> Callable:
        run = tf.function(lambda value: strategy.run(step, args=(value,)), autograph=False)
        return lambda value: strategy.experimental_local_results(run(value))[0].numpy()

    def gather(number: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_reduce(SUM, tf.scatter_nd([[context.replica_id_in_sync_group]], [number], [replicas]))

    def send(values: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_reduce(SUM, tf.where(context.replica_id_in_sync_group == 0, values, 0))

    every = replicas // len(found.addresses)
    gather_all = on_all(gather)
    return Processes(found, lambda number: gather_all(number)[::every], on_all(send))


def is_first() -> bool:
    """Return whether this process decides, and writes the run."""
    running = _running.get()
    return running is None or running.cluster.is_first


def numbers_of_all(number: int) -> list[int]:
    """Return the numbers of all processes, in their order."""
    running = _running.get()
    return [number] if running is None else running.gather(tf.constant(number, tf.int64)).tolist()


def number_of_first(number: int) -> int:
    """Return the number that the first process has."""
    return numbers_of_all(number)[0]


def check_same(digest: Callable[[], int]) -> None:
    """Check that all processes have the same config, data and versions.

    Args:
        digest: returns a number that differs if they do.

    Raises:
        ConfigError: they do not.
    """
    if _running.get() is None:
        return
    first, *others = numbers_of_all(digest())
    if different := [str(number) for number, other in enumerate(others, 2) if other != first]:
        raise ConfigError(
            f"TF_CONFIG: process {', '.join(different)} has another config, other data or other versions of packages "
            "than the first process. Use the same in all of them."
        )


def share_file(path: Path) -> None:
    """Give all processes the file that the first one has at a path, or none."""
    running = _running.get()
    if running is None:
        return
    content = path.read_bytes() if running.cluster.is_first and path.exists() else b""
    size = number_of_first(len(content))
    received = bytearray()
    for start in range(0, size, 4 * CHUNK):
        chunk = np.frombuffer(content[start : start + 4 * CHUNK].ljust(4 * CHUNK, b"\0"), np.int32)
        received += running.send(tf.constant(chunk)).tobytes()
    if size and not running.cluster.is_first:
        with atomic_file(path, "wb") as stream:
            stream.write(received[:size])
