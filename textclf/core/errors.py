"""Errors that a user can fix. The program prints each as one message and exits with its exit code."""

from collections.abc import Iterable, Sequence

MOST_LABELS_SHOWN = 10


class TextclfError(Exception):
    r"""Base class. The message says what is wrong, with the value, then what to do.

    Args:
        multiline: whether line breaks of the message are meant; otherwise they come from a value, and the program
            prints them as `\n`.
    """

    exit_code = 1

    def __init__(self, message: str = "", *, multiline: bool = False):
        super().__init__(message)
        self.multiline = multiline


class ConfigError(TextclfError):
    """A config file or a `--set` that cannot be used. The message lists all problems at once."""


class DataError(TextclfError):
    """A data file that cannot be read, or whose texts or labels cannot be used."""


class TextTypeError(DataError, TypeError):
    """Something else than texts, given to a function of Python."""


class RunError(TextclfError):
    """A run or classifier folder that is missing, unfinished, damaged or too new."""


class WriteError(TextclfError):
    """A file or folder that cannot be written."""


class ReaderGoneError(Exception):
    """Nobody reads the output any more. It is no OSError: click would end the program with exit code 1."""


class TrainingError(TextclfError):
    """A training that cannot continue."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the end of a message about an unknown name: `; did you mean 'epochs'?`, or `otherwise`."""
    from difflib import get_close_matches  # needed only when something is wrong

    matches = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else otherwise


def named(labels: Sequence[str]) -> str:
    """Return the first few labels, for a message."""
    shown = ", ".join(f"'{label}'" for label in list(labels)[:MOST_LABELS_SHOWN])
    return f"{shown} …" if len(labels) > MOST_LABELS_SHOWN else shown
