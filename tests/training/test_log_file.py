"""The log of a run has every line, whatever the program around it does with its loggers."""

import logging
from logging.config import dictConfig

from textclf.training.log_file import collected_log


def test_lines_of_loggers_that_a_program_has_disabled_are_collected():
    log, other = logging.getLogger("textclf.training.train"), logging.getLogger("another")
    dictConfig({"version": 1, "incremental": False})  # disables the loggers that exist, by default
    try:
        assert log.disabled
        with collected_log() as collected:
            log.info("a line")
            assert [record.getMessage() for record in collected.buffer] == ["a line"]
            assert other.disabled
        assert log.disabled
    finally:
        for logger in logging.getLogger().manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                logger.disabled = False


def test_a_logger_that_another_thread_makes_meanwhile_does_no_harm():
    made = []

    class Name(str):
        def startswith(self, *arguments):
            made.append(logging.getLogger(f"made meanwhile {len(made)}"))
            return super().startswith(*arguments)

    name = Name("of another package")
    loggers = logging.getLogger(name).manager.loggerDict
    try:
        with collected_log():
            assert made
    finally:
        del loggers[name]
