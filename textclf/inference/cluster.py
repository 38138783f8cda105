"""Predict the shards of a table on a cluster of Ray."""

import hashlib
import pickle
from collections.abc import Iterator

from textclf.core.cluster import connected, remote, result_of
from textclf.inference.classifier import Classifier
from textclf.inference.shards import Job, Shard, predict_shard

_loaded: dict[str, Classifier] = {}  # in a worker, the classifier of its tasks


def predict_on_cluster(classifier: Classifier, job: Job, shards: list[Shard], address: str) -> Iterator[int]:
    """Predict shards on a cluster, and yield the number of rows of each as it is written.

    Args:
        address: see `core.cluster.connected`.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster.
        TextclfError: as `predict_shard`, or a shard was lost too often.
    """
    with connected(address) as ray:
        content = pickle.dumps(classifier)
        given = ray.put(content), hashlib.sha256(content).hexdigest()
        start = remote(ray, _predict)
        waiting = [start(*given, job, shard) for shard in shards]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from (result_of(ray, task) for task in done)


def _predict(content: bytes, digest: str, job: Job, shard: Shard) -> int:
    """Predict a shard in a worker. A worker loads the classifier once."""
    if digest not in _loaded:
        _loaded.clear()
        _loaded[digest] = pickle.loads(content)
        _loaded[digest].threads = 1  # a task has one core
    return predict_shard(_loaded[digest], job, shard)
