"""A worker of a cluster: the steps of the first process, without validation and without files."""

import hashlib
import json
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from textclf import __version__
from textclf.config.config import Config
from textclf.config.ensemble import LIBLINEAR, members_of
from textclf.core.memmap import release_pages
from textclf.core.options import plain
from textclf.core.run_folder import RunFolder
from textclf.training.fitting.fit import fit_network_as_worker
from textclf.training.fitting.processes import check_same, number_of_first, on_devices
from textclf.training.fitting.task import Task


def fit_networks_as_worker(config: Config, task: Task, folder: RunFolder, refit: Task | None = None) -> None:
    """Take part in `ensemble.fit_networks` of the first process.

    Args:
        folder: a temporary one, for the state of an interrupted fit, which the first process sends.
        refit: as for `fit_networks`.

    Raises:
        ConfigError: the first process has another config, other data or other versions.
        TrainingError: the loss is not finite, or another process has ended.
        Interrupted: a signal asked one of the processes for an end.
    """
    # LIBLINEAR solves a model in the first process alone.
    members = [one for one in members_of(config.model, config.training) if one.training.optimizer != LIBLINEAR]
    with on_devices(config.training.devices):
        check_same(partial(digest_of, config, task))
        for member in members:
            fit_network_as_worker(member, task, folder.network(member.name))
        if refit:
            for member in members:
                intervals = number_of_first(0)
                fit_network_as_worker(member, refit, folder.network(f"refit-{member.name}"), refit_intervals=intervals)


def digest_of(config: Config, task: Task) -> int:
    """Return a number that differs if the processes of a cluster would compute different things."""
    settings: dict[str, Any] = plain(config)
    del settings["data"]  # its files may have other names elsewhere
    versions = [__version__, keras.__version__, tf.__version__]
    digest = hashlib.sha256(json.dumps([versions, settings], sort_keys=True).encode())
    for dataset in (task.train, task.validation):
        digest.update(dataset.classes.data)
    for arrays in (task.train.arrays, task.validation.arrays, task.unlabelled or {}):
        for part in [part for rows in arrays.values() for part in rows]:
            digest.update(part.data)
        release_pages()
        release_pages()
    return int.from_bytes(digest.digest()[:7])
