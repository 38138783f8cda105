"""Predict the shards of a table on a cluster of Ray, as plain tasks.

Tasks and not actors: an actor that is restarted after its node is lost waits for ever if no node has room for it.
"""

import hashlib
import pickle
from collections.abc import Iterator
from typing import Any

from textclf.core.errors import ConfigError, TextclfError
from textclf.inference.classifier import Classifier
from textclf.inference.shards import Job, Shard, predict_shard

RETRIES = 3  # of a task whose node or process is lost
_loaded: dict[str, Classifier] = {}  # in a worker, the classifier of its tasks


def predict_on_cluster(classifier: Classifier, job: Job, shards: list[Shard], address: str) -> Iterator[int]:
    """Predict shards on a cluster, and yield the number of rows of each as it is written.

    Args:
        address: `auto` for the cluster of this machine, or one is started here; or `ray://host:10001`.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster.
        TextclfError: as `predict_shard`, or a task was lost too often.
    """
    ray = _connected(address)
    try:
        content = pickle.dumps(classifier)
        given = ray.put(content), hashlib.sha256(content).hexdigest()
        task = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(_predict)
        waiting = [task.remote(*given, job, shard) for shard in shards]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from map(_result, done)
    finally:
        ray.shutdown()


def _predict(content: bytes, digest: str, job: Job, shard: Shard) -> int:
    """Predict a shard in a worker. A worker loads the classifier once."""
    if digest not in _loaded:
        _loaded.clear()
        _loaded[digest] = pickle.loads(content)
        _loaded[digest].threads = 1  # a task has one core
    return predict_shard(_loaded[digest], job, shard)


def _connected(address: str) -> Any:
    try:
        import ray
    except ModuleNotFoundError:
        raise ConfigError('--cluster needs Ray: pip install "textclf-keras[ray]"') from None
    try:
        ray.init(address=None if address == "local" else address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ConfigError(f"--cluster {address}: no cluster of Ray answers: {reason}") from None
    return ray


def _result(done: Any) -> int:
    import ray

    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, TextclfError):
            raise cause from None
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
        raise TextclfError(f"the cluster has lost a shard {RETRIES + 1} times: {reason}") from None
