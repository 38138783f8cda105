"""Where else a training is written to while it goes on: one file a program. `LOGGERS` is the list."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from textclf.config.config import Config
from textclf.core.errors import ConfigError
from textclf.core.run_folder import RunFolder
from textclf.training.loggers import mlflow, tensorboard
from textclf.training.loggers.logger import Logger

log = logging.getLogger(__name__)
LOGGERS = {"tensorboard": tensorboard, "mlflow": mlflow}
LONGEST_REASON = 200  # characters of what a client says


def check_loggers(names: Sequence[str]) -> None:
    """Whether what `training.log_to` names is installed, before anything else is done.

    Raises:
        ConfigError: it is not.
    """
    missing = [name for name in names if any(find_spec(needed) is None for needed in LOGGERS[name].NEEDS)]
    if missing:
        raise ConfigError(
            f'training.log_to: {", ".join(missing)} is not installed. pip install "textclf-keras[{",".join(missing)}]"'
        )


@contextmanager
def logging_to(names: Sequence[str], folder: RunFolder, config: Config) -> Iterator[Callable[[str, list[dict]], None]]:
    """Tell the loggers of a training: that it begins, its history through the function given, and how it ends.

    The function takes the name of a network, empty if there is one only, and all lines of its history so far. No fault
    of a logger ends the training.
    """
    guarded = [_Guarded(name, LOGGERS[name].start(folder, config)) for name in dict.fromkeys(names)]

    def tell(network: str, history: list[dict]) -> None:
        for logger in guarded:
            logger.tell(network, history)

    tell("", [])
    try:
        yield tell
    except BaseException as error:
        for logger in guarded:
            logger.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    for logger in guarded:
        logger.end("finished")


class _Guarded:
    """A logger that may fail: once it has, it is left alone until the end, and then told what it has missed."""

    def __init__(self, name: str, logger: Logger):
        self.name, self.logger = name, logger
        self.missed: dict[str, list[dict]] = {}

    def tell(self, network: str, history: list[dict]) -> None:
        if self.missed:
            self.missed[network] = history
            return
        try:
            self.logger.tell(network, history)
        except Exception as error:
            self.missed[network] = history
            log.warning("%s: %s; the training goes on, and it is tried again in the end", self.name, _reason(error))

    def end(self, status: str) -> None:
        if self.missed and status != "finished":  # no time for another try
            return
        try:
            for network, history in self.missed.items():
                self.logger.tell(network, history)
            self.logger.end(status)
        except Exception as error:
            log.warning("%s: %s; it does not have all of this run", self.name, _reason(error))


def _reason(error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    half = LONGEST_REASON // 2  # clients say where it failed first, and why last
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:half]} … {reason[-half:]}"
