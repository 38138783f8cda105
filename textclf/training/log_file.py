"""The log of a run: `train.log` also has what was said before there was a folder for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from textclf.core.files import cannot_write

MOST_COLLECTED = 10_000


@contextmanager
def collected_log() -> Iterator[MemoryHandler]:
    """Collect what the package logs, from `INFO` on, until `write_log` says where to."""
    collected = MemoryHandler(MOST_COLLECTED, flushLevel=logging.CRITICAL + 1)
    logger = logging.getLogger("textclf")
    level_before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(collected)
    try:
        yield collected
    finally:
        logger.removeHandler(collected)
        logger.setLevel(level_before)
        file_handler = collected.target
        collected.close()
        if file_handler:
            file_handler.close()


class _RunLog(logging.FileHandler):
    """A line that cannot be written, on a full disk, is no reason to stop: what matters is written elsewhere."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, Python's name
        """Nothing: Python would print a traceback."""

    def close(self) -> None:
        """What is still held goes with it, if it has no room."""
        with suppress(OSError):
            super().close()


def write_log(collected: MemoryHandler, path: Path) -> None:
    """Write what was collected, after what may be there already, and from now on every line at once.

    Raises:
        WriteError: the file cannot be made.
    """
    try:
        file_handler = _RunLog(path, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from None
    file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    collected.setTarget(file_handler)
    collected.flush()
    collected.capacity = 0
