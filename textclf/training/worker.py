"""Train as a worker: what `train` and `resume` do where TF_CONFIG names a process behind the first one."""

import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

from textclf.config.config import Config, load_config
from textclf.config.run_config import read_run_config
from textclf.core.find_run import find_run
from textclf.core.run_folder import RunFolder
from textclf.core.tensorflow_import import importing_tensorflow
from textclf.data.loading import encode_labels, read_splits
from textclf.data.unlabelled import read_unlabelled
from textclf.training.check import check_requirements
from textclf.training.encoded_dataset import TrainingTexts, encode
from textclf.training.fitting.task import build_task, refit_task

log = logging.getLogger(__name__)


def train_as_worker(config: str | Path | Config, overrides: Iterable[str] = ()) -> None:
    """Fit the networks of a config together with the other processes of TF_CONFIG. The first one writes the run.

    Raises:
        ConfigError, DataError: the config or the data cannot be used, or are not those of the first process.
        TrainingError: the loss is not finite, or another process has ended.
        Interrupted: a signal asked one of the processes to stop.
    """
    config = load_config(config, overrides)
    check_requirements(config)
    splits, targets = read_splits(config.data, config.targets, config.seed)
    with tempfile.TemporaryDirectory(prefix="textclf-") as place:
        folder = RunFolder(place)
        texts = TrainingTexts(splits, encode_labels(splits, targets), read_unlabelled(config.data, splits))
        task, refit = build_task(config, encode(config, texts, folder.cache), targets), None
        if config.training.refit:
            refit = refit_task(task, encode(config, texts, folder.cache, learned_from=("train", "validation")))
        with importing_tensorflow():
            from textclf.training.fitting.worker import fit_networks_as_worker
        fit_networks_as_worker(config, task, folder, refit)
    log.info("all networks are fitted; the first process writes the run")


def resume_as_worker(run: str | Path) -> None:
    """Take part as `train_as_worker`, with the config of a run that this process can read.

    Raises:
        RunError: there is no such run.
    """
    train_as_worker(read_run_config(find_run(run)))
