"""The log file of a run: `train.log` also has the lines that were logged before the run had a folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from textclf.core.files import cannot_write

MOST_COLLECTED = 10_000


@contextmanager
def collected_log() -> Iterator[MemoryHandler]:
    """Within the block collect what the package logs, from `INFO` on, until `write_log` names a file for it."""
    collected = MemoryHandler(MOST_COLLECTED, flushLevel=logging.CRITICAL + 1)
    logger = logging.getLogger("textclf")
    level_before = logger.level
    logger.setLevel(logging.INFO)
    loggers = list(logger.manager.loggerDict.items())  # another thread may make one at any moment
    of_package = [one for name, one in loggers if name.startswith("textclf.")]
    disabled = [one for one in of_package if isinstance(one, logging.Logger) and one.disabled]
    for one in disabled:  # `logging.config` of a program does this to all loggers that exist, by default
        one.disabled = False
    logger.addHandler(collected)
    try:
        yield collected
    finally:
        logger.removeHandler(collected)
        logger.setLevel(level_before)
        for one in disabled:
            one.disabled = True
        file_handler = collected.target
        collected.close()
        if file_handler:
            file_handler.close()


class _RunLog(logging.FileHandler):
    """A log file that may lose lines: a full disk stops the training elsewhere, where the files matter."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, Python's name
        """Do nothing; logging's default prints a traceback."""

    def close(self) -> None:
        """Close the file, also if the buffered lines do not fit on the disk."""
        with suppress(OSError):
            super().close()


def write_log(collected: MemoryHandler, path: Path) -> None:
    """Append the collected lines to a file, and from now on each new line at once.

    Raises:
        WriteError: the file cannot be opened.
    """
    try:
        file_handler = _RunLog(path, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from None
    file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    collected.setTarget(file_handler)
    collected.flush()
    collected.capacity = 0
