"""What surrounds a fit: one at a time, quiet, with the random states of the caller put back, and no folder left."""

import logging
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from textclf.config.config import Config
from textclf.core.progress import quiet
from textclf.data.dataset import Dataset


@contextmanager
def alone(*, verbose: bool) -> Iterator[None]:
    """Within the block no other thread trains, and nothing is shown unless `verbose`."""
    from textclf.training.one_at_a_time import one_at_a_time

    with one_at_a_time(), _unchanged_random_state(), _shown_log() if verbose else _quiet_log():
        yield


@contextmanager
def trained(config: Config, dataset: Dataset, run: str | None) -> Iterator[Path]:
    """Train, and yield the classifier folder, which is removed afterwards unless the run has a name."""
    from textclf.training.devices import check_alone
    from textclf.training.locking import resumable_run
    from textclf.training.train import train_run
    from textclf.training.training_run import new_run_in

    check_alone("an estimator")
    splits = {"train": dataset}
    with nullcontext("") if run else tempfile.TemporaryDirectory(prefix="textclf-") as place:
        folder = resumable_run(run, config, splits) if run else new_run_in(Path(place), config, splits)
        yield train_run(folder, config, "TextClassifier", run, splits).classifier


@contextmanager
def _unchanged_random_state() -> Iterator[None]:
    """Keep the random states of Python and NumPy: a training seeds both."""
    before, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(of_numpy)


@contextmanager
def _shown_log() -> Iterator[None]:
    logger, handler = logging.getLogger("textclf"), logging.StreamHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def _quiet_log() -> Iterator[None]:
    logger = logging.getLogger("textclf")
    before, logger.propagate = logger.propagate, False
    try:
        with quiet():
            yield
    finally:
        logger.propagate = before
