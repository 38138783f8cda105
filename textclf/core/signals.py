"""Stop on signals: Ctrl-C (SIGINT), SIGTERM of a scheduler that takes a machine away, SIGHUP of a closed terminal."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """A signal stopped the program; `exit_code` is as in a shell: 130 after Ctrl-C, 143 after SIGTERM."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class StopRequest:
    """Remembers the first signal that arrived."""

    number: int | None = None

    def raise_if_requested(self) -> None:
        """Stop here if a signal arrived.

        Raises:
            Interrupted: a signal arrived.
        """
        if self.number is not None:
            raise Interrupted(self.number)


def ending_signals() -> list[int]:
    """Return the signals besides SIGINT that end the program. Below `nohup` SIGHUP is ignored, and stays so."""
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    return [signal.SIGTERM, *([hangup] if hangup and signal.getsignal(hangup) != signal.SIG_IGN else [])]


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Stop at once: a signal handler. Half-written files are removed on the way out."""
    raise Interrupted(number)


@contextmanager
def deferred_signals() -> Iterator[StopRequest]:
    """Defer the first signal within the block, so that the caller can stop at a good moment; a second stops at once."""
    request = StopRequest()

    def note(number: int, _frame: FrameType | None) -> None:
        if request.number is not None:
            raise Interrupted(number)
        request.number = number

    with _handled_by(note):
        yield request


@contextmanager
def fatal_signals() -> Iterator[None]:
    """Within the block a signal ends the process at once: a handler in Python would wait until native code returns."""
    with _handled_by(signal.SIG_DFL):
        yield


@contextmanager
def _handled_by(handler: Callable | signal.Handlers) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may have handlers
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, *ending_signals())}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
