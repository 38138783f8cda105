"""End requests that take too long. They are looked at once a second: a timer for each takes 3 microseconds."""

import asyncio
import time

from textclf.inference.server.limits import LIMITS


class Deadlines:
    """The requests in progress, and which of them were too late."""

    def __init__(self) -> None:
        self._started: dict[asyncio.Task, float] = {}
        self._late: set[asyncio.Task] = set()

    def start(self) -> asyncio.Task:
        """Begin to measure the time of the current task, which is one request."""
        task = asyncio.current_task()
        assert task is not None
        self._started[task] = time.monotonic()
        return task

    def end(self, task: asyncio.Task) -> None:
        """Forget a request."""
        del self._started[task]
        self._late.discard(task)

    def is_late(self, task: asyncio.Task) -> bool:
        """Return whether a request was cancelled because it took too long, and not by its end; then it goes on."""
        if task not in self._late:
            return False
        task.uncancel()
        return True

    def sweep(self, now: float | None = None) -> None:
        """Cancel what takes too long. Called about once a second."""
        now = time.monotonic() if now is None else now
        for task, started in self._started.items():
            if now - started > LIMITS.seconds and task not in self._late:
                self._late.add(task)
                task.cancel()
