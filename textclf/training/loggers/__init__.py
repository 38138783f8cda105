"""Loggers: other programs that get the history while a training runs, one module each. `LOGGERS` lists them.

A logger gets the whole history after each validation, and sends what its program does not have yet. So nothing is
missing or twice after an interruption, or after its server was away. A logger that fails never stops a training.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from textclf.config.config import Config
from textclf.core.errors import ConfigError
from textclf.core.run_folder import RunFolder
from textclf.training.loggers import mlflow, tensorboard
from textclf.training.loggers.logger import Logger

log = logging.getLogger(__name__)
LOGGERS = {"tensorboard": tensorboard, "mlflow": mlflow}
LONGEST_REASON = 200  # characters of a client's error message
LogHistory = Callable[[str, list[dict]], None]


def check_loggers(names: Sequence[str]) -> None:
    """Check that the packages of the loggers in `training.log_to` are installed.

    Raises:
        ConfigError: one is not.
    """
    missing = [name for name in names if any(find_spec(needed) is None for needed in LOGGERS[name].NEEDS)]
    if missing:
        raise ConfigError(
            f'training.log_to: {", ".join(missing)} is not installed. pip install "textclf-keras[{",".join(missing)}]"'
        )


@contextmanager
def logging_to(names: Sequence[str], folder: RunFolder, config: Config) -> Iterator[LogHistory]:
    """Start loggers, and at the end of the block tell them how the training ended.

    Yields:
        A function of the name of a network, empty if there is only one, and of its whole history so far.
    """
    with guarded({name: LOGGERS[name].start(folder, config) for name in names}) as log_history:
        yield log_history


@contextmanager
def guarded(loggers: Mapping[str, Logger]) -> Iterator[LogHistory]:
    """Yield a function that calls all loggers, by name. A logger that fails stops nothing."""
    callers = [_Guarded(name, logger) for name, logger in loggers.items()]

    def log_history(network: str, history: list[dict]) -> None:
        for logger in callers:
            logger.log_history(network, history)

    log_history("", [])
    try:
        yield log_history
    except BaseException as error:
        for logger in callers:
            logger.end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    for logger in callers:
        logger.end("finished")


class _Guarded:
    """A logger that may fail. After its first failure it is not called until the end, when it gets what it missed."""

    def __init__(self, name: str, logger: Logger):
        self.name, self.logger = name, logger
        self.missed: dict[str, list[dict]] = {}

    def log_history(self, network: str, history: list[dict]) -> None:
        if self.missed:
            self.missed[network] = history
            return
        try:
            self.logger.log_history(network, history)
        except Exception as error:
            self.missed[network] = history
            log.warning("%s: %s. The training continues, and textclf retries at its end", self.name, _reason(error))

    def end(self, status: str) -> None:
        if self.missed and status != "finished":  # an interrupted program must not wait for a server again
            return
        try:
            for network, history in self.missed.items():
                self.logger.log_history(network, history)
            self.logger.end(status)
        except Exception as error:
            log.warning("%s: %s. Its record of this run is incomplete", self.name, _reason(error))


def _reason(error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    half = LONGEST_REASON // 2  # clients name the place of the failure first, and its cause last
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:half]} … {reason[-half:]}"
