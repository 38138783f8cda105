"""What a logger is: two functions, which `start(folder, config)` of its file gives."""

from collections.abc import Callable
from typing import NamedTuple


class Logger(NamedTuple):
    """Both may raise anything: a training goes on without."""

    tell: Callable[
        [str, list[dict]], None
    ]  # a network and its whole history so far; "" and none when a training begins
    end: Callable[[str], None]  # finished, interrupted or failed
