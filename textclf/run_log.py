"""The log of a run: `train.log` also has what was said before there was a folder for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from pathlib import Path

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


def write_log(collected: MemoryHandler, path: Path) -> None:
    """Write what was collected, and from now on every line at once."""
    file_handler = logging.FileHandler(path, encoding="utf-8")
    file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    collected.setTarget(file_handler)
    collected.flush()
    collected.capacity = 0
