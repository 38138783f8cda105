"""Progress bars: on a terminal, in a notebook, or none for whoever calls textclf from Python and wants it quiet."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol

from textclf.core.html import html_text

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


class Bar(Protocol):
    """A progress bar on display."""

    def update(self, done: int, note: str = "") -> None:
        """Show how many steps are done, and a note such as the loss."""

    def close(self) -> None:
        """Remove the bar."""


@contextmanager
def quiet() -> Iterator[None]:
    """Show no progress bar within the block."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def open_bar(title: str, total: int, done: int = 0) -> Bar | None:
    """Return a new bar: in a notebook, or on a terminal; elsewhere `None`."""
    if _quiet.get():
        return None
    if display := notebook_display():
        return NotebookBar(title, total, done, display)
    return TerminalBar(title, total, done) if sys.stderr.isatty() else None


def notebook_display() -> Callable[..., Any] | None:
    """Return the function that shows HTML below a cell, `None` outside of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):  # a shell in a terminal has none
        return None
    from IPython.display import display

    return display


class TerminalBar:
    """A bar on standard error, which vanishes when it is closed."""

    def __init__(self, title: str, total: int, done: int = 0):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()
        self._task = self._progress.add_task(title, total=total, completed=done, note="")

    def update(self, done: int, note: str = "") -> None:
        """Move the bar."""
        with suppress(OSError):  # the terminal is closed: SIGHUP has come, and a training saves its last steps
            self._progress.update(self._task, completed=done, note=note)

    def close(self) -> None:
        """Remove the bar."""
        with suppress(OSError):
            self._progress.stop()


class NotebookBar:
    """A bar below the cell of a notebook, which vanishes when it is closed.

    Args:
        display: as IPython's: shows an object, and returns a handle that updates it.
    """

    def __init__(self, title: str, total: int, done: int, display: Callable[..., Any]):
        self._title, self._total = title, total
        self._handle = display(_Html(self._html(done, "")), display_id=True)

    def update(self, done: int, note: str = "") -> None:
        """Move the bar."""
        self._handle.update(_Html(self._html(done, note)))

    def close(self) -> None:
        """Remove the bar."""
        self._handle.update(_Html(""))

    def _html(self, done: int, note: str) -> str:
        bar = f'<progress value="{done}" max="{self._total}"></progress>'
        return f"{html_text(self._title)} {bar} {done}/{self._total} {html_text(note)}"


class _Html:
    """HTML that a notebook shows as it is."""

    def __init__(self, content: str):
        self._content = content

    def _repr_html_(self) -> str:
        return self._content
