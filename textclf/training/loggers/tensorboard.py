"""Logger `tensorboard`: event files in the run folder, for `tensorboard --logdir runs`."""

import shutil
from typing import Any

from textclf.config.config import Config
from textclf.core.run_folder import VALIDATION, RunFolder
from textclf.core.tensorflow_import import importing_tensorflow
from textclf.training.loggers.logger import Logger

NEEDS = ("tensorboard",)  # `tf.summary` writes with it


def start(folder: RunFolder, config: Config | None, parent: RunFolder | None = None) -> Logger:
    """Return the logger. Train and validation are two curves of one chart: `tensorboard/train` and `…/validation`.

    The step is the number of the validation. The first line of a network that comes here removes what an earlier
    process wrote of it; all lines before it come along, so that each step is there once.
    """
    writers: dict[tuple[str, str], Any] = {}  # by network and split
    written: dict[str, int] = {}  # lines of each network

    def log_history(network: str, history: list[dict]) -> None:
        done = written.get(network, 0)
        for step, line in enumerate(history[done:], start=done + 1):
            for name, value in line.items():
                if name != "epoch":
                    _write(network, name, float(value), step)
            written[network] = step
        for writer in writers.values():
            writer.flush()

    def _write(network: str, name: str, value: float, step: int) -> None:
        with importing_tensorflow():  # a search has not imported it
            import tensorflow as tf

        split = "validation" if name.startswith(VALIDATION) else "train"
        if (network, split) not in writers:
            path = folder.tensorboard / network / split
            shutil.rmtree(path, ignore_errors=True)
            writers[network, split] = tf.summary.create_file_writer(str(path))
        with writers[network, split].as_default():
            tf.summary.scalar(name.removeprefix(VALIDATION), value, step=step)

    def end(status: str) -> None:
        for writer in writers.values():
            writer.close()

    return Logger(log_history, end)
