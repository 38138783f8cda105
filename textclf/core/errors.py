"""Everything that a user can mend. `__main__` prints each as one message and ends with its exit code."""

from collections.abc import Iterable, Sequence

MOST_LABELS_SHOWN = 10


class TextclfError(Exception):
    """The message says what was expected, what was received and what to do about it."""

    exit_code = 1


class ConfigError(TextclfError):
    """A config file or a `--set` that cannot be used; names every fault at once."""


class DataError(TextclfError):
    """A file of texts that cannot be read, or whose texts and labels cannot be used."""


class RunError(TextclfError):
    """A run or classifier folder that is missing, unfinished, damaged or too new."""


class WriteError(TextclfError):
    """A file or folder that cannot be written."""


class TrainingError(TextclfError):
    """A training that cannot go on."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Text to append to a message about an unknown name: `; did you mean 'epochs'?` or `otherwise`."""
    from difflib import get_close_matches  # most commands have no fault

    matches = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else otherwise


def named(labels: Sequence[str]) -> str:
    """The first few labels, for a message."""
    shown = ", ".join(f"'{label}'" for label in list(labels)[:MOST_LABELS_SHOWN])
    return f"{shown} …" if len(labels) > MOST_LABELS_SHOWN else shown
