"""The interface of a logger: two functions, which `start(folder, config)` of its module returns."""

from collections.abc import Callable
from typing import NamedTuple


class Logger(NamedTuple):
    """Both functions may raise any exception; the training goes on without the logger then."""

    # (network, its whole history so far); called with ("", []) when a training starts.
    log_history: Callable[[str, list[dict]], None]
    end: Callable[[str], None]  # called with finished, interrupted or failed
