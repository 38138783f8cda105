"""Signals that ask for an end: Ctrl-C, and SIGTERM of whoever takes a machine away."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal asked for an end; `exit_code` is the shell's: 130 after Ctrl-C, 143 after SIGTERM."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Request:
    """The signal that asked for an end, if one has."""

    number: int | None = None

    def obey(self) -> None:
        """End, if it was asked for.

        Raises:
            Interrupted: it was.
        """
        if self.number is not None:
            raise Interrupted(self.number)


def interrupt(number: int, _frame: FrameType | None) -> None:
    """A handler that ends at once; what is half-written is removed on the way out."""
    raise Interrupted(number)


@contextmanager
def noted_signals() -> Iterator[Request]:
    """Within the block the first signal is only noted, for whoever can end at a good moment; a second ends at once."""
    request = Request()

    def note(number: int, _frame: FrameType | None) -> None:
        if request.number is not None:
            raise Interrupted(number)
        request.number = number

    if threading.current_thread() is not threading.main_thread():  # only that one may have handlers
        yield request
        return
    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
